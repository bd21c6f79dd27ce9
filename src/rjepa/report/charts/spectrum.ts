import type { Portrait } from "../../figures/judging/portrait.js";
import { type ChartSpec, chartSize } from "./chart.js";
import { type PortraitRows, shownRows } from "./portrait-rows.js";

/** An eigenvalue below this share of the largest of its row is rounding in float32, squared. */
const rounding = 1e-12;
/** Decades that are drawn at the most: what is smaller lies on the lowest line. */
const deepest = 12;

/** Eigenvalues of the covariance of h, largest first, on a logarithmic axis, one line for each row. */
export function spectrumChart(portraits: Readonly<Record<string, Portrait>>, rows: PortraitRows): ChartSpec {
  const lines = shownRows(portraits, rows).flatMap(({ name, color, portrait: { shape } }) =>
    shape === null ? [] : [{ name, color, spectrum: shape.spectrum }],
  );
  // zero, and what rounding makes of it, has no place on a logarithmic axis
  const values = lines.flatMap(({ name, spectrum }) =>
    spectrum.flatMap((value, i) => (value > rounding * spectrum[0] ? [{ name, index: i + 1, value }] : [])),
  );
  const decades = powersOfTen(values.map(({ value }) => value));
  return {
    ...chartSize,
    width: 420,
    data: { values },
    encoding: {
      x: {
        field: "index",
        type: "quantitative",
        title: "index of the eigenvalue",
        scale: { zero: false, nice: false, padding: 12 },
        axis: { tickMinStep: 1, format: "d" },
      },
      y: {
        field: "value",
        type: "quantitative",
        title: "eigenvalue",
        scale: { type: "log", domain: [decades[0], decades[decades.length - 1]], clamp: true },
        axis: { values: decades, format: "~g" },
      },
      color: {
        field: "name",
        type: "nominal",
        scale: { domain: lines.map(({ name }) => name), range: lines.map(({ color }) => color) },
        legend: { title: null, columns: 3, labelLimit: 190 },
      },
    },
    layer: [
      { mark: { type: "line", strokeWidth: 2.2 } },
      { mark: { type: "point", filled: true, size: 36, opacity: 1 } },
    ],
  };
}

/** The powers of ten from below the least to above the greatest of positive values, at least two of them. */
function powersOfTen(values: readonly number[]): number[] {
  if (values.length === 0) return [0.1, 1];
  const high = Math.ceil(Math.log10(Math.max(...values)));
  const low = Math.max(high - deepest, Math.min(high - 1, Math.floor(Math.log10(Math.min(...values)))));
  return Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
}
