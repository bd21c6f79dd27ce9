import { CheckpointError, DataError } from "../../core/errors.js";
import {
  count,
  eachOf,
  finite,
  having,
  type Kind,
  listOf,
  maybe,
  number,
  plainObject,
} from "../../core/kinds.js";
import type { Problem } from "../../data/problem.js";
import { judgmentsFromJson, judgmentsToJson } from "../figures/judging/json.js";
import type { Portrait } from "../figures/judging/portrait.js";
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
  /** Test sequences that the table is of: all, or where there are very many some. */
  readonly judged: number;
  /** How rows look and are predicted step by step, on all test sequences; `null` where it was not judged. */
  readonly portraits: Readonly<Record<string, Portrait>> | null;
  readonly problems: readonly Problem[];
}

const orNull =
  (inner: Kind): Kind =>
  (who, what, value) => {
    if (value !== null && value !== undefined) inner(who, what, value);
  };
const estimate = having({ value: finite, interval: orNull(listOf(finite, 2)) });
const byStep = having({ points: listOf(estimate, 1), fall: orNull(estimate) });
const place = listOf(finite, 2);
const aPortrait = having({
  sequences: count(1),
  images: count(1),
  prediction: having({
    loss: byStep,
    copy: byStep,
    relative: orNull(having({ loss: byStep, copy: byStep })),
  }),
  shape: orNull(
    having({
      spectrum: listOf(finite, 1),
      explained: place,
      paths: listOf(listOf(place, 1)),
      mean: listOf(place, 1),
    }),
  ),
});

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
  table: orNull(plainObject),
  judged: maybe(count(0)),
  portraits: orNull(eachOf(aPortrait)),
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
    // runs of before there were portraits were judged on all sequences
    const { config, table, portraits = null, judged, ...rest } = content as RunResult;
    return {
      ...rest,
      portraits,
      judged: judged ?? rest.sequences.test,
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
  const added = namesBeside(table, others);
  for (const [i, other] of others.entries()) {
    if (other.table === null || on(other) !== on(result))
      throw new DataError(
        `figures: expected runs that were judged on the same sequences by the same seed, got ${nameOfRun(other)}, which was not`,
      );
    rows = { ...rows, [added[i]]: other.table.rows.trained };
    sizes = { ...sizes, [added[i]]: other.table.sizes.trained };
  }
  return { ...table, rows, sizes, representations: [...table.representations, ...added] };
}

/** What the rows of other runs are called in a table: their names, with as many strokes as tell them apart. */
function namesBeside({ rows }: JudgmentTable, others: readonly RunResult[]): string[] {
  const names = new Set(Object.keys(rows));
  return others.map((other) => {
    let name = nameOfRun(other);
    while (names.has(name)) name += "'";
    names.add(name);
    return name;
  });
}

/** Portraits of a run with those of the trained rows of others, by the names that `beside` gives them; null where it has none. */
export function portraitsBeside(
  { table, portraits }: RunResult,
  others: readonly RunResult[],
): { readonly all: Readonly<Record<string, Portrait>>; readonly others: readonly string[] } | null {
  if (table === null || portraits === null) return null;
  const names = namesBeside(table, others);
  const added = others.flatMap(({ portraits: own }, i) =>
    own?.trained === undefined ? [] : [[names[i], own.trained] as const],
  );
  return {
    all: { ...portraits, ...Object.fromEntries(added) },
    others: added.map(([name]) => name),
  };
}
