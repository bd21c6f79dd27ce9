import { colors } from "../theme.js";
import { type ChartSpec, chartSize } from "./chart.js";

export interface LossPoint {
  /** Fixations seen so far. */
  readonly fixation: number;
  readonly loss: number;
}

interface Bin {
  fixation: number;
  mean: number;
  low: number;
  high: number;
}

const maximumBins = 120;

/** Groups the curve into at most 120 bins of equal count: mean, and where the middle 80 % lie. */
export function binLoss(curve: readonly LossPoint[]): Bin[] {
  const finite = curve.filter((point) => Number.isFinite(point.loss));
  const bins = Math.min(maximumBins, Math.max(1, Math.floor(finite.length / 5)));
  return Array.from({ length: bins }, (_, i) => {
    const part = finite.slice(
      Math.floor((i * finite.length) / bins),
      Math.floor(((i + 1) * finite.length) / bins),
    );
    const sorted = part.map((point) => point.loss).sort((a, b) => a - b);
    const quantile = (q: number) => sorted[Math.round(q * (sorted.length - 1))]!;
    return {
      fixation: part[part.length >> 1]?.fixation ?? 0,
      mean: sorted.reduce((sum, loss) => sum + loss, 0) / sorted.length,
      low: quantile(0.1),
      high: quantile(0.9),
    };
  }).filter((bin) => Number.isFinite(bin.mean));
}

/** Loss over the fixations seen in training. */
export function lossChart(curve: readonly LossPoint[]): ChartSpec {
  const x = {
    field: "fixation",
    type: "quantitative",
    title: "fixations seen",
    axis: { format: "~s", tickCount: 6, labelExpr: "datum.value === 0 ? '0' : datum.label" },
  } as const;
  const scale = { zero: false, nice: true } as const;
  return {
    ...chartSize,
    data: { values: binLoss(curve) },
    layer: [
      {
        mark: { type: "area", color: colors.after, opacity: 0.16 },
        encoding: {
          x,
          y: { field: "low", type: "quantitative", title: "loss", scale },
          y2: { field: "high" },
        },
      },
      {
        mark: { type: "line", color: colors.after, strokeWidth: 2.5, strokeJoin: "round" },
        encoding: { x, y: { field: "mean", type: "quantitative", title: "loss", scale } },
      },
    ],
  };
}
