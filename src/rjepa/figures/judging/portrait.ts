/** What an embedding looks like and how well it is predicted, step by step: to be looked at, not to be passed. */
import { DataError } from "../../../core/errors.js";
import { foldIn, type Key, permutation } from "../../../core/prng.js";
import type { LinearAlgebra } from "../../linear-algebra.js";
import type { Point } from "../_figure.js";
import type { Fixations, Representation } from "../representation.js";
import { centered, columnMeans, columnOf, meanSquares, squaredErrors, stepsOf } from "./arrays.js";
import { Bootstrap, type Terms } from "./bootstrap.js";
import type { Estimate } from "./estimate.js";
import { crossOf, timesOf } from "./products.js";
import { between, readAll, shown } from "./read-all.js";
import { applyRidge, fitRidge } from "./ridge.js";
import { saccadesOf, toldWidth, withSaccades } from "./saccades.js";

/** A number at each of the steps 2 to T, and how far it falls from the first to the last. */
export interface ByStep {
  readonly points: readonly Point[];
  /** The first less the last. */
  readonly fall: Estimate | null;
}

/** How well the next target is predicted from h(t - 1), at each step. */
export interface Prediction {
  /**
   * L_R(t), the squared error, mean over units and sequences: in units of h squared, so that it is small where h is. By the
   * representation's own prediction, or by a ridge regression on h and the saccade where it has none.
   */
  readonly loss: ByStep;
  /** The same for predicting the target before once more. */
  readonly copy: ByStep;
  /** Both over the variance of the target at the step; null where that is 0 at one of them. */
  readonly relative: { readonly loss: ByStep; readonly copy: ByStep } | null;
}

/** How h(t) lies and moves in space. */
export interface Shape {
  /** Eigenvalues of the covariance of h over all sequences and steps, largest first, [d]. */
  readonly spectrum: readonly number[];
  /** Shares of the variance along the first two principal axes; 0 where there is none. */
  readonly explained: readonly [number, number];
  /** h(t) of some sequences on these axes, [sequence][t] of [x, y], from the mean. */
  readonly paths: readonly (readonly (readonly [number, number])[])[];
  /** The same of the mean over all sequences, [t]. */
  readonly mean: readonly (readonly [number, number])[];
}

export interface Portrait {
  /** Sequences that it is of. */
  readonly sequences: number;
  /** Images that these look at, over which intervals are. */
  readonly images: number;
  readonly prediction: Prediction;
  /** Null where it was not asked for. */
  readonly shape: Shape | null;
}

export interface PortraitOptions {
  readonly test: Fixations;
  /** Sequences on other images, to which a regression is fitted where there is no prediction. */
  readonly fit: Fixations;
  readonly algebra: Pick<LinearAlgebra, "eigen">;
  readonly key: Key;
  /** Whether the shape is asked for; true by default. */
  readonly shape?: boolean;
  /** Sequences that are read at a time, 64 by default. */
  readonly batch?: number;
}

/** Sequences whose paths are drawn. */
const drawn = 40;

/** The portrait of a representation on test sequences, which are read once. @throws DataError for fewer than two steps */
export function portraitOf(
  representation: Representation,
  { test, fit, algebra, key, shape = true, batch = 64 }: PortraitOptions,
): Portrait {
  const { size: d, target: kind, predict } = representation;
  const { steps, count } = test;
  if (steps < 2) throw new DataError(`portrait: expected sequences of at least 2 fixations, got ${steps}`);
  const bootstrap = new Bootstrap(test.image, key);
  const readOf = (f: Fixations) =>
    readAll(representation, shown(f, batch), steps, between(steps, 0, steps), batch);
  const targetOf = ({ h, fresh }: { h: Float64Array; fresh: Float64Array }) => (kind === "fresh" ? fresh : h);
  const read = readOf(test);
  const target = targetOf(read);
  const before = (x: Float64Array): Float64Array => stepsOf(x, steps, d, 0, steps - 1);
  const after = (x: Float64Array): Float64Array => stepsOf(x, steps, d, 1, steps);
  const saccades = saccadesOf(test);
  const regressed = (): Float64Array => {
    const known = readOf(fit);
    const told = withSaccades(before(known.h), d, saccadesOf(fit));
    const map = fitRidge(told, toldWidth(d), after(targetOf(known)), d, 1e-3);
    return applyRidge(map, withSaccades(before(read.h), d, saccades));
  };
  const predicted =
    predict === undefined
      ? regressed()
      : predict.call(representation, before(read.h), saccades, count * (steps - 1));
  const errors = squaredErrors(predicted, after(target), d);
  const copied = squaredErrors(before(target), after(target), d);
  const deviations = stepsOf(meanSquares(centered(target, steps * d), d), steps, 1, 1, steps);
  const varies = Array.from({ length: steps - 1 }, (_, t) => columnOf(deviations, steps - 1, t)).every((v) =>
    v.some((x) => x > 0),
  );
  const plain = (values: Float64Array): ByStep => byStep(bootstrap, steps, (t) => bootstrap.mean(t(values)));
  const relative = (values: Float64Array): ByStep =>
    byStep(bootstrap, steps, (t) => bootstrap.ratio(t(values), t(deviations)));
  return {
    sequences: count,
    images: bootstrap.images,
    prediction: {
      loss: plain(errors),
      copy: plain(copied),
      relative: varies ? { loss: relative(errors), copy: relative(copied) } : null,
    },
    shape: shape ? shapeOf(read.h, steps, d, algebra, spreadOver(test.image, foldIn(key, "paths"))) : null,
  };
}

/** A number at each step, of what its column of [N, T - 1] adds. */
function byStep(
  bootstrap: Bootstrap,
  steps: number,
  termsOf: (column: (values: Float64Array) => Float64Array) => Terms,
): ByStep {
  const terms = Array.from({ length: steps - 1 }, (_, t) =>
    termsOf((values) => columnOf(values, steps - 1, t)),
  );
  return {
    points: terms.map((own, t) => ({ at: t + 2, ...bootstrap.estimate(own) })),
    fall: bootstrap.margin(terms[0], terms[terms.length - 1]),
  };
}

/** Some sequences, one of each image before a second of any. */
function spreadOver(image: Int32Array, key: Key): number[] {
  const turns = new Map<number, number>();
  return [...permutation(key, image.length)]
    .map((i) => {
      const turn = turns.get(image[i]) ?? 0;
      turns.set(image[i], turn + 1);
      return { i, turn };
    })
    .sort((a, b) => a.turn - b.turn)
    .slice(0, drawn)
    .map(({ i }) => i);
}

/** How h [N, T, d] lies; deviations are from the mean of all its rows, taken before they are squared. */
function shapeOf(
  h: Float64Array,
  steps: number,
  d: number,
  algebra: Pick<LinearAlgebra, "eigen">,
  some: readonly number[],
): Shape {
  const rows = centered(h, d);
  const n = rows.length / d;
  const covariance = crossOf(rows, d, rows, d).map((v) => v / n);
  const { values, vectors } = algebra.eigen(covariance, d);
  // a covariance has no negative eigenvalues: what is below 0 is rounding
  const spectrum = values.map((v) => Math.max(0, v));
  const total = spectrum.reduce((a, b) => a + b, 0);
  const share = (k: number): number => (total > 0 ? (spectrum[k] ?? 0) / total : 0);
  const axes = new Float64Array(2 * d);
  for (const k of [0, 1]) {
    const axis = vectors[k] ?? new Array<number>(d).fill(0);
    // an axis has no direction of its own: its largest entry is positive
    const sign = axis.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0) < 0 ? -1 : 1;
    for (let i = 0; i < d; i++) axes[2 * i + k] = sign * axis[i];
  }
  const pathOf = (path: Float64Array): [number, number][] => {
    const at = timesOf(path, d, axes, 2);
    return Array.from({ length: steps }, (_, t) => [at[2 * t], at[2 * t + 1]]);
  };
  return {
    spectrum,
    explained: [share(0), share(1)],
    paths: some.map((i) => pathOf(rows.slice(i * steps * d, (i + 1) * steps * d))),
    mean: pathOf(columnMeans(rows, steps * d)),
  };
}
