import { headlines } from "../../figures/judging/headline.js";
import type { FigureName } from "../../figures/judging/judge.js";
import type { JudgmentTable } from "../../figures/judging/table.js";
import { colors } from "../theme.js";
import type { ChartSpec } from "./chart.js";

/** Which rows have not learned what the others are to learn. */
export interface RowKinds {
  readonly untrained?: string;
  readonly controls?: readonly string[];
}

/** Baselines that share a line of a chart, by what they know. */
const groups = ["texture energy", "color", "other baselines"] as const;
const groupOf = (name: string): (typeof groups)[number] =>
  name.startsWith("texture energy") ? "texture energy" : name.includes("color") ? "color" : "other baselines";

const kindColors = { model: colors.after, control: colors.before, baseline: colors.accent } as const;

interface Mark {
  readonly line: string;
  readonly kind: keyof typeof kindColors;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const height = 23;
const longest = 22;
const shortened = (name: string): string => (name.length > longest ? `${name.slice(0, longest - 1)}…` : name);

/**
 * One figure of all rows: each representation on a line of its own with its interval, baselines as ticks on shared lines, the
 * best of each with its interval, and a dashed line for chance. Texture energy and color always have a line. `null` where no
 * row has the figure.
 */
export function figureChart(
  table: JudgmentTable,
  figure: FigureName,
  kinds: RowKinds = {},
): ChartSpec | null {
  const unlearned = new Set([kinds.untrained, ...(kinds.controls ?? [])]);
  const marksOf = (
    names: readonly string[],
    kind: (name: string) => Mark["kind"],
    line: (name: string) => string,
  ) =>
    names.flatMap((name): Mark[] => {
      const found = table.rows[name]?.[figure];
      if (!found || !Number.isFinite(found.value)) return [];
      const [low, high] = (found.interval ?? [found.value, found.value]).map((v) =>
        Number.isFinite(v) ? v : found.value,
      );
      return [{ line: line(name), kind: kind(name), value: found.value, low, high }];
    });
  const own = marksOf(
    table.representations,
    (name) => (unlearned.has(name) ? "control" : "model"),
    shortened,
  );
  const ticks = marksOf(table.baselines, () => "baseline", groupOf);
  if (own.length + ticks.length === 0) return null;
  const others = groups.filter((g) => g !== "other baselines" || ticks.some(({ line }) => line === g));
  const comparable = headlines(table).find((line) => line.figure === figure)?.comparable;
  const best = others.flatMap((group) => {
    const inside = ticks.filter(({ line }) => line === group);
    const name = comparable ? table.best[figure]?.name : undefined;
    if (inside.length === 0 || name === undefined || groupOf(name) !== group) return [];
    const { value } = table.rows[name][figure]!;
    return inside.filter((mark) => mark.value === value).slice(0, 1);
  });
  const chance = table.chance[figure];
  const lines = [...table.representations.map(shortened), ...others];
  const empty = lines.filter((line) => [...own, ...ticks].every((mark) => mark.line !== line));
  const y = {
    field: "line",
    type: "nominal",
    title: null,
    scale: { domain: lines },
    axis: { grid: false, labelLimit: 260, labelFontSize: 12.5 },
  } as const;
  const color = {
    field: "kind",
    type: "nominal",
    scale: { domain: Object.keys(kindColors), range: Object.values(kindColors) },
    legend: null,
  } as const;
  const x = {
    field: "value",
    type: "quantitative",
    title: null,
    scale: { zero: false, nice: true },
    axis: { grid: true, tickCount: 5, format: "~r" },
  } as const;
  const ends = { x: { ...x, field: "low" }, x2: { field: "high" } } as const;
  return {
    width: 400,
    height: height * lines.length + 42,
    autosize: { type: "fit", contains: "padding" },
    encoding: { y, color },
    layer: [
      ...(typeof chance === "number"
        ? [
            {
              data: { values: [{ chance }] },
              mark: { type: "rule", strokeDash: [4, 4], color: colors.muted, strokeWidth: 1.5 },
              encoding: { x: { ...x, field: "chance" }, y: null, color: null },
            } as const,
          ]
        : []),
      {
        data: { values: empty.map((line) => ({ line })) },
        mark: {
          type: "text",
          text: "no such figure",
          align: "right",
          dx: -8,
          fontSize: 11.5,
          color: colors.muted,
        },
        encoding: { x: { value: "width" }, color: null },
      },
      {
        data: { values: ticks },
        mark: { type: "tick", thickness: 2, size: 14, opacity: 0.75 },
        encoding: { x },
      },
      { data: { values: best }, mark: { type: "rule", strokeWidth: 1.5 }, encoding: ends },
      { data: { values: own }, mark: { type: "rule", strokeWidth: 2.5 }, encoding: ends },
      { data: { values: own }, mark: { type: "point", filled: true, size: 70, opacity: 1 }, encoding: { x } },
    ],
  } as ChartSpec;
}
