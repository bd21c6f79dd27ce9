import type { Key } from "../../src/core/prng.js";
import type { Tensor } from "../../src/index.js";

/** One time step of a batch of sequences. */
export interface TaskStep {
  /** [B, input]. */
  readonly input: Tensor;
  /** [B, output]: numbers, or one-hot classes. */
  readonly target: Tensor;
  /** Share of this step in the loss of the sequence; 0 where nothing is asked. The shares of a sequence sum to 1. */
  readonly weight: number;
}

/** What there is to learn. A task knows no model and no learning rule. */
export interface Task {
  readonly name: string;
  readonly source: string;
  readonly input: number;
  readonly output: number;
  /** Length T of a sequence, in steps. */
  readonly steps: number;
  /** T sampled steps; the same key gives the same data. */
  sample(key: Key, batch: number): readonly TaskStep[];
  /** Loss of one step that is asked for, a scalar: mean over the batch of predictions [B, output]. */
  loss(prediction: Tensor, target: Tensor): Tensor;
  readonly score: Score;
}

export interface Score {
  readonly name: string;
  readonly better: "higher" | "lower";
  /** What the best answer that ignores the input scores, in the mean. */
  readonly chance: number;
  readonly perfect: number;
  /** What a run that diverged counts as; worse scores count as this one. */
  readonly worst: number;
  /** Of predictions [B, output] for every step of a batch of sequences. */
  of(predictions: readonly Tensor[], sequence: readonly TaskStep[]): number;
}
