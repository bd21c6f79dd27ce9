import { isPlain } from "../../core/kinds.js";
import { lightFigures } from "../figures/verdict.js";

/** One line of the log: an update, or a look at the model after it. */
export interface LogLine {
  readonly update: number;
  readonly [name: string]: unknown;
}

/** Columns of the table: the same whether a run is watched from its start, later or never. */
const columns = ["update", "loss", "seconds", "waited", "verdict", ...lightFigures];

export const tableHead = `${columns.join(",")}\n`;

/** Quoted where it would not be read back as one cell (RFC 4180). */
const cell = (value: unknown): string => {
  const text = value === undefined || value === null ? "" : `${value}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** Lines as rows of a table of comma-separated values. */
export const rowsOf = (lines: readonly LogLine[]): string =>
  lines.map((line) => `${columns.map((name) => cell(line[name])).join(",")}\n`).join("");

/** Lines as JSON, one a line. */
export const jsonLinesOf = (lines: readonly LogLine[]): string =>
  lines.map((line) => `${JSON.stringify(line)}\n`).join("");

/** The lines of such a text; half a line, as of one that was killed, is left out. */
export const linesOf = (text: string): LogLine[] =>
  text.split("\n").flatMap((line): LogLine[] => {
    try {
      const found: unknown = JSON.parse(line);
      return isPlain(found) && typeof found.update === "number" ? [found as LogLine] : [];
    } catch {
      return [];
    }
  });

/** Seconds that all processes of a run have trained by the last of these lines, and of these how many were waited for patches. */
export function timeOf(lines: readonly LogLine[]): { readonly seconds: number; readonly waited: number } {
  const last = lines.findLast(({ seconds }) => seconds !== undefined);
  return { seconds: Number(last?.seconds ?? 0), waited: Number(last?.waited ?? 0) };
}
