import { foldIn, type Key, permutation } from "../../../core/prng.js";
import { centered, columnMeans } from "./arrays.js";
import { imagesOf } from "./bootstrap.js";
import { solvePositive } from "./positive.js";
import { crossOf, timesOf } from "./products.js";

const penalties = [1e-3, 1e-2, 1e-1, 1, 10];

export interface Classified {
  /** Rows [n, d] and their classes, to fit a classifier to. */
  readonly fit: Float64Array;
  readonly fitLabels: ArrayLike<number>;
  /** Which image each of these rows is of, [n]. */
  readonly fitImage: Int32Array;
  readonly test: Float64Array;
  readonly testLabels: ArrayLike<number>;
  readonly classes: number;
}

/**
 * Whether a ridge classifier on standardized rows names the class of each test row, [n] of 0 and 1. Its penalty is the one that
 * does best on a fifth of the images when fitted to the others.
 */
export function probed(c: Classified, d: number, key: Key): Float64Array {
  const { fitLabels, testLabels, classes } = c;
  const [fit, test] = standardized(c.fit, c.test, d);
  const aims = new Float64Array(fitLabels.length * classes).fill(-1 / classes);
  for (let i = 0; i < fitLabels.length; i++) aims[i * classes + fitLabels[i]] += 1;
  const { index, count } = imagesOf(c.fitImage);
  const place = permutation(foldIn(key, "probe"), count);
  const held = Array.from(index, (k) => place[k] < Math.floor(count / 5));
  const pick = (x: Float64Array, width: number, wanted: boolean): Float64Array =>
    x.filter((_, at) => held[Math.floor(at / width)] === wanted);
  const trainOn = classifier(pick(fit, d, false), d, pick(aims, classes, false), classes);
  const onAll = classifier(fit, d, aims, classes);
  const heldRows = pick(fit, d, true);
  const heldLabels = Array.from(fitLabels).filter((_, i) => held[i]);
  let [best, chosen] = [-1, penalties[0]];
  for (const penalty of penalties) {
    const right = hits(timesOf(heldRows, d, trainOn(penalty), classes), classes, heldLabels);
    const score = right.reduce((a, b) => a + b, 0);
    if (score > best) [best, chosen] = [score, penalty];
  }
  return hits(timesOf(test, d, onAll(chosen), classes), classes, testLabels);
}

/** Both over the deviation of the first from its mean; a constant column is 0. */
function standardized(fit: Float64Array, test: Float64Array, d: number): [Float64Array, Float64Array] {
  const [mean, around] = [columnMeans(fit, d), centered(fit, d)];
  const n = fit.length / d;
  const squares = new Float64Array(d);
  for (let at = 0; at < around.length; at++) squares[at % d] += around[at] ** 2 / n;
  const over = squares.map((v) => (v > 0 ? 1 / Math.sqrt(v) : 0));
  return [around.map((v, at) => v * over[at % d]), test.map((v, at) => (v - mean[at % d]) * over[at % d])];
}

function classifier(x: Float64Array, d: number, aims: Float64Array, classes: number) {
  const [gram, cross] = [crossOf(x, d, x, d), crossOf(x, d, aims, classes)];
  const n = x.length / d;
  return (penalty: number): Float64Array => {
    const punished = gram.slice();
    for (let k = 0; k < d; k++) punished[k * d + k] += penalty * n;
    return solvePositive(punished, d, cross, classes);
  };
}

/** 1 where the largest score [n, classes] is that of the label. */
function hits(scores: Float64Array, classes: number, labels: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: labels.length }, (_, i) => {
    const row = scores.subarray(i * classes, (i + 1) * classes);
    return row.indexOf(row.reduce((a, b) => Math.max(a, b), -Infinity)) === labels[i] ? 1 : 0;
  });
}
