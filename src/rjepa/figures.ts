import { DataError } from "../core/errors.js";
import { callable, having, listOf, number, text } from "../core/kinds.js";
import { foldIn, integers, type Key, requireKey } from "../core/prng.js";
import type { FixationSequence } from "../data/sequences.js";
import type { Embeddings } from "./embed.js";
import { someEmbeddings } from "./kinds.js";
import type { LinearAlgebra } from "./linear-algebra.js";

/** The joint figures of learning: none of them proves it alone. */
export interface Figures {
  /** L_R over the variance of h across sequences at each step; the mean of h scores 1. */
  readonly ratio: number;
  /** The same for predicting h(t−1). */
  readonly copy: number;
  /** The same for a ridge-refitted linear predictor. */
  readonly refit: number;
  /** L_R of the last step with the patch of another image, over the real one. */
  readonly swap: number;
  /** Share of sequences where the swapped patch is worse. */
  readonly acc: number;
  /** Effective rank of h (RankMe, Garrido et al. 2023). */
  readonly rankMe: number;
  /** Variance of h across sequences, mean over steps and units. */
  readonly variance: number;
  /** L(2) − L(T), relative to the variance of h. */
  readonly contextGain: number;
  /** Its standard error, by bootstrap over images. */
  readonly contextGainError: number;
  /** L_R at steps 2 to T. */
  readonly lossByStep: readonly number[];
}

/** Variance of h across sequences at each step, mean over units: [T]. */
export function varianceByStep({ sequences: n, steps, d, h }: Embeddings): number[] {
  return Array.from({ length: steps }, (_, t) => {
    let total = 0;
    for (let k = 0; k < d; k++) {
      let [sum, squares] = [0, 0];
      for (let i = 0; i < n; i++) {
        const v = h[(i * steps + t) * d + k];
        sum += v;
        squares += v * v;
      }
      total += squares / n - (sum / n) ** 2;
    }
    return total / d;
  });
}

const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Mean loss of each step over the given sequences, [T]; entry 0 is step 1, which has none. */
function meanLoss(e: Embeddings, which: ArrayLike<number>): number[] {
  const sums = new Array<number>(e.steps).fill(0);
  for (let i = 0; i < which.length; i++)
    for (let t = 1; t < e.steps; t++) sums[t] += e.loss[which[i] * e.steps + t];
  return sums.map((s) => s / which.length);
}

/** Second moments [d, d] of all h, centered or not; row-major. */
export function moments({ sequences: n, steps, d, h }: Embeddings, centered: boolean): Float64Array {
  const rows = n * steps;
  const mean = new Float64Array(d);
  if (centered) for (let i = 0; i < h.length; i++) mean[i % d] += h[i] / rows;
  const out = new Float64Array(d * d);
  for (let r = 0; r < rows; r++)
    for (let a = 0; a < d; a++) {
      const va = h[r * d + a] - mean[a];
      for (let b = 0; b < d; b++) out[a * d + b] += (va * (h[r * d + b] - mean[b])) / rows;
    }
  return out;
}

/** exp of the entropy of the normalized singular values, from the eigenvalues of the second moments. */
export function rankMe(eigenvalues: readonly number[]): number {
  listOf(number)("rankMe", "the eigenvalues", eigenvalues);
  const singular = eigenvalues.map((v) => Math.sqrt(Math.max(0, v)));
  const total = singular.reduce((a, b) => a + b, 0);
  if (total === 0) return 0;
  const entropy = singular.reduce((sum, s) => (s > 0 ? sum - (s / total) * Math.log(s / total) : sum), 0);
  return Math.exp(entropy);
}

/** Mean squared error over d of predicting h(t) from h(t−1) with a linear map and bias, fitted by ridge regression on `fit`. */
function refitLoss(fit: Embeddings, test: Embeddings, algebra: LinearAlgebra): number {
  const { d, steps } = fit;
  const p = d + 1;
  const [gram, cross] = [new Float64Array(p * p), new Float64Array(p * d)];
  const row = new Float64Array(p);
  const load = (e: Embeddings, i: number, t: number): void => {
    for (let k = 0; k < d; k++) row[k] = e.h[(i * steps + t - 1) * d + k];
    row[d] = 1;
  };
  for (let i = 0; i < fit.sequences; i++)
    for (let t = 1; t < steps; t++) {
      load(fit, i, t);
      for (let a = 0; a < p; a++) {
        for (let b = 0; b < p; b++) gram[a * p + b] += row[a] * row[b];
        for (let k = 0; k < d; k++) cross[a * d + k] += row[a] * fit.h[(i * steps + t) * d + k];
      }
    }
  const ridge = 1e-3 * (meanOf(Array.from({ length: d }, (_, a) => gram[a * p + a])) || 1);
  for (let a = 0; a < d; a++) gram[a * p + a] += ridge;
  const weights = algebra.solve(gram, cross, p, d);
  let total = 0;
  for (let i = 0; i < test.sequences; i++)
    for (let t = 1; t < steps; t++) {
      load(test, i, t);
      for (let k = 0; k < d; k++) {
        let predicted = 0;
        for (let a = 0; a < p; a++) predicted += row[a] * weights[a * d + k];
        total += (predicted - test.h[(i * steps + t) * d + k]) ** 2;
      }
    }
  return total / (test.sequences * (steps - 1) * d);
}

/** Mean squared error over d of predicting h(t) as h(t−1). */
function copyLoss({ sequences: n, steps, d, h }: Embeddings): number {
  let total = 0;
  for (let i = 0; i < n; i++)
    for (let t = 1; t < steps; t++)
      for (let k = 0; k < d; k++) total += (h[(i * steps + t) * d + k] - h[(i * steps + t - 1) * d + k]) ** 2;
  return total / (n * (steps - 1) * d);
}

const resamples = 200;

/** Standard error of L(2) − L(T) by resampling images, never sequences: viewers share images. */
function bootstrapError(e: Embeddings, sequences: readonly FixationSequence[], key: Key): number {
  const byImage = new Map<string, number[]>();
  sequences.forEach(({ image }, i) => byImage.set(image, [...(byImage.get(image) ?? []), i]));
  const groups = [...byImage.values()];
  const gains = Array.from({ length: resamples }, (_, r) => {
    const drawn = integers(foldIn(key, r), groups.length, 0, groups.length);
    const loss = meanLoss(
      e,
      [...drawn].flatMap((g) => groups[g]),
    );
    return loss[1] - loss[e.steps - 1];
  });
  const mean = meanOf(gains);
  return Math.sqrt(gains.reduce((s, g) => s + (g - mean) ** 2, 0) / (resamples - 1));
}

/** All figures of test sequences; `fit` are embeddings of training sequences, for the refitted predictor. */
export function figuresOf(
  test: Embeddings,
  sequences: readonly FixationSequence[],
  fit: Embeddings,
  algebra: LinearAlgebra,
  key: Key,
): Figures {
  someEmbeddings("figures", "the test embeddings", test);
  someEmbeddings("figures", "the embeddings to fit", fit);
  listOf(having({ image: text }), test.sequences)("figures", "the sequences", sequences);
  having({ eigen: callable, solve: callable })("figures", "the linear algebra", algebra);
  requireKey("figures", key);
  if (fit.d !== test.d || fit.steps !== test.steps)
    throw new DataError(
      `figures: expected embeddings of ${test.steps} steps of ${test.d} units to fit, got ${fit.steps} of ${fit.d}`,
    );
  const all = Array.from({ length: test.sequences }, (_, i) => i);
  const spread = varianceByStep(test);
  const variance = meanOf(spread);
  // predictions are about steps 2 to T
  const predicted = meanOf(spread.slice(1));
  const loss = meanLoss(test, all);
  const last = test.steps - 1;
  const real = loss[last];
  const swapped = meanOf([...test.swapped]);
  const worse = all.filter((i) => test.swapped[i] > test.loss[i * test.steps + last]).length;
  return {
    ratio: meanOf(loss.slice(1)) / predicted,
    copy: copyLoss(test) / predicted,
    refit: refitLoss(fit, test, algebra) / predicted,
    swap: swapped / real,
    acc: worse / test.sequences,
    rankMe: rankMe(algebra.eigen(moments(test, false), test.d).values),
    variance,
    contextGain: (loss[1] - real) / predicted,
    contextGainError: bootstrapError(test, sequences, key) / predicted,
    lossByStep: loss.slice(1),
  };
}
