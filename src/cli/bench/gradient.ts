import { cells } from "../../cells/index.js";
import { RuleError } from "../../core/errors.js";
import { key, normal } from "../../core/prng.js";
import { type ModelParams, network, type Rule, ruleNamed, rules } from "../../learn/index.js";
import { tensor } from "../../ops/create.js";
import { entries } from "../../tensor/read.js";
import { blockError } from "../../testing/block-error.js";
import { randomParams, randomSequence } from "../../testing/random-case.js";
import { textTable } from "../table.js";

/** What the quality of gradients is measured on: stacks of leaky areas. */
export interface GradientSweep {
  /** Numbers of areas. */
  readonly areas: readonly number[];
  /** Weight 1 − α of each unit on itself: what is left of a state after one step. */
  readonly selfWeights: readonly number[];
  readonly units: number;
  readonly steps: number;
  readonly seeds: number;
}

export const gradientSweep: GradientSweep = {
  areas: [1, 3],
  selfWeights: [0.3, 0.7, 0.95],
  units: 16,
  steps: 50,
  seeds: 10,
};

/** A rule against backpropagation through time on one area's parameters: means over the seeds. */
export interface GradientRow {
  readonly areas: number;
  readonly selfWeight: number;
  readonly rule: string;
  readonly claim: Rule["exactness"];
  /** Counted from 1 at the bottom. */
  readonly area: number;
  readonly figure:
    | {
        readonly kind: "measured";
        readonly cosine: number;
        readonly normRatio: number;
        /** Largest over the seeds, relative to the largest entry. */
        readonly error: number;
      }
    | { readonly kind: "refused"; readonly message: string };
}

interface Variant {
  readonly name: string;
  readonly rule: Rule;
  readonly credit: "exact" | "local";
}

/** Settings worth showing, of rules that take a number. */
const settings: Readonly<Record<string, readonly number[]>> = { tbptt: [5, 20], snap: [1, 2] };

/** Every rule but the one compared with, in each of its settings. */
function variants(): Variant[] {
  const named = Object.values(rules)
    .filter(({ name }) => name !== "bptt")
    .flatMap(({ name }) => settings[name]?.map((n) => `${name}(${n})`) ?? [name])
    .map((name): Variant => ({ name, rule: ruleNamed(name), credit: "exact" }));
  return named.flatMap((v) => (v.name === "rfp" ? [v, { ...v, name: "rfp local", credit: "local" }] : [v]));
}

/** How often a sweep tells of its progress. */
export const gradientCount = ({ areas, selfWeights }: GradientSweep): number =>
  areas.length * selfWeights.length * variants().length;

/** The quality of every rule's gradient, per area. */
export function sweepGradients(
  sweep: GradientSweep = gradientSweep,
  tell: () => void = () => {},
): GradientRow[] {
  return sweep.areas.flatMap((areas) =>
    sweep.selfWeights.flatMap((selfWeight) =>
      variants().flatMap((variant) => {
        const rows = compare(variant, areas, selfWeight, sweep);
        tell();
        return rows;
      }),
    ),
  );
}

function compare(
  { name, rule, credit }: Variant,
  areas: number,
  selfWeight: number,
  { units, steps, seeds }: GradientSweep,
): GradientRow[] {
  const model = network(Array.from({ length: areas }, () => cells.leaky({ input: units, units })));
  const found = Array.from({ length: seeds }, (_, seed) => {
    const params = near(randomParams(model, seed), selfWeight, seed);
    const samples = randomSequence(seed, { input: [units], target: [units], steps, batch: 1 });
    const gradient = (r: Rule): ModelParams => {
      const learner = r.start(model, params, { credit, seed });
      for (const sample of samples) learner.step(sample);
      return learner.gradient();
    };
    return { expected: gradient(ruleNamed("bptt")), gradient: () => gradient(rule) };
  });
  const row = (area: number, figure: GradientRow["figure"]): GradientRow => ({
    areas,
    selfWeight,
    rule: name,
    claim: credit === "local" ? "biased" : rule.exactness,
    area,
    figure,
  });
  try {
    const got = found.map((f) => f.gradient());
    return Array.from({ length: areas }, (_, b) => {
      const errors = got.map((g, i) => {
        const expected = found[i].expected.areas[b];
        const names = Object.keys(expected);
        return blockError(flat(g.areas[b], names), flat(expected, names));
      });
      const mean = (pick: (e: (typeof errors)[number]) => number): number =>
        errors.reduce((sum, e) => sum + pick(e), 0) / seeds;
      return row(b + 1, {
        kind: "measured",
        cosine: mean((e) => e.cosine),
        normRatio: mean((e) => e.normRatio),
        error: Math.max(...errors.map((e) => e.error)),
      });
    });
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    const { message } = error;
    return Array.from({ length: areas }, (_, b) => row(b + 1, { kind: "refused", message }));
  }
}

/** The same parameters with leaks that leave about `selfWeight` of a state: their logits spread by 0.1. */
function near(params: ModelParams, selfWeight: number, seed: number): ModelParams {
  const logit = Math.log((1 - selfWeight) / selfWeight);
  return {
    ...params,
    areas: params.areas.map((p, b) => ({
      ...p,
      a: tensor(normal(key(1000 * seed + b), p.a.size).map((z) => logit + 0.1 * z)),
    })),
  };
}

function flat(area: ModelParams["areas"][number], names: readonly string[]): number[] {
  return names.flatMap((name) => Array.from(entries(area[name])));
}

/** One line per rule and stack: cosine and norm ratio of each area, bottom to top. */
export function gradientTable(rows: readonly GradientRow[]): string {
  const most = Math.max(...rows.map((r) => r.areas));
  const numbers = Array.from({ length: most }, (_, b) => b + 1);
  const head = [
    "areas",
    "self-weight",
    "rule",
    "claim",
    ...numbers.flatMap((b) => [`cos ${b}`, `norm ${b}`]),
    "largest error",
  ];
  const lines = rows
    .filter((r) => r.area === 1)
    .map((first) => {
      const stack = rows.filter(
        (r) => r.areas === first.areas && r.selfWeight === first.selfWeight && r.rule === first.rule,
      );
      const figures = numbers.map((b) => stack.find((r) => r.area === b)?.figure);
      const measured = figures.filter((f) => f?.kind === "measured");
      return [
        `${first.areas}`,
        `${first.selfWeight}`,
        first.rule,
        first.claim,
        ...figures.flatMap((f) =>
          f?.kind === "measured" ? [f.cosine.toFixed(4), f.normRatio.toFixed(4)] : ["-", "-"],
        ),
        measured.length ? Math.max(...measured.map((f) => f.error)).toExponential(1) : "refused",
      ];
    });
  return textTable(head, lines);
}
