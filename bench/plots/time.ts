import type { TimeRow } from "../../src/cli/bench/time.js";
import type { ChartSpec } from "../../src/rjepa/report/charts/chart.js";
import { caption, ruleColor } from "./draw.js";

/** Time per step over n for each cell, with the quartiles. */
export function timePlot(rows: readonly TimeRow[]): ChartSpec {
  const points = rows.flatMap(({ model, units, rule, figure }) =>
    figure.kind === "measured"
      ? [
          {
            model,
            rule,
            n: Number(units),
            time: 1000 * figure.secondsPerStep,
            low: 1000 * figure.quartiles[0],
            high: 1000 * figure.quartiles[1],
          },
        ]
      : [],
  );
  const x = {
    field: "n",
    type: "quantitative",
    title: "n",
    scale: { type: "log", nice: false, padding: 12 },
    axis: { values: [...new Set(points.map((p) => p.n))], format: ",d" },
  };
  const y = {
    field: "time",
    type: "quantitative",
    title: "milliseconds per step",
    scale: { type: "log" },
    axis: { values: [0.1, 1, 10, 100, 1000, 10_000], format: "~r" },
  };
  return {
    title: caption(
      "Time per step, gradient included",
      "one area of n units and n inputs, float64, one stream; bars are quartiles",
    ),
    data: { values: points },
    facet: {
      field: "model",
      type: "nominal",
      title: null,
      header: { labelFontSize: 13, labelFontWeight: 600 },
    },
    columns: 2,
    spec: {
      width: 330,
      height: 230,
      encoding: { x, y, color: ruleColor },
      layer: [
        { mark: { type: "line", strokeWidth: 2.2 } },
        { mark: { type: "point", filled: true, size: 60, opacity: 1 } },
        {
          mark: { type: "rule", strokeWidth: 2 },
          encoding: { y: { ...y, field: "low" }, y2: { field: "high" } },
        },
      ],
    },
  } as unknown as ChartSpec;
}
