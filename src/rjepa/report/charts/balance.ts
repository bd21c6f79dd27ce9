import type { Course } from "../../theorem/experiments.js";
import { colors } from "../theme.js";
import { type ChartSpec, chartSize } from "./chart.js";

/** Imbalance over time by experiment, relative to that at the start, on a logarithmic axis; dots are predictions. */
export function balanceChart(courses: Readonly<Record<string, readonly Course[]>>): ChartSpec {
  const rows = Object.entries(courses).flatMap(([run, course]) => course.map((at) => ({ run, ...at })));
  const x = { field: "time", type: "quantitative", title: "time of the gradient flow" } as const;
  const color = {
    field: "run",
    type: "nominal",
    scale: {
      domain: Object.keys(courses),
      range: [colors.after, colors.pass, colors.muted, colors.fail],
    },
    legend: { title: null, columns: 2, labelLimit: 0 },
  } as const;
  const scale = { type: "log" as const, domain: [1e-8, 10], clamp: true };
  return {
    ...chartSize,
    data: { values: rows },
    layer: [
      {
        mark: { type: "line", strokeWidth: 2.5 },
        encoding: {
          x,
          y: {
            field: "measured",
            type: "quantitative",
            title: "imbalance over that at the start",
            scale,
            axis: { values: [1e-8, 1e-6, 1e-4, 1e-2, 1], format: "~e" },
          },
          color,
        },
      },
      {
        transform: [{ filter: "datum.predicted !== null && datum.time % 25 === 0" }],
        mark: { type: "point", filled: true, size: 50, opacity: 1 },
        encoding: { x, y: { field: "predicted", type: "quantitative", scale }, color },
      },
    ],
  };
}
