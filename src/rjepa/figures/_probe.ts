import type { Figure } from "./_figure.js";
import { stepsOf } from "./judging/arrays.js";
import { probed } from "./judging/probe.js";
import type { Fixations, Readout } from "./representation.js";

/** How many classes there are. */
const classesOf = (...labels: readonly ArrayLike<number>[]): number =>
  1 + labels.reduce((most, l) => Array.from(l).reduce((a, b) => Math.max(a, b), most), 0);

/** How often a ridge classifier names the class of a labeled image, by what is held of it after the last fixation. */
export const probe = (
  name: string,
  what: string,
  held: (readout: Readout) => Float64Array | null,
): Figure => ({
  name,
  meaning: `Share of labeled test images whose class a ridge classifier tells from ${what} after the last fixation.`,
  better: "higher",
  unit: "share of images",
  chance: ({ data: { labeled } }) =>
    labeled === undefined ? 0 : 1 / classesOf(labeled.fitLabels, labeled.testLabels),
  compute: ({ data, labeled }) => {
    const [given, read] = [data.labeled, labeled()];
    if (given === undefined || read === null) return null;
    const [fit, test] = [held(read.fit), held(read.test)];
    if (fit === null || test === null) return null;
    const { count, steps } = given.fit;
    const width = fit.length / (count * steps);
    const last = (x: Float64Array, of: Fixations): Float64Array =>
      stepsOf(x, of.steps, width, of.steps - 1, of.steps);
    const right = probed(
      {
        fit: last(fit, given.fit),
        fitLabels: given.fitLabels,
        fitImage: given.fit.image,
        test: last(test, given.test),
        testLabels: given.testLabels,
        classes: classesOf(given.fitLabels, given.testLabels),
      },
      width,
      data.key,
    );
    return data.labeledBootstrap!.mean(right);
  },
});
