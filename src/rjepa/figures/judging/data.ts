import { foldIn, type Key } from "../../../core/prng.js";
import type { LinearAlgebra } from "../../linear-algebra.js";
import type { Fixations } from "../representation.js";
import { Bootstrap } from "./bootstrap.js";
import { held } from "./held.js";
import { lowLevelOf } from "./low-level.js";
import { once } from "./once.js";
import { type Shown, shown } from "./read-all.js";
import { matchedStrangers, partnersOf, randomStrangers, type Strangers } from "./strangers.js";

/** Fixations on images whose classes are known, such as a few of each thumbnail. */
export interface Labeled {
  readonly fit: Fixations;
  /** Classes from 0, one of each sequence. */
  readonly fitLabels: ArrayLike<number>;
  readonly test: Fixations;
  readonly testLabels: ArrayLike<number>;
}

/** What representations are judged on. */
export interface JudgeOptions {
  /** Sequences on images that no representation was fitted to. */
  readonly test: Fixations;
  /** Sequences on other images, to which regressions are fitted. */
  readonly fit: Fixations;
  readonly labeled?: Labeled;
  /** Eigenvalues, for ranks; as `linearAlgebra` gives it. */
  readonly algebra: Pick<LinearAlgebra, "eigen">;
  readonly key: Key;
  /** Sequences that are read at a time. Default 64. */
  readonly batch?: number;
  /** Names of the figures to compute. Default all. */
  readonly only?: readonly string[];
  /** Names of rows that `judgeAll` holds every other row of a model against, besides the best baseline. Default all. */
  readonly against?: readonly string[];
}

/** What is known of the sequences alone, and so shared by all representations. */
export interface Data extends JudgeOptions {
  readonly batch: number;
  /** The sequences patch by patch; null without labels. */
  readonly shown: {
    readonly test: Shown;
    readonly fit: Shown;
    readonly labeled: { readonly fit: Shown; readonly test: Shown } | null;
  };
  /** Over the images of `test`. */
  readonly bootstrap: Bootstrap;
  /** Over the labeled images to test; null without labels. */
  readonly labeledBootstrap: Bootstrap | null;
  /** Low-level content of each patch, [N, T, S, 4], of the sequences to test and to fit. */
  readonly low: { readonly test: () => Float64Array; readonly train: () => Float64Array };
  /** Fixations that stand in for the last one of each test sequence: one at random, and those that look most like it. */
  readonly random: () => Strangers;
  readonly matched: () => readonly Strangers[];
  /** For each sequence one of another image, whose past stands in for its own. */
  readonly partners: { readonly test: () => Int32Array; readonly train: () => Int32Array };
}

export function dataOf(options: JudgeOptions): Data {
  const { labeled, key, batch = 64 } = options;
  const [test, fit] = [held(options.test), held(options.fit)];
  const low = {
    test: once(() => lowLevelOf(test, batch)),
    train: once(() => lowLevelOf(fit, batch)),
  };
  return {
    ...options,
    test,
    fit,
    batch,
    shown: {
      test: shown(test, batch),
      fit: shown(fit, batch),
      labeled: labeled ? { fit: shown(labeled.fit, batch), test: shown(labeled.test, batch) } : null,
    },
    low,
    bootstrap: new Bootstrap(test.image, key),
    labeledBootstrap: labeled === undefined ? null : new Bootstrap(labeled.test.image, key),
    random: once(() => randomStrangers(test, foldIn(key, "random"))),
    matched: once(() => matchedStrangers(test, low.test())),
    partners: {
      test: once(() => partnersOf(test, foldIn(key, "test"))),
      train: once(() => partnersOf(fit, foldIn(key, "fit"))),
    },
  };
}
