import { ArgumentError, DataError } from "../core/errors.js";
import { count, finite, having, instanceOf, isA, listOf } from "../core/kinds.js";

/** Fixations on an image of a size in pixels; a `FixationSequence` is one. */
export interface FixationPath {
  /** [T, 2], pixels from the left and from the top. */
  readonly fixations: Float64Array;
  readonly width: number;
  readonly height: number;
}

export interface ScanpathStatistics {
  /** Lengths of all saccades over the image diagonal, ascending. */
  readonly lengths: Float64Array;
  /** Their 25th, 50th and 75th percentile; NaN where there is no saccade. */
  readonly quartiles: readonly [number, number, number];
  /** Standard deviations of x / width and y / height. */
  readonly spread: readonly [x: number, y: number];
  /** Share of fixations but the first of each path that lie within 24 pixels of an earlier one of the path, 0 to 1. */
  readonly returns: number;
}

/** Pixels within which a fixation is back: one degree of visual angle in the OSIE set (Xu et al. 2014). */
const backWithin = 24;
const paths = listOf(having({ fixations: instanceOf(Float64Array), width: count(1), height: count(1) }), 1);

/** How long saccades are, how far fixations spread and how often they return. @throws ArgumentError, DataError */
export function scanpathStatistics(given: readonly FixationPath[]): ScanpathStatistics {
  paths("scanpathStatistics", "paths", given);
  const lengths: number[] = [];
  const [xs, ys]: number[][] = [[], []];
  let [back, moves] = [0, 0];
  for (const [at, { fixations, width, height }] of given.entries()) {
    if (fixations.length === 0 || fixations.length % 2 !== 0 || !fixations.every(Number.isFinite))
      throw new DataError(
        `scanpathStatistics: expected fixations [T, 2] of finite numbers in paths[${at}], got ${fixations.length} numbers`,
      );
    const diagonal = Math.hypot(width, height);
    const distance = (t: number, s: number): number =>
      Math.hypot(fixations[2 * t] - fixations[2 * s], fixations[2 * t + 1] - fixations[2 * s + 1]);
    for (let t = 0; t < fixations.length / 2; t++) {
      xs.push(fixations[2 * t] / width);
      ys.push(fixations[2 * t + 1] / height);
      if (t === 0) continue;
      lengths.push(distance(t, t - 1) / diagonal);
      moves++;
      let earlier = t - 1;
      while (earlier >= 0 && distance(t, earlier) > backWithin) earlier--;
      if (earlier >= 0) back++;
    }
  }
  const ascending = Float64Array.from(lengths).sort();
  return {
    lengths: ascending,
    quartiles: [quantile(ascending, 0.25), quantile(ascending, 0.5), quantile(ascending, 0.75)],
    spread: [deviation(xs), deviation(ys)],
    returns: moves === 0 ? 0 : back / moves,
  };
}

const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** In two passes: the difference of two moments loses what is small beside them. */
function deviation(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(meanOf(values.map((v) => (v - mean) ** 2)));
}

/** Between the two numbers next to it, linearly. */
function quantile(ascending: Float64Array, share: number): number {
  if (ascending.length === 0) return Number.NaN;
  const at = share * (ascending.length - 1);
  const low = Math.floor(at);
  return ascending[low] + (at - low) * (ascending[Math.min(low + 1, ascending.length - 1)] - ascending[low]);
}

/**
 * The largest distance of two samples' distribution functions, 0 to 1 (Kolmogorov 1933, Smirnov 1939).
 * @throws ArgumentError for what is no list of finite numbers, at least one
 */
export function kolmogorovSmirnov(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [first, second] = [ascendingOf("the first sample", a), ascendingOf("the second sample", b)];
  let [i, j, most] = [0, 0, 0];
  while (i < first.length && j < second.length) {
    const at = Math.min(first[i], second[j]);
    while (i < first.length && first[i] <= at) i++;
    while (j < second.length && second[j] <= at) j++;
    most = Math.max(most, Math.abs(i / first.length - j / second.length));
  }
  return most;
}

function ascendingOf(what: string, sample: ArrayLike<number>): Float64Array {
  const who = "kolmogorovSmirnov";
  if (!isA(Float64Array, sample)) listOf(finite, 1)(who, what, sample);
  const ascending = Float64Array.from(sample).sort();
  if (ascending.length === 0 || !ascending.every(Number.isFinite))
    throw new ArgumentError(`${who}: expected at least one number, all finite, in ${what}`);
  return ascending;
}
