import { CheckpointError, DataError } from "../../core/errors.js";
import {
  count,
  eachOf,
  finite,
  having,
  listOf,
  maybe,
  number,
  orNull,
  plainObject,
  text,
} from "../../core/kinds.js";
import { leavesOf } from "../../core/tree.js";
import type { Problem } from "../../data/problem.js";
import type { References } from "../../data/references.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import { judgmentsFromJson, judgmentsToJson } from "../figures/judging/json.js";
import type { Portrait } from "../figures/judging/portrait.js";
import type { JudgmentTable } from "../figures/judging/table.js";
import type { Exactness } from "../parts/exactness.js";
import { aStrip, type FixationStrip } from "../report/strip.js";
import { type Config, requireConfig } from "./config.js";
import { type LogLine, timeOf } from "./log.js";
import { imagesOf, type Session } from "./session.js";
import type { Source } from "./source.js";
import { sourceField } from "./source-schema.js";
import type { Waited } from "./waiting.js";

/** What a run found. */
export interface RunResult {
  readonly config: Config;
  readonly parameters: number;
  readonly images: { readonly train: number; readonly test: number };
  readonly sequences: { readonly train: number; readonly test: number };
  /** Updates that were made: fewer than the recipe's where an unfinished run is judged. */
  readonly updates: number;
  readonly seconds: number;
  /** How long training waited for patches. */
  readonly waited: Waited;
  /** Loss of each update, decay included. */
  readonly losses: readonly number[];
  /** `null` where it was not judged. */
  readonly table: JudgmentTable | null;
  /** Checksum of the sequences that it was judged on; absent where it was not judged, or by a version without it. */
  readonly judgedOn?: string;
  /** Where the images that it was judged on come from, if the run has not held them out itself. */
  readonly elsewhere?: Source;
  /** Test sequences that the table is of: all, or where there are very many some. */
  readonly judged: number;
  /** How rows look and are predicted step by step, on all test sequences; `null` where it was not judged. */
  readonly portraits: Readonly<Record<string, Portrait>> | null;
  /** How exact the gradients of its rule are; absent where it was not judged, or by a version without it. */
  readonly exactness?: Exactness;
  /** A test sequence as the model sees it. */
  readonly strip?: FixationStrip;
  readonly problems: readonly Problem[];
}

/** What a result is made of, besides what a session knows. */
interface Parts
  extends Pick<
    RunResult,
    "table" | "judged" | "portraits" | "judgedOn" | "elsewhere" | "exactness" | "strip" | "problems"
  > {
  readonly session: Session;
  readonly log: readonly LogLine[];
  readonly test: References;
}

export function resultOf({ session, log, test, ...rest }: Parts): RunResult {
  const { config, loader, trainer } = session;
  const { seconds, waited } = timeOf(log);
  const { train } = loader;
  return {
    config,
    parameters: leavesOf<Tensor>(trainer.params, isTensor).reduce((n, { value }) => n + value.size, 0),
    images: { train: imagesOf(train), test: imagesOf(test) },
    sequences: { train: train.sequences.length, test: test.sequences.length },
    updates: trainer.updates,
    seconds,
    waited: { seconds: waited, share: seconds > 0 ? waited / seconds : 0 },
    losses: log.flatMap(({ loss }) => (loss === undefined ? [] : [Number(loss)])),
    ...rest,
  };
}
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

const planned = having({ planned: number });
const anExactness = having({
  rule: text,
  credit: text,
  batch: count(1),
  steps: count(2),
  worst: orNull(number),
  blocks: eachOf(orNull(number)),
  memory: having({ rfp: planned, rtrl: planned, bptt: having({ planned: number, steps: count(1) }) }),
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
  judgedOn: maybe(text),
  elsewhere: maybe(plainObject),
  judged: maybe(count(0)),
  portraits: maybe(orNull(eachOf(aPortrait))),
  exactness: maybe(anExactness),
  strip: maybe(aStrip),
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
    const { config, table, portraits = null, judged, elsewhere, exactness, ...rest } = content as RunResult;
    return {
      ...rest,
      ...(elsewhere === undefined ? {} : { elsewhere: sourceField(who, "elsewhere", elsewhere) as Source }),
      ...(exactness === undefined ? {} : { exactness: unbounded(exactness) }),
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

/** JSON writes null where a gradient is not finite: as far as can be from that of BPTT. */
const unbounded = ({ worst, blocks, ...rest }: Exactness): Exactness => ({
  ...rest,
  worst: worst ?? Number.POSITIVE_INFINITY,
  blocks: Object.fromEntries(
    Object.entries(blocks).map(([name, v]) => [name, v ?? Number.POSITIVE_INFINITY]),
  ),
});

/** What a run is called beside others: by its control, or its recipe. */
export const nameOfRun = ({ config }: RunResult): string =>
  config.control === "none" ? config.recipe.name : config.control;

/** Whether a result may stand beside another: both were judged, on the same sequences by the same seed. */
function isAlike(one: RunResult, other: RunResult): boolean {
  if (one.table === null || other.table === null) return false;
  if (one.judgedOn !== undefined && other.judgedOn !== undefined) return one.judgedOn === other.judgedOn;
  const on = ({ config: { source, testShare, seed, labeled, recipe } }: RunResult): string =>
    JSON.stringify([source, testShare, seed, labeled, recipe.steps, recipe.preset.input]);
  return on(one) === on(other) && one.elsewhere === undefined && other.elsewhere === undefined;
}

/** What runs beside another are called, in their order: each by its control or its recipe, and by more primes where names recur. */
export function namesBeside({ table }: RunResult, others: readonly RunResult[]): string[] {
  const taken = new Set(Object.keys(table?.rows ?? {}));
  return others.map((other) => {
    let name = nameOfRun(other);
    while (taken.has(name)) name += "'";
    taken.add(name);
    return name;
  });
}

/**
 * A table with the trained rows of other runs, such as controls, by their names, each with its margins over the same baselines.
 * @throws DataError where one was not judged, or on other sequences
 */
export function beside(result: RunResult, others: readonly RunResult[]): JudgmentTable {
  const { table } = result;
  if (table === null) throw new DataError("figures: expected a run that was judged, got one that was not");
  const strange = others.find((other) => !isAlike(result, other));
  if (strange !== undefined)
    throw new DataError(
      `figures: expected runs that were judged on the same sequences by the same seed, got ${nameOfRun(strange)}, which was not`,
    );
  const names = namesBeside(result, others);
  const added = <V>(of: (own: JudgmentTable) => V): Record<string, V> =>
    Object.fromEntries(others.map((other, i) => [names[i], of(other.table as JudgmentTable)]));
  return {
    ...table,
    representations: [...table.representations, ...names],
    rows: { ...table.rows, ...added(({ rows }) => rows.trained) },
    sizes: { ...table.sizes, ...added(({ sizes }) => sizes.trained) },
    margins: { ...table.margins, ...added(({ margins }) => overBaselines(margins.trained, table.baselines)) },
  };
}

/** Portraits of a run with those of the trained rows of others, by the names that `beside` gives them; null where it has none. */
export function portraitsBeside(
  result: RunResult,
  others: readonly RunResult[],
): { readonly all: Readonly<Record<string, Portrait>>; readonly others: readonly string[] } | null {
  const { table, portraits } = result;
  if (table === null || portraits === null) return null;
  const names = namesBeside(result, others);
  const added = others.flatMap(({ portraits: own }, i) =>
    own?.trained === undefined ? [] : [[names[i], own.trained] as const],
  );
  return {
    all: { ...portraits, ...Object.fromEntries(added) },
    others: added.map(([name]) => name),
  };
}

type Margins = JudgmentTable["margins"][string];

/** Margins of a row over baselines alone: other rows are those of its own run. */
const overBaselines = (margins: Margins | undefined, baselines: readonly string[]): Margins =>
  Object.fromEntries(
    Object.entries(margins ?? {}).map(([figure, over]) => [
      figure,
      Object.fromEntries(Object.entries(over ?? {}).filter(([row]) => baselines.includes(row))),
    ]),
  );
