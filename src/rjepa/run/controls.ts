import type { Estimate } from "../figures/judging/estimate.js";
import { plain, withInterval } from "../figures/judging/numbers.js";
import type { JudgmentTable } from "../figures/judging/table.js";
import { joint, judgeVerdict, type VerdictName, words } from "../figures/verdict.js";
import type { Control } from "./recipe.js";
import { nameOfRun, namesBeside, type RunResult } from "./result.js";

/** What each control takes away. */
const taken: Readonly<Record<Exclude<Control, "none">, string>> = {
  shuffle: "whose patches come from other sequences",
  collapse: "where the gradient reaches the target",
  feedforward: "which forgets after each fixation",
};

/** Where the model stands in one of the figures that content alone can pass jointly. */
interface Lead {
  readonly figure: (typeof joint)[number];
  readonly by: number;
  /** 1 where it is ahead with all of its interval beyond all of the control's, -1 behind, 0 neither. */
  readonly beyond: -1 | 0 | 1;
}

function leadOf(figure: Lead["figure"], own: Estimate, other: Estimate): Lead {
  const [a, b] = [own.interval, other.interval];
  const beyond = !a || !b ? 0 : a[0] > b[1] ? 1 : a[1] < b[0] ? -1 : 0;
  return { figure, by: own.value - other.value, beyond };
}

/**
 * Whether a control fails as it must: it collapses, or it learns no content, and the run is ahead of it in at least one of the
 * figures and behind it in none. What forgets may still learn content; it must fail in identification, which needs a memory.
 */
function fails(control: Control, verdict: VerdictName, leads: readonly Lead[]): boolean {
  if (verdict.startsWith("collapsed")) return true;
  if (control === "feedforward")
    return leads.some(({ figure, beyond }) => figure === "identificationH" && beyond > 0);
  return (
    verdict !== "learns content" &&
    leads.some(({ beyond }) => beyond > 0) &&
    leads.every(({ beyond }) => beyond >= 0)
  );
}

/** A sentence for each control that stands beside a run, from the numbers of both. */
export function controlSentences(result: RunResult, others: readonly RunResult[]): string[] {
  const names = namesBeside(result, others);
  return others.flatMap((other, i) => {
    const { control } = other.config;
    if (control === "none" || result.table === null || other.table === null) return [];
    return [`${names[i]}, ${taken[control]}, ${sentence(result, result.table, other, other.table)}`];
  });
}

function sentence(result: RunResult, own: JudgmentTable, other: RunResult, table: JudgmentTable): string {
  const { control } = other.config;
  const { verdict } = judgeVerdict(table, "trained", { untrained: "untrained" });
  const leads = joint.flatMap((figure) => {
    const [mine, theirs] = [own.rows.trained[figure], table.rows.trained[figure]];
    return mine && theirs ? [leadOf(figure, mine, theirs)] : [];
  });
  const numbers = joint.flatMap((figure) => {
    const found = table.rows.trained[figure];
    return found ? [`${words[figure]} ${withInterval(found)}`] : [];
  });
  const lead = leads.map(
    ({ figure, by, beyond }) =>
      `${words[figure]} by ${plain(by, 2, true)}, intervals ${beyond === 0 ? "overlapping" : "apart"}`,
  );
  const end = fails(control, verdict, leads)
    ? "It fails, as it must."
    : "It does not fail, so that the run shows little.";
  const found = numbers.length > 0 ? ` with ${numbers.join(" and ")}` : "";
  const ahead = lead.length > 0 ? ` ${nameOfRun(result)} leads it in ${lead.join("; in ")}.` : "";
  return `is judged "${verdict}"${found}.${ahead} ${end}`;
}
