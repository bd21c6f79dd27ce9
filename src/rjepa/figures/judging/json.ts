import { DataError } from "../../../core/errors.js";
import { having, type Kind, listOf, number, plainObject, text } from "../../../core/kinds.js";
import type { JudgmentTable } from "./table.js";

/** What JSON has no number for. */
const words: Readonly<Record<string, number>> = {
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
  NaN: Number.NaN,
};

const format = "onward judgments 1";

/** A table as JSON, which `judgmentsFromJson` reads again: the same numbers. */
export const judgmentsToJson = (table: JudgmentTable): string =>
  JSON.stringify(
    { format, ...table },
    (_, v: unknown) => (typeof v === "number" && !Number.isFinite(v) ? `${v}` : v),
    1,
  );

const isObject = (v: unknown): v is Record<string, unknown> =>
  typeof v === "object" && v !== null && !Array.isArray(v);
const isNames = (v: unknown): v is string[] =>
  Array.isArray(v) && v.every((name) => typeof name === "string");

/** @throws DataError for a text that is not such a table */
export function judgmentsFromJson(text: string): JudgmentTable {
  const refuse = (got: string): never => {
    throw new DataError(`judgments: expected JSON of the format "${format}", got ${got}`);
  };
  let read: unknown;
  try {
    read = JSON.parse(text, (name, v: unknown) =>
      name === "value" || name === "interval" ? restored(v) : v,
    );
  } catch {
    return refuse("a text that is no JSON");
  }
  if (!isObject(read) || read.format !== format) return refuse("another");
  const { format: _, ...table } = read;
  const { representations, baselines, rows, sizes, images, best, chance, margins } = table;
  if (!isNames(representations) || !isNames(baselines)) return refuse("none of its names of rows");
  if (typeof images !== "number" || ![rows, sizes, best, chance, margins].every(isObject))
    return refuse("a table without its parts");
  const absent = [...representations, ...baselines].find((name) => !Object.hasOwn(rows as object, name));
  if (absent !== undefined) return refuse(`a table without the row ${absent}`);
  return table as unknown as JudgmentTable;
}

const restored = (v: unknown): unknown =>
  Array.isArray(v) ? v.map(restored) : typeof v === "string" && Object.hasOwn(words, v) ? words[v] : v;

/** Figures of rows side by side. */
export const aTable: Kind = (who, what, value) => {
  having({
    representations: listOf(text),
    baselines: listOf(text),
    images: number,
    ...Object.fromEntries(["rows", "sizes", "best", "chance", "margins"].map((name) => [name, plainObject])),
  })(who, what, value);
  const { representations, baselines, rows } = value as JudgmentTable;
  const absent = [...representations, ...baselines].find((name) => !isObject(rows[name]));
  if (absent !== undefined) throw new DataError(`${who}: expected ${what} with the row ${absent}, got none`);
};
