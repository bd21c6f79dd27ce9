import { oneOf, options as optionsOf } from "../../../core/kinds.js";
import { printable } from "../../../core/printable.js";
import type { Estimate } from "./estimate.js";
import { type Headline, headlines } from "./headline.js";
import { aTable } from "./json.js";
import { digitsOf, plain, withInterval } from "./numbers.js";
import { standing } from "./standing.js";
import type { JudgmentTable } from "./table.js";

export interface FormatOptions {
  /** For a terminal, the default, or Markdown. */
  readonly as?: "text" | "markdown";
  /** Baselines to show: those that are best in a figure, the default, or all. */
  readonly baselines?: "best" | "all";
}

const ahead = { 1: "▲", "-1": "▼", 0: "" } as const;

/**
 * Rows of a table by its headline figures, each number with the digits that its interval supports; then the margins over the best
 * baseline of each figure.
 */
export function formatJudgments(table: JudgmentTable, options: FormatOptions = {}): string {
  aTable("formatJudgments", "the table", table);
  const { as = "text", baselines = "best" } = optionsOf("formatJudgments", options, {
    as: oneOf("text", "markdown"),
    baselines: oneOf("best", "all"),
  });
  const { header, rows, chance, left } = cells(table, as, baselines);
  const legend = [
    `${table.images} images${as === "text" ? "; ± half the 95 % interval" : "; 95 % intervals"} over images. ${marks}`,
    ...(left === 1 ? ["One baseline that is best in nothing is left out."] : []),
    ...(left > 1 ? [`${left} baselines that are best in nothing are left out.`] : []),
  ];
  const beside = ([first, ...rest]: readonly string[]): string[] => [
    first,
    ...rest.map((text) => `${text} `),
  ];
  const drawn =
    as === "text" ? aligned([beside(header), ...rows, beside(chance)]) : markdown([header, ...rows, chance]);
  return [drawn, legend.join(" "), margins(table, as)].filter((part) => part !== "").join("\n\n");
}

/** What the marks in a table say. */
export const marks =
  "▲ ahead of the best baseline (*), ▼ behind it, with all of the 95 % interval of the margin.";

/** The texts of a table: figures, rows of representations and baselines, and chance; and how many baselines are left out. */
export function cells(table: JudgmentTable, as: "text" | "markdown", baselines: "best" | "all") {
  const columns = headlines(table);
  const isBest = (row: string): boolean =>
    columns.some((c) => c.comparable && bestOf(table, c)?.name === row);
  const shown = table.baselines.filter((row) => baselines === "all" || isBest(row));
  return {
    header: ["", ...columns.map(({ label }) => label)],
    rows: [...table.representations, ...shown].map((row) => [
      printable(row),
      ...columns.map((c) => cell(table, row, c, as)),
    ]),
    chance: ["chance", ...columns.map(({ figure }) => chanceOf(table.chance[figure]))],
    left: table.baselines.length - shown.length,
  };
}

const bestOf = ({ best }: JudgmentTable, { figure }: Headline) => best[figure] ?? null;

const chanceOf = (chance: number | null | undefined): string =>
  chance === null || chance === undefined ? "" : plain(chance, chance === 0 ? 0 : chance < 0.1 ? 3 : 1);

function cell(table: JudgmentTable, row: string, column: Headline, as: "text" | "markdown"): string {
  const { figure, comparable } = column;
  const found = table.rows[row][figure];
  if (!found) return "";
  const number =
    figure === "rankMe"
      ? `${plain(found.value, 1)} of ${table.sizes[row]}`
      : as === "text"
        ? plusMinus(found)
        : withInterval(found);
  const best = comparable ? bestOf(table, column)?.name : undefined;
  const margin = best === undefined ? null : table.margins[row]?.[figure]?.[best];
  const mark = best === row ? "*" : ahead[standing(figure, margin)];
  // a column for marks, so that numbers stand below each other
  return as === "text" ? number + (mark || " ") : `${number} ${mark}`.trimEnd();
}

/** `0.75±0.03` */
function plusMinus(estimate: Estimate): string {
  const { value, interval } = estimate;
  const digits = digitsOf(estimate);
  return `${plain(value, digits)}${interval === null ? "" : `±${plain((interval[1] - interval[0]) / 2, digits)}`}`;
}

/** Of each representation the margin over the best baseline of each figure. */
function margins(table: JudgmentTable, as: "text" | "markdown"): string {
  const columns = headlines(table);
  const lines = table.representations.flatMap((row) => {
    const found = columns.flatMap((column) => {
      const best = column.comparable ? bestOf(table, column)?.name : undefined;
      const margin = best === undefined ? null : table.margins[row]?.[column.figure]?.[best];
      if (!margin) return [];
      const mark = ahead[standing(column.figure, margin)];
      return [`${column.label} ${withInterval(margin, true)}${mark && ` ${mark}`} over ${printable(best!)}`];
    });
    if (found.length === 0) return [];
    return as === "text"
      ? [`${printable(row)}:`, ...found.map((line) => `  ${line}`)]
      : [`- ${escaped(printable(row))}: ${escaped(found.join("; "))}`];
  });
  return lines.length === 0
    ? ""
    : ["Margins over the best baseline of each figure:", ...(as === "text" ? [] : [""]), ...lines].join("\n");
}

/** Columns side by side, the first to the left and the others to the right. */
function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, c) => Math.max(...rows.map((row) => row[c].length)));
  return rows
    .map((row) =>
      row.map((text, c) => (c === 0 ? text.padEnd(widths[c]) : text.padStart(widths[c]))).join("  "),
    )
    .map((line) => line.trimEnd())
    .join("\n");
}

const escaped = (text: string): string => text.replace(/[|*_<>`\\]/g, "\\$&");

function markdown([header, ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escaped).join(" | ")} |`;
  const rule = header.map((_, c) => (c === 0 ? "---" : "---:"));
  return [line(header), `| ${rule.join(" | ")} |`, ...rows.map(line)].join("\n");
}
