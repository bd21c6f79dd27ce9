import { mapTree } from "../../src/core/tree.js";
import { isTensor, type Tensor, zerosLike } from "../../src/index.js";
import type { ModelParams } from "../../src/learn/index.js";
import { type Learner, type Model, ruleNamed } from "../../src/learn/index.js";

/** A way of learning, as the tables call it. */
export interface Contender {
  readonly name: string;
  start<S>(model: Model<S>, params: ModelParams, seed: number): Learner<S>;
  /** What is made of the gradient; default nothing. */
  readonly adapt?: (gradient: ModelParams) => ModelParams;
}

const byRule = (name: string): Contender => ({
  name,
  start: (model, params, seed) => ruleNamed(name).start(model, params, { seed }),
});

const local: Contender = {
  name: "rfp, local credit",
  start: (model, params) => ruleNamed("rfp").start(model, params, { credit: "local" }),
};

/** The control: the recurrence stays as it was drawn. The readout's gradient is of one step, so any window gives it. */
const readoutOnly: Contender = {
  name: "readout only",
  start: (model, params) => ruleNamed("tbptt(1)").start(model, params),
  adapt: ({ areas, readout }) => ({
    areas: mapTree(areas, isTensor, (t: Tensor) => zerosLike(t)) as ModelParams["areas"],
    readout,
  }),
};

const [rfp, bptt, tbptt, snap, uoro, rflo] = ["rfp", "bptt", "tbptt(10)", "snap(1)", "uoro", "rflo"].map(
  byRule,
);

/** Left out: `eprop`, which is `rflo` where units reach themselves by their leak alone, and `kfRtrl`, which refuses blocks. */
export const inBlocks: readonly Contender[] = [rfp, bptt, tbptt, snap, uoro, rflo, readoutOnly];

/**
 * For areas of units that keep to themselves. Left out: `snap(1)`, which is `rfp` there, and `rflo` and `eprop`, which are
 * `rfp` with local credit.
 */
export const inStacks: readonly Contender[] = [rfp, bptt, tbptt, local, uoro, readoutOnly];
