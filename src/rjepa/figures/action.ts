import type { Figure } from "./_figure.js";
import { beside, columnMeans, stepsOf } from "./judging/arrays.js";
import type { Terms } from "./judging/bootstrap.js";
import type { Judged, Seen } from "./judging/judged.js";
import { applyRidge, fitRidge } from "./judging/ridge.js";
import type { Fixations } from "./representation.js";

/** Where the eye is before each saccade, over the diagonal, [N (T − 1), 2]. */
function positions({ steps, positions, diagonal }: Fixations): Float64Array {
  const over = positions.map((v, at) => v / diagonal[Math.floor(at / (2 * steps))]);
  return stepsOf(over, steps, 2, 0, steps - 1);
}

/** The saccade before each one, 0 before the first, [N (T − 1), 2]. */
function previous({ saccades }: Seen, steps: number): Float64Array {
  const out = new Float64Array(saccades.length);
  for (let at = 2; at < out.length; at++)
    if (Math.floor(at / 2) % (steps - 1) > 0) out[at] = saccades[at - 2];
  return out;
}

/** R² of saccades by a ridge regression on features, against the mean saccade of the sequences to fit. */
function explained(
  { data, steps, test, train }: Judged,
  features: (seen: Seen, fixations: Fixations) => Float64Array,
): Terms {
  const [toFit, real] = [train().saccades, test().saccades];
  const known = features(train(), data.fit);
  const width = known.length / (toFit.length / 2);
  const map = fitRidge(known, width, toFit, 2, 1e-2);
  const predicted = applyRidge(map, features(test(), data.test));
  const mean = columnMeans(toFit, 2);
  const [above, below] = [new Float64Array(test().count), new Float64Array(test().count)];
  for (let at = 0; at < real.length; at++) {
    const i = Math.floor(at / (2 * (steps - 1)));
    const spread = (real[at] - mean[at % 2]) ** 2;
    below[i] += spread;
    above[i] += spread - (real[at] - predicted[at]) ** 2;
  }
  return data.bootstrap.ratio(above, below, 0);
}

export const figure: Figure = {
  name: "action",
  meaning:
    "Share of the variance of the next saccade that is linear in the recurrent states, and in where the eye is and came from.",
  better: "higher",
  unit: "of the variance",
  chance: 0,
  compute: (judged) => {
    const { steps } = judged;
    const states = (seen: Seen): Float64Array => {
      const held = seen.context ?? seen.h;
      return stepsOf(held, steps, held.length / (seen.count * steps), 0, steps - 1);
    };
    const eye = (seen: Seen, f: Fixations): Float64Array =>
      beside(seen.count * (steps - 1), positions(f), previous(seen, steps));
    const of = (at: string, features: (seen: Seen, f: Fixations) => Float64Array) => ({
      at,
      ...explained(judged, features),
    });
    const context = explained(judged, states);
    return {
      ...context,
      series: [
        { at: "context", ...context },
        of("context, position and last saccade", (s, f) =>
          beside(s.count * (steps - 1), states(s), eye(s, f)),
        ),
        of("position and last saccade", eye),
        of("position", (_, f) => positions(f)),
        of("last saccade", (s) => previous(s, steps)),
      ],
    };
  },
};
