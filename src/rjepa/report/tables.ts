import type { GradientCheck } from "./data.js";
import { escapeHtml, formatNumber, formatTiny } from "./format.js";
import type { Verdict } from "./verdicts.js";

/** The joint figures, one row each, with what they mean and whether they pass. */
export function figuresTable(
  verdicts: readonly Verdict[],
  contextGainErrors: { before: number; after: number },
): string {
  const cell = (verdict: Verdict, run: "before" | "after") => {
    const value = formatNumber(verdict[run], verdict.digits);
    // Only the gain from context is small enough for its error to matter.
    return verdict.figure.startsWith("L(2)")
      ? `${value}<small> ± ${formatNumber(contextGainErrors[run])}</small>`
      : value;
  };
  const rows = verdicts.map(
    (verdict) => `<tr>
<th scope="row">${escapeHtml(verdict.figure)}</th>
<td class="meaning">${escapeHtml(verdict.meaning)}</td>
<td class="number before">${cell(verdict, "before")}</td>
<td class="number after">${cell(verdict, "after")}</td>
<td class="required">${badge(verdict.passes)}${escapeHtml(verdict.required)}</td>
</tr>`,
  );
  return `<div class="scroll"><table class="figures">
<thead><tr><th scope="col">figure</th><th scope="col">what it says</th><th scope="col" class="number">before</th><th scope="col" class="number">after</th><th scope="col">required</th></tr></thead>
<tbody>${rows.join("\n")}</tbody>
</table></div>`;
}

/** How exact the gradient of each parameter block is, the least exact first. */
export function gradientTable({ blocks }: GradientCheck): string {
  const sorted = Object.entries(blocks).sort(([, a], [, b]) => b - a);
  const rows = sorted.map(
    ([name, difference]) =>
      `<tr><th scope="row"><code>${escapeHtml(name)}</code></th><td class="number">${formatTiny(difference)}</td></tr>`,
  );
  return `<div class="blocks"><table>
<thead><tr><th scope="col">parameter block</th><th scope="col" class="number">relative difference</th></tr></thead>
<tbody>${rows.join("\n")}</tbody>
</table></div>`;
}

function badge(passes: boolean | null): string {
  if (passes === null) return "";
  return passes ? '<b class="badge pass">✓ pass</b> ' : '<b class="badge fail">✗ fail</b> ';
}
