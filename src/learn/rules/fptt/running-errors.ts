/** Errors on their way through one step: from the loss and from areas above, down to areas below and to parameters. */
import { RuleError } from "../../../core/errors.js";
import { foldIn, key, uniform } from "../../../core/prng.js";
import { tensor } from "../../../ops/create.js";
import { entries } from "../../../tensor/read.js";
import { type Blocks, inverse, rowNorms } from "../../influence/block-matrix.js";
import { floatStates, type StepJacobian } from "../../influence/jacobians.js";
import { type ByNode, transposeArea } from "../../step/linear-step.js";
import type { StepRecord } from "../../step/step.js";
import type { Rounded } from "./jacobian-product.js";

/** A step as the passes see it. */
export interface Visit {
  readonly t: number;
  readonly record: StepRecord;
  readonly jacobian: StepJacobian;
  /** Cotangents of the loss; empty where it is forgotten. */
  readonly loss: ByNode;
  /** What areas above have said so far of anything below them, parameters too; and a sample of the rounding in it. */
  readonly down: ByNode;
  readonly doubt: ByNode;
}

/** Errors of an area's states before and after a step: what the loss and the areas above say of them. */
export interface Said {
  readonly before: Rounded;
  readonly after: Rounded;
}

export function inverted({ jacobian, t }: Visit, b: number): Blocks {
  const back = inverse(jacobian.ownBlocks(b));
  if (back === null)
    throw new RuleError(
      `fptt: expected an invertible recurrence, got a singular Jacobian in area ${b + 1} at step ${t + 1}; use rfp or bptt`,
    );
  return back;
}

export const nothing = (n: number): Rounded => ({
  value: new Float64Array(n),
  rounding: new Float64Array(n),
});

export const precision = ({ record }: Visit, b: number): number =>
  floatStates(record, b).some(({ t }) => t.dtype === "float32") ? 2 ** -23 : 2 ** -52;

/** One rounding of the largest size per entry, with a random sign: errors of many roundings do not all add up. */
export function unitRounding(visit: Visit, b: number, n: number): Float64Array {
  const blocks = visit.jacobian.ownBlocks(b);
  const [p, q] = [rowNorms(blocks), rowNorms(inverted(visit, b))];
  return uniform(foldIn(key(visit.t), b), n).map((u, i) => {
    const g = Math.floor(i / blocks.size);
    return (u < 0.5 ? -1 : 1) * precision(visit, b) * Math.max(1, p[g] * q[g]);
  });
}

export function listen(visit: Visit, b: number): Said {
  const { loss, down, doubt, t } = visit;
  const of = (when: "previous" | "current", said: ByNode): Float64Array => pack(visit, b, when, said);
  const [own, above] = [of("current", loss), of("current", down)];
  const after = { value: own.map((v, i) => v + above[i]), rounding: of("current", doubt) };
  // the states that the sequence starts from are constants
  const before = { ...nothing(own.length), ...(t > 0 ? { value: of("previous", loss) } : {}) };
  return { before, after };
}

/** Carries an area's error through its step, to all that is below and to the parameters. */
export function carry(visit: Visit, b: number, lambda: Rounded): void {
  const { record } = visit;
  const { previous } = record.areas[b];
  const { at } = placesOf(visit, b);
  for (const [into, from] of [
    [visit.down, lambda.value],
    [visit.doubt, lambda.rounding],
  ] as const) {
    floatStates(record, b).forEach(({ node, t: { size, shape, dtype } }, k) => {
      const values = Float64Array.from({ length: size }, (_, i) => from[at(i, k)]);
      into.set(node, tensor(values, { shape, dtype }));
    });
    transposeArea(record, b, into, new Set(previous));
  }
}

/** Cotangents of an area's states as one vector, laid out as its Jacobian's blocks are. */
function pack(visit: Visit, b: number, when: "previous" | "current", cotangents: ByNode): Float64Array {
  const { at, count } = placesOf(visit, b);
  const out = new Float64Array(count);
  floatStates(visit.record, b).forEach(({ state }, k) => {
    const ct = cotangents.get(visit.record.areas[b][when][state]);
    if (ct)
      entries(ct).forEach((v, i) => {
        out[at(i, k)] = v;
      });
  });
  return out;
}

/** How many entries there are, and where entry i of state k lies. */
interface Places {
  readonly count: number;
  at(i: number, k: number): number;
}

/** States lie side by side in a block per unit, or one after the other in a block per stream. */
function placesOf({ record, jacobian }: Visit, b: number): Places {
  const batch = record.moment.input.shape[0];
  const units = floatStates(record, b).map(({ t }) => t.size / batch);
  const starts = units.map((_, k) => units.slice(0, k).reduce((n, u) => n + u, 0));
  const whole = units.reduce((n, u) => n + u, 0);
  const count = batch * whole;
  if (jacobian.ownBlocks(b).size < whole) return { count, at: (i, k) => i * units.length + k };
  return { count, at: (i, k) => Math.floor(i / units[k]) * whole + starts[k] + (i % units[k]) };
}
