import { withInterval } from "../../figures/judging/numbers.js";
import type { JudgmentTable } from "../../figures/judging/table.js";
import { colors } from "../theme.js";
import type { ChartSpec } from "./chart.js";
import type { RowKinds } from "./figures.js";

export interface MemoryRows extends RowKinds {
  /** The row that the chart is about. */
  readonly model: string;
  /** The same without recurrence. */
  readonly feedForward?: string;
}

/** Whether the error falls with what was seen, by the interval of its fall. */
export function memoryTitle(table: JudgmentTable, model: string): string {
  const fall = table.rows[model]?.memoryCurve;
  if (!fall?.interval) return "Whether memory helps is not known";
  const [low, high] = fall.interval;
  const rise = { value: -fall.value, interval: [-high, -low] as const };
  if (low > 0) return `The more was seen, the lower the error: it falls by ${withInterval(fall)}`;
  if (high < 0) return `The more was seen, the higher the error: it rises by ${withInterval(rise)}`;
  return `The error does not fall with what was seen: ${withInterval(rise, true)}`;
}

/**
 * Error for the last patch by how many fixations before it were seen, with bands of 95 %: the model, its untrained and
 * feed-forward rows, and the texture energy that does best. `null` where the model has no such curve.
 */
export function memoryCurveChart(table: JudgmentTable, rows: MemoryRows): ChartSpec | null {
  const { model, untrained, feedForward } = rows;
  const seriesOf = (name: string) => table.rows[name]?.memoryCurve?.series ?? [];
  const lastOf = (name: string): number => seriesOf(name).at(-1)?.value ?? Number.POSITIVE_INFINITY;
  const [texture] = table.baselines
    .filter((name) => name.startsWith("texture energy") && seriesOf(name).length > 0)
    .sort((a, b) => lastOf(a) - lastOf(b));
  if (seriesOf(model).length === 0) return null;
  const shown = [
    { name: model, color: colors.after },
    { name: untrained, color: colors.before },
    { name: feedForward, color: colors.pass },
    { name: texture, color: colors.accent },
  ].filter(
    (row): row is { name: string; color: typeof row.color } =>
      row.name !== undefined && seriesOf(row.name).length > 0,
  );
  const values = shown.flatMap(({ name }) =>
    seriesOf(name).flatMap(({ at, value, interval }) =>
      Number.isFinite(value)
        ? [{ name, k: at, value, low: interval?.[0] ?? value, high: interval?.[1] ?? value }]
        : [],
    ),
  );
  const color = {
    field: "name",
    type: "nominal",
    scale: { domain: shown.map(({ name }) => name), range: shown.map((row) => row.color) },
    // a line each, as names may be long
    legend: { title: null, columns: 1, labelLimit: 400, symbolType: "stroke", symbolOpacity: 1 },
  } as const;
  const scale = { zero: false, nice: true } as const;
  const y = {
    type: "quantitative",
    title: "error over the variance",
    scale,
    axis: { tickCount: 6, format: "~g" },
  } as const;
  return {
    width: 420,
    height: 330,
    autosize: { type: "fit", contains: "padding" },
    data: { values },
    encoding: {
      x: {
        field: "k",
        type: "quantitative",
        title: "fixations seen before the last one, k",
        scale: { zero: false, nice: false, padding: 12 },
        axis: { tickMinStep: 1, format: "d" },
      },
      color,
    },
    layer: [
      {
        mark: { type: "area", opacity: 0.16 },
        encoding: { y: { ...y, field: "low" }, y2: { field: "high" } },
      },
      { mark: { type: "line", strokeWidth: 2.5 }, encoding: { y: { ...y, field: "value" } } },
      {
        mark: { type: "point", filled: true, size: 50, opacity: 1 },
        encoding: { y: { ...y, field: "value" } },
      },
    ],
  };
}
