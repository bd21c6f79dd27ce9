import { CheckpointError, DataError } from "../../core/errors.js";
import { count, having, listOf, maybe, number, plainObject } from "../../core/kinds.js";
import type { Problem } from "../../data/problem.js";
import { judgmentsFromJson, judgmentsToJson } from "../figures/judging/json.js";
import type { JudgmentTable } from "../figures/judging/table.js";
import { type Config, requireConfig } from "./config.js";
import type { Waited } from "./waiting.js";

/** What a run found. */
export interface RunResult {
  readonly config: Config;
  readonly parameters: number;
  readonly images: { readonly train: number; readonly test: number };
  readonly sequences: { readonly train: number; readonly test: number };
  readonly updates: number;
  readonly seconds: number;
  /** How long training waited for patches. */
  readonly waited: Waited;
  /** Loss of each update, decay included. */
  readonly losses: readonly number[];
  /** `null` where it was not judged. */
  readonly table: JudgmentTable | null;
  readonly problems: readonly Problem[];
}

const counts = having({ train: count(0), test: count(0) });
const fields = having({
  config: plainObject,
  parameters: count(1),
  images: counts,
  sequences: counts,
  updates: count(0),
  seconds: number,
  waited: having({ seconds: number, share: number }),
  losses: listOf(number),
  table: maybe(plainObject),
  problems: listOf(plainObject),
});

/** What a run found as it is written: JSON knows no infinities, which figures of a collapse are. */
export const writtenResult = (result: RunResult): unknown => ({
  ...result,
  table: result.table && JSON.parse(judgmentsToJson(result.table)),
});

/** The same, read back. @throws CheckpointError for anything else */
export function requireResult(who: string, content: unknown): RunResult {
  try {
    fields(who, "the figures of a run", content);
    const { config, table, ...rest } = content as RunResult;
    return {
      ...rest,
      config: requireConfig(who, config),
      table: table === null ? null : judgmentsFromJson(JSON.stringify(table)),
    };
  } catch (error) {
    if (error instanceof CheckpointError) throw error;
    throw new CheckpointError(
      error instanceof Error ? error.message : `${who}: expected the figures of a run`,
    );
  }
}

/** What a run is called beside others: by its control, or its recipe. */
export const nameOfRun = ({ config }: RunResult): string =>
  config.control === "none" ? config.recipe.name : config.control;

/**
 * A table with the trained rows of other runs, such as controls, by their names.
 * @throws DataError where one was not judged, or on other sequences
 */
export function beside(result: RunResult, others: readonly RunResult[]): JudgmentTable {
  const { table } = result;
  if (table === null) throw new DataError("figures: expected a run that was judged, got one that was not");
  const on = ({ config: { source, testShare, seed, recipe } }: RunResult): string =>
    JSON.stringify([source, testShare, seed, recipe.steps, recipe.preset.input]);
  let { rows, sizes } = table;
  const names = new Set(Object.keys(rows));
  for (const other of others) {
    if (other.table === null || on(other) !== on(result))
      throw new DataError(
        `figures: expected runs that were judged on the same sequences by the same seed, got ${nameOfRun(other)}, which was not`,
      );
    let name = nameOfRun(other);
    while (names.has(name)) name += "'";
    names.add(name);
    rows = { ...rows, [name]: other.table.rows.trained };
    sizes = { ...sizes, [name]: other.table.sizes.trained };
  }
  const added = [...names].filter((name) => !Object.hasOwn(table.rows, name));
  return { ...table, rows, sizes, representations: [...table.representations, ...added] };
}
