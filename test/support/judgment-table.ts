import type { FigureValue } from "../../src/rjepa/figures/_figure.js";
import type { Estimate } from "../../src/rjepa/figures/judging/estimate.js";
import type { FigureName, Judgment } from "../../src/rjepa/figures/judging/judge.js";
import type { JudgmentTable } from "../../src/rjepa/figures/judging/table.js";

const figures = [
  "matchedAcc",
  "identificationH",
  "identificationC",
  "probeH",
  "overCopy",
  "colorShare",
  "rankMe",
  "variance",
] as const satisfies readonly FigureName[];

/** Half of each interval; none for ranks. */
const halves = [0.024, 0.041, 0.043, 0.028, 0.031, 0.004, 0, 0.012];

const estimate = (value: number, half: number): Estimate => ({
  value,
  interval: half > 0 ? [value - half, value + half] : null,
});

function judgment(values: readonly (number | null)[], memory: readonly number[]): Judgment {
  const found = figures.flatMap((name, k) => {
    const value = values[k];
    return [[name, value === null ? null : estimate(value, halves[k])] as const];
  });
  const series = memory.map((value, i) => ({ at: i + 1, ...estimate(value, 0.02) }));
  const fall: FigureValue | null =
    memory.length === 0 ? null : { ...estimate(memory[0] - memory[memory.length - 1], 0.016), series };
  return { ...Object.fromEntries(found), memoryCurve: fall };
}

const rows: Readonly<Record<string, Judgment>> = {
  content: judgment(
    [0.752, 0.38, 0.391, 0.31, 0.33, 0.021, 17.9, 0.45],
    [0.688, 0.69, 0.7, 0.705, 0.709, 0.711, 0.713],
  ),
  memory: judgment(
    [0.741, 0.2, 0.23, 0.27, 0.1, 0.002, 14.5, 0.49],
    [0.653, 0.641, 0.636, 0.631, 0.627, 0.624, 0.621],
  ),
  untrained: judgment(
    [0.59, 0.11, 0.11, 0.22, 0.2, 0.012, 17.1, 1.0],
    [0.955, 0.957, 0.96, 0.962, 0.965, 0.967, 0.969],
  ),
  shuffled: judgment(
    [0.55, 0.09, 0.12, 0.23, 0.02, 0.011, 15.2, 0.04],
    [0.98, 0.98, 0.98, 0.981, 0.982, 0.982, 0.983],
  ),
  "mean color, leak 0.5": judgment([0.51, 0.03, null, 0.3, 0.05, 0.97, 2.8, 0.6], []),
  "texture energy, leak 0": judgment(
    [0.732, 0.16, null, 0.31, 0.2, 0.05, 9.1, 0.02],
    [0.604, 0.604, 0.604, 0.604, 0.604, 0.604, 0.604],
  ),
  "texture energy, leak 0.5": judgment(
    [0.71, 0.29, null, 0.328, 0.1, 0.05, 9.1, 0.02],
    [0.604, 0.592, 0.587, 0.583, 0.58, 0.578, 0.576],
  ),
  "texture energy, leak 0.9": judgment([0.66, 0.59, null, 0.32, 0.02, 0.05, 9.1, 0.02], []),
  "random projection, 16, leak 0": judgment([0.6, 0.08, null, 0.24, 0.1, 0.02, 13, 1], []),
  "raw pixels": judgment([null, null, null, 0.364, null, null, null, null], []),
};

const baselines = Object.keys(rows).slice(4);
const all: FigureName[] = [...figures, "memoryCurve"];

/** Numbers like those of recordings, for what shows them. */
export const judgmentTable: JudgmentTable = {
  representations: Object.keys(rows).slice(0, 4),
  baselines,
  images: 100,
  sizes: Object.fromEntries(Object.keys(rows).map((name) => [name, name === "raw pixels" ? 768 : 24])),
  rows,
  best: Object.fromEntries(
    all.map((figure) => {
      const sign = figure === "colorShare" ? -1 : 1;
      const known = baselines.filter((name) => rows[name][figure]);
      const better = (a: string, b: string): string =>
        sign * rows[b][figure]!.value > sign * rows[a][figure]!.value ? b : a;
      const name = known.length === 0 ? null : known.reduce(better);
      return [figure, name === null ? null : { name, value: rows[name][figure]! }];
    }),
  ),
  chance: {
    matchedAcc: 0.5,
    identificationH: 0.01,
    identificationC: 0.01,
    probeH: 0.1,
    overCopy: 0,
    colorShare: null,
    rankMe: null,
    variance: 0,
    memoryCurve: 0,
  },
  margins: Object.fromEntries(
    Object.keys(rows)
      .slice(0, 4)
      .map((row) => [
        row,
        Object.fromEntries(
          all.map((figure) => [
            figure,
            Object.fromEntries(
              Object.keys(rows)
                .filter((other) => other !== row)
                .map((other) => {
                  const [a, b] = [rows[row][figure], rows[other][figure]];
                  const half = a?.interval ? (a.interval[1] - a.interval[0]) / 2 : 0;
                  return [other, a && b && half > 0 ? estimate(a.value - b.value, 0.9 * half) : null];
                }),
            ),
          ]),
        ),
      ]),
  ),
};
