import { cells, marks } from "../figures/judging/format.js";
import { headlines } from "../figures/judging/headline.js";
import type { FigureName } from "../figures/judging/judge.js";
import type { JudgmentTable } from "../figures/judging/table.js";
import { figures } from "../figures/registry.js";
import { judgeVerdict } from "../figures/verdict.js";
import { drawChart } from "./charts/chart.js";
import { figureChart } from "./charts/figures.js";
import { type MemoryRows, memoryCurveChart, memoryTitle } from "./charts/memory-curve.js";
import { escapeHtml } from "./format.js";

/** Charts of a table as SVG, by figure; `curve` is that of memory. */
export interface JudgmentDrawings {
  readonly strips: Readonly<Partial<Record<FigureName, string>>>;
  readonly curve: string | null;
}

export interface JudgmentOptions extends Omit<MemoryRows, "model"> {
  /** The row that the section is about; default the first. */
  readonly model?: string;
  readonly drawings: JudgmentDrawings;
  /** Default `What did it learn?`. */
  readonly heading?: string;
}

/**
 * Draws the charts of `judgmentSection`, one for each headline figure.
 * @throws OnwardError where the optional packages vega and vega-lite are missing; it says what to install
 */
export async function drawJudgments(
  table: JudgmentTable,
  options: Omit<JudgmentOptions, "drawings"> = {},
): Promise<JudgmentDrawings> {
  const strips = await Promise.all(
    headlines(table).map(async ({ figure, title }) => {
      const spec = figureChart(table, figure, options);
      return [figure, spec && (await drawChart(`figure-${figure}`, `${title}, of all rows`, spec))] as const;
    }),
  );
  const model = options.model ?? table.representations[0];
  const curve = memoryCurveChart(table, { ...options, model });
  return {
    strips: Object.fromEntries(strips.flatMap(([figure, svg]) => (svg === null ? [] : [[figure, svg]]))),
    curve: curve && (await drawChart("memory-curve", memoryTitle(table, model), curve)),
  };
}

/** A section of HTML for the report page: the verdict, a strip for each headline figure, the curve of memory and all numbers. */
export function judgmentSection(table: JudgmentTable, options: JudgmentOptions): string {
  const { drawings, heading = "What did it learn?", model = table.representations[0] } = options;
  const { untrained, controls } = options;
  const { verdict, sentence } = judgeVerdict(table, model, { untrained, controls });
  const strips = headlines(table).flatMap(({ figure, title }) => {
    const svg = drawings.strips[figure];
    return svg === undefined ? [] : [strip(figure, title, svg)];
  });
  const curve =
    drawings.curve === null
      ? ""
      : `<figure>
<h3>${escapeHtml(memoryTitle(table, model))}</h3>
${drawings.curve}
<figcaption>Error for the last patch alone, by ridge regressions on what is held after the last k fixations before it; bands hold 95&thinsp;% of
resampled images.</figcaption>
</figure>`;
  return `<section class="judgments">
<style>${style}</style>
<h2>${escapeHtml(heading)}</h2>
<p><strong>${escapeHtml(`${verdict[0].toUpperCase()}${verdict.slice(1)}.`)}</strong> ${escapeHtml(sentence)}</p>
<p>No figure proves it alone. Dots are rows with their 95&thinsp;% interval over ${table.images} images; ticks are baselines, which need no
learning, and the best of them has its interval too; the dashed line is chance.</p>
<div class="grid">
${strips.join("\n")}
${curve}
</div>
${numbers(table)}
</section>`;
}

function strip(figure: FigureName, title: string, svg: string): string {
  const { better, meaning } = figures[figure];
  const way = better === null ? "" : better === "higher" ? " Higher is better." : " Lower is better.";
  return `<figure class="strip">
<h3>${escapeHtml(title)}</h3>
${svg}
<figcaption>${escapeHtml(meaning + way)}</figcaption>
</figure>`;
}

/** All numbers of the headline figures, for those who would read them off. */
function numbers(table: JudgmentTable): string {
  const { header, rows, chance, left } = cells(table, "markdown", "best");
  const row = ([name, ...rest]: readonly string[]): string =>
    `<tr><th scope="row">${escapeHtml(name)}</th>${rest.map((text) => `<td class="number">${escapeHtml(text)}</td>`).join("")}</tr>`;
  const others = left > 0 ? ` Left out: ${left} baselines that are best in nothing.` : "";
  return `<div class="scroll"><table>
<thead><tr><th scope="col">row</th>${header
    .slice(1)
    .map((text) => `<th scope="col" class="number">${escapeHtml(text)}</th>`)
    .join("")}</tr></thead>
<tbody>${[...rows, chance].map(row).join("\n")}</tbody>
</table></div>
<p class="legend">${escapeHtml(marks + others)}</p>`;
}

const style = `
.judgments { background: #fff; color-scheme: light; }
.judgments .grid { grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr)); }
.judgments .scroll { margin-top: 44px; }
.judgments table { font-size: 0.84rem; }
.judgments td, .judgments th { white-space: nowrap; }
.judgments .legend { font-size: 0.87rem; margin-top: 12px; }
`;
