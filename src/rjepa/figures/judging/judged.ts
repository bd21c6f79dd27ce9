import type { Fixations, Readout, Representation } from "../representation.js";
import { centered, meanSquares, stepsOf } from "./arrays.js";
import type { Data } from "./data.js";
import { once } from "./once.js";
import { type Cut, readAll } from "./read-all.js";
import { applyRidge, fitRidge } from "./ridge.js";
import { saccadesOf, toldWidth, withSaccades } from "./saccades.js";
import type { Strangers } from "./strangers.js";

/** Sequences as a representation sees them; N sequences of T fixations, d units. */
export interface Seen extends Readout {
  readonly count: number;
  /** What is to be predicted, [N, T, d]. */
  readonly target: Float64Array;
  /** Saccades over the diagonal, [N, T − 1, 2]. */
  readonly saccades: Float64Array;
}

/** The embedding of the last but one fixation, [N, d], of sequences to test and to fit. */
export interface Before {
  readonly test: Float64Array;
  readonly fit: Float64Array;
}

/** All that figures ask about one representation; each answer is computed once, when it is first asked for. */
export interface Judged {
  readonly representation: Representation;
  readonly data: Data;
  /** Size of an embedding, d. */
  readonly size: number;
  /** Fixations of a sequence, T. */
  readonly steps: number;
  readonly test: () => Seen;
  readonly train: () => Seen;
  /** The target at the last step, had its patch been another one, [N, d]. */
  readonly strangers: () => { readonly random: Float64Array; readonly matched: readonly Float64Array[] };
  /** Squared deviation of the target from its mean at each step, mean over units, [N, T]. */
  readonly deviations: () => Float64Array;
  /** Whether the target is the same for all sequences, at every step that is predicted. */
  readonly collapsed: () => boolean;
  /** Predictions of targets 2 to T, [N, T − 1, d]: the representation's own, or null. */
  readonly own: () => Float64Array | null;
  /** By a ridge regression on h. */
  readonly refit: () => Float64Array;
  /** By a ridge regression on h, the saccade and their products. */
  readonly told: () => Float64Array;
  /** Having seen nothing before the last k fixations that precede the last one. */
  readonly restarted: (k: number) => Before;
  /** Having seen before these the older fixations of a sequence on another image. */
  readonly misled: (k: number) => Before;
  /** Last embeddings and contexts of the labeled sequences; null without labels. */
  readonly labeled: () => { readonly fit: Readout; readonly test: Readout } | null;
}

/** Crops of steps `from` to `to`, not included. */
const cutOf =
  (fixations: Fixations, from: number, to: number): Cut =>
  (which) =>
    fixations.crops(which, from, to);

/** Crops of the fixations before the last, of which all but the last k are those of a partner. */
function cutMisled(fixations: Fixations, partners: Int32Array, k: number): Cut {
  const { steps, scales, size } = fixations;
  const frame = scales * 3 * size * size;
  const [foreign, all] = [steps - 1 - k, steps - 1];
  return (which) => {
    const out = new Float32Array(which.length * all * frame);
    const put = (crops: Float32Array, run: number, first: number): void =>
      which.forEach((_, i) => {
        out.set(crops.subarray(i * run * frame, (i + 1) * run * frame), (i * all + first) * frame);
      });
    const others = which.map((i) => partners[i]);
    put(fixations.crops(others, 0, foreign), foreign, 0);
    put(fixations.crops(which, foreign, all), k, foreign);
    return out;
  };
}

export function judgedOf(representation: Representation, data: Data): Judged {
  const { size: d, target, predict } = representation;
  const { batch } = data;
  const steps = data.test.steps;
  const last = steps - 1;
  const read = (fixations: Fixations, t: number, cut: Cut, others: readonly Strangers[] = []): Readout =>
    readAll(representation, fixations, t, cut, batch, others);
  const seen = (fixations: Fixations, others: readonly Strangers[] = []): Seen => {
    const found = read(fixations, steps, cutOf(fixations, 0, steps), others);
    return {
      ...found,
      count: fixations.count,
      target: target === "fresh" ? found.fresh : found.h,
      saccades: saccadesOf(fixations),
    };
  };
  const test = once(() => seen(data.test, [data.random(), ...data.matched()]));
  const train = once(() => seen(data.fit));
  const before = ({ h }: Readout): Float64Array => stepsOf(h, steps, d, 0, last);
  const after = (s: Seen): Float64Array => stepsOf(s.target, steps, d, 1, steps);
  const deviations = once(() => meanSquares(centered(test().target, steps * d), d));
  const regression = (width: number, features: (s: Seen) => Float64Array): (() => Float64Array) =>
    once(() => {
      const map = fitRidge(features(train()), width, after(train()), d, 1e-3);
      return applyRidge(map, features(test()));
    });
  /** Embeddings of fixation t of t or more. */
  const at = (t: number, { h }: Readout, of = t): Float64Array => stepsOf(h, of, d, t - 1, t);
  return {
    representation,
    data,
    size: d,
    steps,
    test,
    train,
    deviations,
    collapsed: () => stepsOf(deviations(), steps, 1, 1, steps).every((v) => v === 0),
    strangers: once(() => {
      const [random, ...matched] = test().others.map((o) => (target === "fresh" ? o.fresh : o.h));
      return { random, matched };
    }),
    own: once(() => {
      if (predict === undefined) return null;
      const { saccades, count, context } = test();
      const width = context === null ? 0 : context.length / (count * steps);
      const contexts = context === null ? null : stepsOf(context, steps, width, 0, last);
      return representation.predict!(before(test()), saccades, count * last, contexts);
    }),
    refit: regression(d, before),
    told: regression(toldWidth(d), (s) => withSaccades(before(s), d, s.saccades)),
    restarted: (k) => {
      if (k === last) return { test: at(last, test(), steps), fit: at(last, train(), steps) };
      const from = (f: Fixations): Float64Array => at(k, read(f, k, cutOf(f, last - k, last)));
      return { test: from(data.test), fit: from(data.fit) };
    },
    misled: (k) => {
      const from = (f: Fixations, partners: Int32Array): Float64Array =>
        at(last, read(f, last, cutMisled(f, partners, k)));
      return { test: from(data.test, data.partners.test()), fit: from(data.fit, data.partners.train()) };
    },
    labeled: once(() => {
      const given = data.labeled;
      if (given === undefined) return null;
      const of = (f: Fixations): Readout => read(f, f.steps, cutOf(f, 0, f.steps));
      return { fit: of(given.fit), test: of(given.test) };
    }),
  };
}
