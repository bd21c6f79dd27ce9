import type { Estimate } from "./estimate.js";
import type { Judgment } from "./judge.js";
import { plain, withInterval } from "./numbers.js";

export type VerdictName =
  | "learns content"
  | "color only"
  | "slow only"
  | "collapsed in rank"
  | "collapsed in scale"
  | "not learning"
  | "undecided";

/** What the figures of a row say together. */
export interface Verdict {
  readonly verdict: VerdictName;
  /** The numbers that decide. */
  readonly sentence: string;
}

/** The same row before it learned. */
export interface Before {
  readonly matchedAcc?: number;
  readonly variance?: number;
  readonly rankMe?: number;
}

/** Less of the variance that there was before learning is a collapse: shuffled input leaves 4 %, no stop-gradient nothing. */
const leastVariance = 0.02;
/** Fewer than this share of the dimensions at the start is a collapse; learning on photographs leaves about four fifths. */
const leastRank = 1 / 3;
/** Where the start is not known, it is taken to fill this share of d. */
const usualRank = 3 / 4;
/** More of the variance that is linear in color is too much; content leaves a few percent. */
export const mostColor = 0.3;

/** A verdict with its clauses as one sentence. */
export const verdictOf = (verdict: VerdictName, clauses: string): Verdict => ({
  verdict,
  sentence: `${clauses[0].toUpperCase()}${clauses.slice(1)}.`,
});

/** Whether what is to be predicted has shrunk to nothing, or to next to nothing of what it was. */
export function collapsedInScale({ variance }: Judgment, before: Before): Verdict | null {
  if (!variance) return null;
  if (variance.value === 0 || variance.note !== undefined)
    return verdictOf("collapsed in scale", "the target is the same for every sequence");
  const start = before.variance;
  if (start === undefined || (variance.interval?.[1] ?? variance.value) >= leastVariance * start) return null;
  return verdictOf(
    "collapsed in scale",
    `the variance of the target is ${withInterval(variance)}, of ${plain(start, 3)} before learning`,
  );
}

/** Whether it fills few of its d dimensions, by what it filled at the start. */
export function collapsedInRank({ rankMe }: Judgment, d: number, before: Before): Verdict | null {
  if (!rankMe || rankMe.value >= leastRank * (before.rankMe ?? usualRank * d)) return null;
  const known = before.rankMe === undefined ? "" : `, ${plain(before.rankMe, 1)} before learning`;
  return verdictOf(
    "collapsed in rank",
    `the target fills ${plain(rankMe.value, 1)} of ${d} dimensions${known}`,
  );
}

/** Whether most of what is held is color: by its share of the variance, where content is told no better than by colors. */
export function colorOnly(
  { colorShare, matchedAcc }: Judgment,
  told: (matched: Estimate) => boolean,
): Verdict | null {
  if (!colorShare?.interval || colorShare.interval[0] < mostColor) return null;
  if (matchedAcc && told(matchedAcc)) return null;
  const tells = matchedAcc
    ? `, and patches of one color are told apart in ${withInterval(matchedAcc)} of sequences`
    : "";
  return verdictOf(
    "color only",
    `${withInterval(colorShare)} of the variance is linear in mean colors${tells}`,
  );
}
