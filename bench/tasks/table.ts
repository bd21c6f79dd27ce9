import type { Agreement, ExperimentResult, Results, RuleResult } from "./results.js";

const digits = (x: number): string => (Math.abs(x) >= 0.01 || x === 0 ? x.toFixed(3) : x.toExponential(1));

const columns = ["rule", "rate", "score ± sd", "loss", "s/update"] as const;

function scored({ mean, deviation, diverged }: RuleResult, seeds: number): string {
  const failed = diverged ? ` (${diverged} of ${seeds} diverged)` : "";
  return `${digits(mean)} ± ${digits(deviation)}${failed}`;
}

function cellsOf(rule: RuleResult, seeds: number): string[] {
  return [
    rule.rule,
    `${rule.rate}`,
    scored(rule, seeds),
    rule.loss === null ? "none" : digits(rule.loss),
    digits(rule.secondsPerUpdate),
  ];
}

/** Such as `copy, T = 50`. */
export const titleOf = ({ task, architecture, steps }: ExperimentResult): string =>
  `${task}, T = ${steps}${architecture === "stack" ? ", stack of two areas" : ""}`;

const heading = (result: ExperimentResult): string =>
  `${titleOf(result)}: ${result.updates} updates; ${result.score.name}, ${result.score.better} is better, chance ${digits(result.score.chance)}`;

function agreementLine(agreement: Agreement): string {
  const until =
    agreement.together === null
      ? "never apart by 1e-6"
      : `apart by 1e-6 first at update ${agreement.together + 1}`;
  const { pairs, early, score } = agreement;
  return `rfp and bptt, ${pairs} pairs of runs: losses within ${early.toExponential(1)} over the first ten updates, ${until}, scores within ${digits(score)}`;
}

/** The terminal's table. */
export function formatResults({ experiments, settings }: Results): string {
  return experiments
    .map((experiment) => {
      const rows = [[...columns], ...experiment.rules.map((rule) => cellsOf(rule, settings.seeds.length))];
      const widths = columns.map((_, i) => Math.max(...rows.map((row) => row[i].length)));
      const lines = rows.map(
        (row) =>
          `  ${row
            .map((text, i) => text.padEnd(widths[i]))
            .join("  ")
            .trimEnd()}`,
      );
      const { agreement } = experiment;
      return [
        heading(experiment),
        ...lines,
        ...(agreement ? [`  ${agreementLine(agreement)}`] : []),
        "",
      ].join("\n");
    })
    .join("\n");
}

/** The page's table in Markdown: a row for each rule, a column for each experiment. */
export function markdownResults({ experiments, settings }: Results): string {
  const row = (texts: readonly string[]): string => `| ${texts.join(" | ")} |`;
  const names = [...new Set(experiments.flatMap(({ rules }) => rules.map(({ rule }) => rule)))];
  const scoreOf = ({ rules }: ExperimentResult, name: string): string => {
    const found = rules.find(({ rule }) => rule === name);
    return found ? `${scored(found, settings.seeds.length)} (${found.rate})` : "";
  };
  return [
    row(["rule", ...experiments.map((e) => `${titleOf(e)}: ${e.score.name}, ${e.score.better} is better`)]),
    row(["---", ...experiments.map(() => "---")]),
    ...names.map((name) => row([`\`${name}\``, ...experiments.map((e) => scoreOf(e, name))])),
    row(["chance", ...experiments.map((e) => digits(e.score.chance))]),
    "",
  ].join("\n");
}
