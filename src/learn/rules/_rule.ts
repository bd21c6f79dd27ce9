import { bytes, count, countOr, flag, type Known, oneOf, options as optionsOf } from "../../core/kinds.js";
import type { Saved } from "../../tensor/saved/save.js";
import type { Learner } from "../learners/learner.js";
import { savedBy } from "../learners/saved-learner.js";
import { aModel } from "../model/kinds.js";
import type { Areas, Model, ModelParams } from "../model/model.js";

export interface RuleOptions {
  /** `exact`: influence crosses areas (the default). `local`: each area keeps only the influence of its own parameters. */
  readonly credit?: "exact" | "local";
  /** Bytes that influence may take; default: what the machine has free. */
  readonly memoryLimit?: number;
  /**
   * Records the kernel calls of a step and replays them: the same numbers to rounding (on `js` to the last bit), several times faster where areas are small.
   * Not for a model that computes otherwise from step to step by a variable of its own. Default: where the model is pure.
   */
  readonly compile?: boolean;
  /** For rules that draw random numbers: same seed, same gradient on one backend and instruction set. Default 0. */
  readonly seed?: number;
}

/** A learning rule: one contract, one file each. */
export interface Rule<O extends RuleOptions = RuleOptions> {
  readonly name: string;
  readonly summary: string;
  /** Whether the gradient equals that of backpropagation through time, with default options. */
  readonly exactness: "exact" | "unbiased" | "biased";
  /** Of an exact rule: the relative error of a parameter block in float64; default 1e-10. */
  readonly tolerance?: number;
  /** Of an exact rule: blocks below this fraction of the largest entry of the gradient count as zero; default 0. */
  readonly negligible?: number;
  /** The option that a number in the name sets, and its default: `tbptt(50)` is `tbptt` with `window: 50`. */
  readonly setting?: {
    readonly option: string;
    readonly value: number;
    /** What the option may be beside a whole number of at least 1. */
    readonly words?: readonly string[];
  };
  /**
   * Starts learning. Nothing is allocated before the first sample tells the batch.
   * @throws RuleError where the rule does not apply to the model, here or at the first step
   */
  start<S>(model: Model<S>, params: ModelParams, options?: O): Learner<S>;
}

/** Starts learning; the names of the model's parameters and states stay in the types of what the learner hands out. */
export type Start<O extends RuleOptions = RuleOptions> = <
  S,
  A extends Areas = Areas,
  R extends string = string,
>(
  model: Model<S, A, R>,
  params: ModelParams<NoInfer<A>, NoInfer<R>>,
  options?: O,
) => Learner<S, A, R>;

/**
 * A learner that goes on where the one that saved `tree` stood, with the model and the parameters that it had. Options are
 * those of the tree; one that is given and differs is refused, but for `memoryLimit`.
 * @throws CheckpointError for a tree of another rule, model, options or parameters
 */
export type Load<O extends RuleOptions = RuleOptions> = <
  S,
  A extends Areas = Areas,
  R extends string = string,
>(
  model: Model<S, A, R>,
  params: ModelParams<NoInfer<A>, NoInfer<R>>,
  tree: Saved,
  options?: O,
) => Learner<S, A, R>;

/** A rule of the library. */
export interface LibraryRule<O extends RuleOptions = RuleOptions> extends Rule<O> {
  readonly start: Start<O>;
  readonly load: Load<O>;
}

const common: Known<RuleOptions> = {
  credit: oneOf("exact", "local"),
  memoryLimit: bytes,
  compile: flag,
  seed: count(0),
};

/** The rule with a gate before it: what is no model, and options that it does not know, are refused. */
export function gated<O extends RuleOptions>(rule: Rule<O>): LibraryRule<O> {
  const { name, setting } = rule;
  const known = (
    setting ? { ...common, [setting.option]: countOr(setting.words ?? []) } : common
  ) as Known<O>;
  const begin = <S>(model: Model<S>, params: ModelParams, options?: O): Learner<S> => {
    aModel(name, "the model", model);
    return rule.start<S>(model, params, optionsOf(name, options, known));
  };
  const resume = <S>(model: Model<S>, params: ModelParams, tree: Saved, options?: O): Learner<S> => {
    const settings = savedBy(name, tree).at("settings").anything() as O;
    const chosen = Object.entries(optionsOf(name, options, known)).filter(([, value]) => value !== undefined);
    const learner = begin(model, params, { ...settings, ...Object.fromEntries(chosen) });
    learner.resume(tree);
    return learner;
  };
  // what a rule hands out has the names of what it was given
  return { ...rule, start: begin as Start<O>, load: resume as Load<O> };
}

/** A rule as a function, and its `load`: `rfp(model, params, options).step(sample)`. */
export type RuleFunction<O extends RuleOptions = RuleOptions> = Start<O> & { readonly load: Load<O> };

export function starter<O extends RuleOptions>(rule: Rule<O>): RuleFunction<O> {
  const { start, load } = gated(rule);
  return Object.assign(start, { load });
}
