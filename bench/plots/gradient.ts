import type { GradientRow } from "../../src/cli/bench/gradient.js";
import type { ChartSpec } from "../../src/rjepa/report/charts/chart.js";
import { timeColors } from "../../src/rjepa/report/theme.js";
import { caption } from "./draw.js";

/** Exact rules on top, then unbiased, then biased ones. */
const order = { exact: 0, unbiased: 1, biased: 2 } as const;

/** Cosine with the exact gradient and ratio of norms, per area of the deepest stacks, a panel per self-weight. */
export function gradientPlot(rows: readonly GradientRow[]): ChartSpec {
  const deepest = Math.max(...rows.map((r) => r.areas));
  const shown = rows.filter((r) => r.areas === deepest);
  const rules = [...new Set([...shown].sort((a, b) => order[a.claim] - order[b.claim]).map((r) => r.rule))];
  const points = shown.map(({ rule, area, selfWeight, figure }) => ({
    rule,
    area: `area ${area}`,
    panel: `self-weight ${selfWeight}`,
    cosine: figure.kind === "measured" ? figure.cosine : null,
    ratio: figure.kind === "measured" ? figure.normRatio : null,
  }));
  const y = { field: "rule", type: "nominal", title: null, sort: rules, axis: { grid: true } };
  const color = {
    field: "area",
    type: "nominal",
    scale: { range: [timeColors[0], timeColors[2], timeColors[4]] },
    legend: { title: null },
  };
  const panels = (x: { readonly field: string }, middle: number) => ({
    facet: {
      field: "panel",
      type: "nominal",
      title: null,
      header: { labelFontSize: 13, labelFontWeight: 600 },
    },
    columns: 3,
    spec: {
      width: 210,
      height: 270,
      layer: [
        {
          transform: [{ filter: `datum.${x.field} !== null` }],
          mark: { type: "point", filled: true, size: 90, opacity: 0.9 },
          encoding: { x, y, color },
        },
        {
          transform: [{ filter: `datum.${x.field} === null && datum.area === 'area 1'` }],
          mark: { type: "text", text: "refused", fontStyle: "italic" },
          encoding: { x: { datum: middle }, y },
        },
      ],
    },
  });
  const cosine = {
    field: "cosine",
    type: "quantitative",
    title: "cosine with the exact gradient",
    scale: { domain: [-0.2, 1] },
    axis: { values: [0, 0.5, 1], format: "~r", grid: true },
  };
  const ratio = {
    field: "ratio",
    type: "quantitative",
    title: "norm ratio",
    scale: { type: "log", domain: [0.003, 100] },
    axis: { values: [0.01, 0.1, 1, 10, 100], format: "~r", grid: true },
  };
  return {
    title: caption(
      `How near each rule comes to the gradient: ${deepest} leaky areas`,
      "means over random models; area 1 is the lowest; exact rules on top, then unbiased, then biased ones",
    ),
    data: { values: points },
    vconcat: [panels(cosine, 0.4), panels(ratio, 0.5)],
  } as unknown as ChartSpec;
}
