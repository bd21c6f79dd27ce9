import type { Figure } from "./_figure.js";
import { stepsOf } from "./judging/arrays.js";
import { identified } from "./judging/identify.js";
import type { Seen } from "./judging/judged.js";

/** How often the same image is found again in another viewer's sequence, by what is held of it at the end. */
export const identification = (
  name: string,
  what: string,
  held: (seen: Seen) => Float64Array | null,
): Figure => ({
  name,
  meaning: `Share of sequences whose image is found among one other sequence of each image, as the nearest in ${what} after the last fixation.`,
  better: "higher",
  unit: "share of sequences",
  chance: ({ data }) => 1 / data.bootstrap.images,
  compute: ({ data, steps, test, train }) => {
    const [all, known] = [held(test()), held(train())];
    if (all === null || known === null) return null;
    const width = all.length / (test().count * steps);
    const last = (x: Float64Array): Float64Array => stepsOf(x, steps, width, steps - 1, steps);
    const found = identified(last(all), last(known), width, data.test.image);
    return data.bootstrap.ratio(
      found.map((v) => (Number.isNaN(v) ? 0 : v)),
      found.map((v) => (Number.isNaN(v) ? 0 : 1)),
      0,
    );
  },
});
