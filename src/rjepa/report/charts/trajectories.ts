import type { TrajectoryPoint } from "../data.js";
import { colors, timeColors } from "../theme.js";
import { type ChartSpec, chartSize } from "./chart.js";

const maximumSequences = 60;

/** h(t) of up to 60 sequences on two principal axes; time is color, the mean of all is drawn bold. */
export function trajectoriesChart(
  points: readonly TrajectoryPoint[],
  explained: readonly [number, number],
): ChartSpec {
  const shown = new Set([...new Set(points.map((point) => point.sequence))].slice(0, maximumSequences));
  const axis = (n: 1 | 2) => ({
    field: n === 1 ? "x" : "y",
    type: "quantitative" as const,
    title: `PC ${n} (${Math.round(100 * explained[n - 1]!)} % of the variance)`,
    scale: { zero: false, nice: true },
    axis: { tickCount: 5, grid: true },
  });
  const color = {
    field: "step",
    type: "quantitative",
    title: "time step t",
    scale: { range: [...timeColors] },
    legend: { gradientLength: 150, gradientThickness: 9, tickMinStep: 1, format: "d" },
  } as const;
  const order = { field: "step", type: "quantitative" } as const;
  return {
    ...chartSize,

    layer: [
      {
        data: { values: points.filter((point) => shown.has(point.sequence)) },
        encoding: { x: axis(1), y: axis(2) },
        layer: [
          {
            mark: { type: "line", color: colors.before, strokeWidth: 1, opacity: 0.28 },
            encoding: { detail: { field: "sequence" }, order },
          },
          { mark: { type: "point", filled: true, size: 24, opacity: 0.75 }, encoding: { color } },
        ],
      },
      {
        data: { values: meanTrajectory(points) },
        encoding: { x: axis(1), y: axis(2) },
        layer: [
          { mark: { type: "line", color: "white", strokeWidth: 6 }, encoding: { order } },
          { mark: { type: "line", color: colors.ink, strokeWidth: 2.5 }, encoding: { order } },
          {
            mark: { type: "point", filled: true, size: 110, opacity: 1, stroke: "white", strokeWidth: 1.5 },
            encoding: { color },
          },
        ],
      },
    ],
  };
}

function meanTrajectory(points: readonly TrajectoryPoint[]): { step: number; x: number; y: number }[] {
  const sums = new Map<number, { n: number; x: number; y: number }>();
  for (const { step, x, y } of points) {
    const sum = sums.get(step) ?? { n: 0, x: 0, y: 0 };
    sums.set(step, { n: sum.n + 1, x: sum.x + x, y: sum.y + y });
  }
  return [...sums]
    .sort(([a], [b]) => a - b)
    .map(([step, sum]) => ({ step, x: sum.x / sum.n, y: sum.y / sum.n }));
}
