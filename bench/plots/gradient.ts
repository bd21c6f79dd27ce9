import type { GradientRow } from "../../src/cli/bench/gradient.js";
import type { ChartSpec } from "../../src/rjepa/report/charts/chart.js";
import { timeColors } from "../../src/rjepa/report/theme.js";

/** Exact rules on top, then by name. */
const order = { exact: 0, unbiased: 1, biased: 2 } as const;

/** Cosine with the exact gradient per area of the deepest stacks, a panel per self-weight. */
export function gradientPlot(rows: readonly GradientRow[]): ChartSpec {
  const deepest = Math.max(...rows.map((r) => r.areas));
  const shown = rows.filter((r) => r.areas === deepest);
  const rules = [...new Set([...shown].sort((a, b) => order[a.claim] - order[b.claim]).map((r) => r.rule))];
  const points = shown.map(({ rule, area, selfWeight, figure }) => ({
    rule,
    area: `area ${area}`,
    panel: `self-weight ${selfWeight}`,
    cosine: figure.kind === "measured" ? figure.cosine : null,
  }));
  const x = {
    field: "cosine",
    type: "quantitative",
    title: "cosine with the exact gradient",
    scale: { domain: [-0.2, 1] },
    axis: { values: [0, 0.25, 0.5, 0.75, 1], grid: true },
  };
  const y = { field: "rule", type: "nominal", title: null, sort: rules, axis: { grid: true } };
  return {
    title: {
      text: `How near each rule comes to the gradient: ${deepest} leaky areas`,
      subtitle: "means over seeds; area 1 is the lowest; exact rules on top, then unbiased and biased ones",
      anchor: "start",
      fontSize: 15,
      subtitleFontSize: 12.5,
      offset: 12,
    },
    data: { values: points },
    facet: {
      field: "panel",
      type: "nominal",
      title: null,
      header: { labelFontSize: 13, labelFontWeight: 600 },
    },
    columns: 3,
    spec: {
      width: 210,
      height: 300,
      layer: [
        {
          transform: [{ filter: "datum.cosine !== null" }],
          mark: { type: "point", filled: true, size: 90, opacity: 0.9 },
          encoding: {
            x,
            y,
            color: {
              field: "area",
              type: "nominal",
              scale: { range: [timeColors[0], timeColors[2], timeColors[4]] },
              legend: { title: null },
            },
          },
        },
        {
          transform: [{ filter: "datum.cosine === null && datum.area === 'area 1'" }],
          mark: { type: "text", text: "refused", align: "left", fontStyle: "italic" },
          encoding: { x: { datum: 0 }, y },
        },
      ],
    },
  } as unknown as ChartSpec;
}
