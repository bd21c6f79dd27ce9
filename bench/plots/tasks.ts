import type { ChartSpec } from "../../src/rjepa/report/charts/chart.js";
import { colors } from "../../src/rjepa/report/theme.js";
import type { ExperimentResult, Results } from "../tasks/results.js";
import { titleOf } from "../tasks/table.js";

const kinds = ["exact gradient", "approximate", "control"] as const;
const exact: readonly string[] = ["rfp", "bptt"];
const kindOf = (rule: string): (typeof kinds)[number] =>
  exact.includes(rule) ? kinds[0] : rule === "readout only" ? kinds[2] : kinds[1];

/** One panel: a row for each rule, a dot for each seed, and a bar at their mean. */
function panel(result: ExperimentResult) {
  const { score, rules } = result;
  const order = rules.map(({ rule }) => rule);
  const dots = rules.flatMap(({ rule, scores }) =>
    scores.map((value) => ({ rule, score: value, kind: kindOf(rule) })),
  );
  const means = rules.map(({ rule, mean }) => ({ rule, score: mean, kind: kindOf(rule) }));
  const errors = score.better === "lower";
  const x = {
    field: "score",
    type: "quantitative",
    title: `${score.name}, ${score.better} is better`,
    scale: errors ? { type: "log", nice: true } : { domain: [0, 1] },
    axis: { grid: true, format: "~g", tickCount: 6 },
  } as const;
  const y = {
    field: "rule",
    type: "nominal",
    title: null,
    sort: order,
    axis: { grid: false, domain: false, labelLimit: 200 },
  } as const;
  const color = {
    field: "kind",
    type: "nominal",
    scale: { domain: [...kinds], range: [colors.after, colors.accent, colors.before] },
    legend: { title: null, orient: "top" },
  } as const;
  return {
    title: { text: titleOf(result), anchor: "start", fontSize: 13.5, color: colors.ink, offset: 8 },
    width: 330,
    height: { step: 22 },
    layer: [
      {
        data: { values: [{ score: score.chance }] },
        mark: { type: "rule", strokeDash: [4, 4], color: colors.muted },
        encoding: { x },
      },
      {
        data: { values: dots },
        mark: { type: "point", filled: true, size: 46, opacity: 0.55 },
        encoding: { x, y, color },
      },
      {
        data: { values: means },
        mark: { type: "tick", thickness: 3, size: 17 },
        encoding: { x, y, color },
      },
    ],
  };
}

/** What each rule learned: scores by task, a dot for each seed, a bar at their mean, a dashed line at chance. */
export function tasksChart({ experiments }: Results): ChartSpec {
  return {
    concat: experiments.map(panel),
    columns: 2,
    spacing: 34,
    resolve: { legend: { color: "shared" } },
  } as unknown as ChartSpec;
}
