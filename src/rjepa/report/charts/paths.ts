import type { Shape } from "../../figures/judging/portrait.js";
import { colors, timeColors } from "../theme.js";
import type { ChartSpec } from "./chart.js";

/** h(t) of some sequences on their two principal axes; time is color, the mean of all sequences is drawn bold. */
export function pathsChart({ paths, mean, explained }: Shape): ChartSpec {
  const pointsOf = (path: Shape["mean"], sequence: number) =>
    path.map(([x, y], t) => ({ sequence, step: t + 1, x, y }));
  const axis = (k: 0 | 1) => ({
    field: k === 0 ? "x" : "y",
    type: "quantitative" as const,
    title: `axis ${k + 1} (${Math.round(100 * explained[k])} % of the variance)`,
    scale: { zero: false, nice: true },
    axis: { tickCount: 5, grid: true, format: "~r" },
  });
  const color = {
    field: "step",
    type: "quantitative",
    title: "t",
    scale: { range: [...timeColors] },
    legend: { gradientLength: 130, gradientThickness: 9, tickMinStep: 1, format: "d" },
  } as const;
  const order = { field: "step", type: "quantitative" } as const;
  const encoding = { x: axis(0), y: axis(1) };
  return {
    width: 420,
    height: 340,
    autosize: { type: "fit", contains: "padding" },
    layer: [
      {
        data: { values: paths.flatMap(pointsOf) },
        encoding,
        layer: [
          {
            mark: { type: "line", color: colors.before, strokeWidth: 1, opacity: 0.28 },
            encoding: { detail: { field: "sequence" }, order },
          },
          { mark: { type: "point", filled: true, size: 20, opacity: 0.75 }, encoding: { color } },
        ],
      },
      {
        data: { values: pointsOf(mean, 0) },
        encoding,
        layer: [
          { mark: { type: "line", color: "white", strokeWidth: 6 }, encoding: { order } },
          { mark: { type: "line", color: colors.ink, strokeWidth: 2.5 }, encoding: { order } },
          {
            mark: {
              type: "point",
              filled: true,
              size: 95,
              opacity: 1,
              stroke: "white",
              strokeWidth: 1.5,
            },
            encoding: { color },
          },
        ],
      },
    ],
  };
}
