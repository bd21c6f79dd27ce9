import { cellNamed } from "../../cells/index.js";
import { DataError, RuleError } from "../../core/errors.js";
import { relativeError } from "../../core/relative-error.js";
import { add, mul, select, square, sub, sum, type Tensor, tensor } from "../../index.js";
import {
  type LossContext,
  network,
  type Rule,
  type RuleOptions,
  ruleNamed,
  type Supervised,
} from "../../learn/index.js";
import { entries } from "../../tensor/read.js";
import { type CaseResult, type CheckReport, caseResult, refusedCase, reportOf } from "./report.js";

/** A tensor of an oracle file, row-major. */
interface Packed {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** One case of a file of recurrent gradients. */
interface RecurrentCase {
  readonly name: string;
  readonly cells: readonly string[];
  readonly sizes: readonly number[];
  readonly space: readonly number[];
  readonly strides: readonly number[];
  readonly objective: "squared" | "slow";
  readonly steps: number;
  readonly params: readonly Record<string, Packed>[];
  readonly inputs: Packed;
  readonly targets: Packed;
  readonly loss: number;
  readonly gradients: readonly Record<string, Packed>[];
}

export function isRecurrentFile(content: unknown): content is RecurrentCase[] {
  return (
    Array.isArray(content) &&
    content.length > 0 &&
    content.every((c) => typeof c === "object" && c !== null && "cells" in c && "gradients" in c)
  );
}

/** Runs a learning rule over every case and compares its gradients, per parameter block. */
export function checkRecurrent(
  cases: readonly RecurrentCase[],
  rule: string,
  options: RuleOptions,
): CheckReport {
  const used = ruleNamed(rule);
  const { tolerance = 1e-10 } = used;
  return reportOf(
    cases.map((c) => checkCase(c, used, options, tolerance)),
    tolerance,
  );
}

function checkCase(c: RecurrentCase, rule: Rule, options: RuleOptions, tolerance: number): CaseResult {
  try {
    const model = network<Supervised>(areasOf(c), { loss: (context) => objective(c.objective, context) });
    const params = { areas: c.params.map((p) => unpackAll(p)), readout: {} };
    const [inputs, targets] = [unpack(c.inputs), unpack(c.targets)];
    const learner = rule.start(model, params, options);
    let loss = 0;
    for (let t = 0; t < c.steps; t++)
      loss += learner.step({ input: select(inputs, 0, t), target: select(targets, 0, t) }).loss;
    const errors: Record<string, number> = { loss: relativeError([loss], [c.loss]) };
    learner.gradient().areas.forEach((area, i) => {
      for (const [name, g] of Object.entries(area))
        errors[`areas.${i}.${name}`] = relativeError(entries(g), c.gradients[i][name].data);
    });
    return caseResult(c.name, errors, tolerance);
  } catch (error) {
    if (error instanceof RuleError) return refusedCase(c.name, error.message);
    throw new DataError(`check: case "${c.name}": ${error instanceof Error ? error.message : error}`);
  }
}

function areasOf(c: RecurrentCase) {
  let space = c.space;
  return c.cells.map((name, i) => {
    const input = space.length ? [c.sizes[i], ...space] : c.sizes[i];
    const area = cellNamed(name)({ input, units: c.sizes[i + 1], stride: c.strides[i] });
    if (space.length) space = area.geometry.state.slice(1);
    return area;
  });
}

/** Half the squared distance from the target; "slow" adds half the squared change of the output. */
function objective(
  kind: RecurrentCase["objective"],
  { now, before, sample }: LossContext<Supervised>,
): Tensor {
  const y = now.outputs[now.outputs.length - 1];
  const half = (d: Tensor): Tensor => mul(sum(square(d)), 0.5);
  const fit = half(sub(y, sample.target));
  if (kind !== "slow" || before === null) return fit;
  return add(fit, half(sub(y, before.outputs[before.outputs.length - 1])));
}

const unpack = ({ shape, data }: Packed): Tensor => tensor(Float64Array.from(data), { shape });
const unpackAll = (p: Record<string, Packed>): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(p).map(([name, value]) => [name, unpack(value)]));
