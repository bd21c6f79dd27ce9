import type { Terms } from "./judging/bootstrap.js";
import type { Estimate } from "./judging/estimate.js";
import type { Judged } from "./judging/judged.js";

/** One of several numbers that belong together. */
export interface Point extends Estimate {
  /** A step, a number of fixations seen, or a name. */
  readonly at: number | string;
}

/** What a figure says of one representation. */
export interface FigureValue extends Estimate {
  readonly series?: readonly Point[];
}

/** A number with its terms, from which its interval and its margins follow; or one that has none, as a rank. */
export type Quantity = Terms | Estimate;

/** What a figure finds. */
export type Found = Quantity & { readonly series?: readonly (Quantity & Pick<Point, "at">)[] };

/** One way to tell learning content from what looks like it. None proves it alone. */
export interface Figure {
  /** As the registry calls it: its file in camel case. */
  readonly name: string;
  /** What it says, in one sentence. */
  readonly meaning: string;
  /** Which way is better; `null` for what others are held against. */
  readonly better: "higher" | "lower" | null;
  /** What the number counts, such as `share of sequences`. */
  readonly unit: string;
  /**
   * What knowing nothing scores, if that is one number; where it depends on the sequences, computed from them.
   * @internal
   */
  readonly chance: number | null | ((judged: Judged) => number);
  /**
   * Its value; `null` where the representation or the data lack what it is about.
   * @internal
   */
  compute(judged: Judged): Found | null;
}
