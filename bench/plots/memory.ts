import type { MemoryRow } from "../../src/cli/bench/memory.js";
import { byteLabel, byteTicks } from "../../src/rjepa/report/charts/byte-axis.js";
import type { ChartSpec } from "../../src/rjepa/report/charts/chart.js";
import { caption, ruleColor } from "./draw.js";

/** One number of a plot, planned and, where it was taken, measured. */
interface Point {
  readonly model: string;
  readonly rule: string;
  readonly x: number;
  readonly planned: number;
  readonly measured: number | null;
}

function pointOf(row: MemoryRow, x: number): Point {
  const { model, rule, credit, planned, figure } = row;
  return {
    model,
    rule: credit === "local" ? `${rule} local` : rule,
    x,
    planned,
    measured: figure.kind === "measured" ? figure.arrays : null,
  };
}

/** Planned bytes as lines, measured ones as dots, over x. */
function layers(points: readonly Point[], title: string, values: readonly number[], isLog: boolean) {
  const bytes = points.flatMap((p) => [p.planned, ...(p.measured === null ? [] : [p.measured])]);
  const ticks = byteTicks(bytes);
  const x = {
    field: "x",
    type: "quantitative",
    title,
    scale: { type: isLog ? "log" : "linear", nice: false, zero: false, padding: 12 },
    axis: { values: [...values], format: ",d" },
  } as const;
  const y = (field: string) =>
    ({
      field,
      type: "quantitative",
      title: "memory",
      scale: { type: "log", domain: [ticks[0], ticks[ticks.length - 1]] },
      axis: { values: ticks, labelExpr: byteLabel },
    }) as const;
  return [
    { mark: { type: "line", strokeWidth: 2.2 }, encoding: { x, y: y("planned"), color: ruleColor } },
    {
      transform: [{ filter: "datum.measured !== null" }],
      mark: { type: "point", filled: true, size: 70, opacity: 1 },
      encoding: { x, y: y("measured"), color: ruleColor },
    },
  ] as const;
}

/** Memory over n for each cell, at one length of the sequence. */
export function sizesPlot(rows: readonly MemoryRow[], steps: number): ChartSpec {
  const points = rows.filter((r) => r.steps === steps).map((r) => pointOf(r, Number(r.units)));
  const sizes = [...new Set(points.map((p) => p.x))];
  return {
    title: caption(
      "Memory of one area of n units and n inputs",
      `float64, one stream, T = ${steps}; lines are planned, dots measured`,
    ),
    data: { values: points },
    facet: {
      field: "model",
      type: "nominal",
      title: null,
      header: { labelFontSize: 13, labelFontWeight: 600 },
    },
    columns: 2,
    spec: { width: 330, height: 230, layer: layers(points, "n", sizes, true) },
  } as unknown as ChartSpec;
}

/** Memory over the length of the sequence, one cell at one size. */
export function stepsPlot(rows: readonly MemoryRow[], model: string, units: number): ChartSpec {
  const points = rows
    .filter((r) => r.model === model && r.units === `${units}`)
    .map((r) => pointOf(r, r.steps));
  return {
    title: caption(
      `Memory over the length T of the sequence: ${model}, n = ${units}`,
      "float64, one stream; lines are planned, dots measured",
    ),
    data: { values: points },
    width: 560,
    height: 300,
    layer: layers(points, "T", [...new Set(points.map((p) => p.x))], true),
  } as unknown as ChartSpec;
}

/** Memory over the number of areas. */
export function stacksPlot(rows: readonly MemoryRow[]): ChartSpec {
  const points = rows.map((r) => pointOf(r, r.units.split(" ").length));
  return {
    title: caption(
      "Memory of stacks of mingru areas of 64 units",
      `float64, one stream, T = ${rows[0].steps}; lines are planned, dots measured`,
    ),
    data: { values: points },
    width: 560,
    height: 300,
    layer: layers(points, "areas", [...new Set(points.map((p) => p.x))], false),
  } as unknown as ChartSpec;
}
