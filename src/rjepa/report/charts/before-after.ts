import type { LossByStep } from "../data.js";
import { colors } from "../theme.js";
import { type ChartSpec, chartSize } from "./chart.js";

interface Point {
  x: number;
  y: number;
  run: "before" | "after";
}

const runs = ["before", "after"] as const;

/** Loss by time step, before and after training. */
export function lossByStepChart({ firstStep = 2, before, after }: LossByStep): ChartSpec {
  const points = series({ before, after }, firstStep).filter((point) => Number.isFinite(point.y));
  return beforeAfterChart(points, "time step t", "loss at t", "linear");
}

/** Eigenvalues of the covariance of h, largest first, on a logarithmic axis. */
export function spectrumChart(spectrum: { before: readonly number[]; after: readonly number[] }): ChartSpec {
  // An eigenvalue of zero, or one that rounding made negative, has no place on a logarithmic axis.
  const points = series(spectrum, 1).filter((point) => point.y > 0);
  return beforeAfterChart(points, "index of the eigenvalue", "eigenvalue", "log");
}

function series(values: { before: readonly number[]; after: readonly number[] }, first: number): Point[] {
  return runs.flatMap((run) => values[run].map((y, i) => ({ x: first + i, y, run })));
}

function beforeAfterChart(
  points: Point[],
  xTitle: string,
  yTitle: string,
  scale: "linear" | "log",
): ChartSpec {
  const color = {
    field: "run",
    type: "nominal",
    scale: { domain: [...runs], range: [colors.before, colors.after] },
    legend: { title: null, labelExpr: "datum.label + ' training'" },
  } as const;
  const decades = scale === "log" ? powersOfTen(points.map((point) => point.y)) : [];
  return {
    ...chartSize,
    data: { values: points },
    encoding: {
      x: {
        field: "x",
        type: "quantitative",
        title: xTitle,
        scale: { zero: false, nice: false, padding: 12 },
        axis: { tickMinStep: 1, format: "d" },
      },
      y: {
        field: "y",
        type: "quantitative",
        title: yTitle,
        scale:
          scale === "log"
            ? { type: "log", domain: [decades[0]!, decades[decades.length - 1]!] }
            : { zero: true },
        axis: scale === "log" ? { values: decades, format: "~g" } : { tickCount: 6, format: "~g" },
      },
      color,
    },
    layer: [
      { mark: { type: "line", strokeWidth: 2.5 } },
      { mark: { type: "point", filled: true, size: 62, opacity: 1 } },
    ],
  };
}

/** The powers of ten from below the least to above the greatest of positive values, at least two of them. */
function powersOfTen(values: readonly number[]): number[] {
  if (values.length === 0) return [0.1, 1];
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  return Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
}
