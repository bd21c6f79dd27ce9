/** Learners that must show the same whatever is done with them, by rule. */
import { type RuleOptions, ruleNamed, rules } from "../../src/learn/index.js";
import type { Pace } from "../../src/learn/learners/automatic-learner.js";
import { automatically } from "../../src/learn/rules/rfp.js";
import type { OperationsOptions } from "./operation-cases.js";
import type { Compared } from "./operations.js";

type Options = RuleOptions & { readonly window?: number; readonly order?: number };

export interface Comparison {
  readonly name: string;
  /** How many of two thousand sequences are drawn for it. */
  readonly share: number;
  readonly options?: OperationsOptions;
  readonly compared: Compared;
}

/** Sums of the same products in another order: a few thousand roundings of the largest number. */
const rounding = 1e-10;

const by =
  (name: string, options: Options): Compared["start"] =>
  (model, params) =>
    // a cell that changes is never called pure
    ruleNamed(name).start(
      model,
      params,
      options.compile && model.areas.some((area) => area.name === "changing")
        ? { ...options, compile: undefined }
        : options,
    );

/** A rule, and the same op by op. */
const replayed = (share: number, rule: string, options: Options = {}, tolerance = rounding): Comparison => ({
  name: `${rule} ${JSON.stringify(options)}`,
  share,
  // factored influence takes no convolutions
  options: { spatial: rule !== "kfRtrl" },
  compared: {
    start: by(rule, { ...options, compile: true }),
    reference: by(rule, { ...options, compile: false }),
    tolerance,
    replays: !["uoro", "kfRtrl"].includes(rule),
    // records of the past are replaced by samples
    sameBytes: !rule.endsWith("bptt"),
  },
});

/** The influence in steps of one, op by op, is what all exact rules are held against; it is held against bptt itself. */
const exact = (share: number, rule: string, options: Options): Comparison => ({
  name: `${rule} ${JSON.stringify(options)}`,
  share,
  compared: {
    start: by(rule, options),
    reference: by("rfp", { compile: false, ...(options.credit ? { credit: options.credit } : {}) }),
    ...(options.credit === "local" ? {} : { oracle: by("bptt", {}) }),
    tolerance: rounding,
    replays: options.compile === true,
    sameBytes: rule === "rfp" && options.window === 1,
  },
});

/** Single steps and then blocks, which begin soon. */
const automatic = (share: number, window: number, pace: Pace, options: Options): Comparison => ({
  name: `single steps, then rfp(${window}) ${JSON.stringify({ ...pace, ...options })}`,
  share,
  compared: {
    ...exact(share, "rfp", options).compared,
    start: (model, params) => automatically(model, params, window, options, pace),
  },
});

/** All comparisons; `backend` says whether replays round as steps do. */
export function comparisons(backend: string): readonly Comparison[] {
  // js replays the very same calls
  const bits = backend === "js" ? 0 : rounding;
  return [
    ...[1, 2, 3, 8].flatMap((window) => [
      exact(80, "rfp", { window, compile: true }),
      exact(40, "rfp", { window }),
      exact(20, "rfp", { window, compile: false }),
      exact(30, "rfp", { window, compile: true, credit: "local" }),
    ]),
    automatic(60, 3, { after: 2, inRow: 0 }, {}),
    automatic(60, 2, { after: 5, inRow: 2 }, {}),
    automatic(30, 3, { after: 3, inRow: 0 }, { credit: "local" }),
    automatic(30, 3, { after: 4, inRow: 0 }, { compile: false }),
    replayed(100, "rfp", {}, bits),
    exact(120, "rtrl", { compile: true }),
    exact(20, "rtrl", {}),
    ...[1, 2, 3, 8].map((window) => replayed(120, "tbptt", { window })),
    replayed(200, "bptt"),
    replayed(60, "snap", { order: 1 }, bits),
    replayed(30, "snap", { order: 2 }, bits),
    replayed(60, "eprop", {}, bits),
    replayed(50, "rflo", {}, bits),
    replayed(30, "uoro", { seed: 3 }, 0),
    replayed(30, "kfRtrl", { seed: 3 }, 0),
    {
      name: "fptt",
      share: 140,
      options: { starts: false },
      compared: {
        start: by("fptt", {}),
        reference: by("bptt", {}),
        tolerance: rules.fptt.tolerance as number,
        replays: false,
        mayRefuse: /expected Jacobians|expected a gradient whose six digits|can be inverted|invert/,
      },
    },
  ];
}
