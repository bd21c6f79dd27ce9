import type { Figure } from "./_figure.js";
import { centered, stepsOf } from "./judging/arrays.js";
import { effectiveRank } from "./judging/effective-rank.js";
import { failing } from "./judging/estimate.js";
import { crossOf } from "./judging/products.js";

export const figure: Figure = {
  name: "rankMe",
  meaning:
    "Effective rank of the target, less its mean at each step, by its singular values (Garrido et al. 2023).",
  better: "higher",
  unit: "of d",
  chance: null,
  compute: ({ data, size: d, steps, test, collapsed }) => {
    if (collapsed()) return failing(0);
    const rows = centered(stepsOf(test().target, steps, d, 1, steps), (steps - 1) * d);
    const { values } = data.algebra.eigen(crossOf(rows, d, rows, d).slice(), d);
    // resampled images repeat rows, which lowers a rank: no interval
    return { value: effectiveRank(values.map((v) => Math.sqrt(Math.max(0, v)))), interval: null };
  },
};
