import { ArgumentError, DataError } from "../../../core/errors.js";
import {
  callable,
  count,
  having,
  instanceOf,
  type Known,
  listOf,
  maybe,
  oneOf,
  options,
  text,
} from "../../../core/kinds.js";
import { requireKey } from "../../../core/prng.js";
import type { Figure, FigureValue } from "../_figure.js";
import { figures } from "../registry.js";
import type { Fixations, Representation } from "../representation.js";
import { imagesOf } from "./bootstrap.js";
import { type Data, dataOf, type JudgeOptions, type Labeled } from "./data.js";
import { type Judged, judgedOf } from "./judged.js";

export type FigureName = keyof typeof figures;
/** Figures of one representation; `null` where it, or the data, lack what a figure is about. */
export type Judgment = Readonly<Partial<Record<FigureName, FigureValue | null>>>;

/** Several representations side by side. */
export interface JudgmentTable {
  /** Judgments of the representations and then of the baselines, by name. */
  readonly rows: Readonly<Record<string, Judgment>>;
  /** Of each figure that has a better way, the baseline that does best. */
  readonly best: Readonly<
    Partial<Record<FigureName, { readonly name: string; readonly value: FigureValue } | null>>
  >;
  /** What knowing nothing scores. */
  readonly chance: Readonly<Partial<Record<FigureName, number | null>>>;
}

const aFixations = having({
  count: count(1),
  steps: count(2),
  scales: count(1),
  size: count(1),
  image: instanceOf(Int32Array),
  positions: instanceOf(Float64Array),
  diagonal: instanceOf(Float64Array),
  crops: callable,
});
const known: Known<JudgeOptions> = {
  test: aFixations,
  fit: aFixations,
  labeled: maybe(having({ test: having({ crops: callable }), fit: having({ crops: callable }) })),
  algebra: having({ eigen: callable }),
  key: (who, _, value) => requireKey(who, value as JudgeOptions["key"]),
  batch: count(1),
  only: listOf(oneOf(...Object.keys(figures))),
};
const aRepresentation = having({
  name: text,
  size: count(1),
  target: oneOf("recurrent", "fresh"),
  read: callable,
});

function shared(given: JudgeOptions): Data {
  const o = options("judge", given, known, ["test", "fit", "algebra", "key"]);
  const shape = ({ steps, scales, size }: Fixations): string =>
    `${steps} fixations of ${scales} crops of ${size} pixels`;
  if (shape(o.fit) !== shape(o.test))
    throw new DataError(`judge: expected sequences of ${shape(o.test)} to fit, got ${shape(o.fit)}`);
  for (const [what, { image }] of [
    ["test", o.test],
    ["fit", o.fit],
  ] as const)
    if (imagesOf(image).count < 2)
      throw new DataError(`judge: expected sequences of at least 2 images to ${what}, got 1`);
  if (o.labeled !== undefined) requireLabels(o.labeled);
  return dataOf(o);
}

function requireLabels({ fit, fitLabels, test, testLabels }: Labeled): void {
  for (const [f, labels] of [
    [fit, fitLabels],
    [test, testLabels],
  ] as const) {
    if (labels.length !== f.count)
      throw new DataError(`judge: expected one label for each of ${f.count} sequences, got ${labels.length}`);
    for (const label of Array.from(labels)) count(0)("judge", "a label", label);
  }
}

function chosen({ only }: Data): [FigureName, Figure][] {
  const all = Object.entries(figures) as [FigureName, Figure][];
  return only === undefined ? all : all.filter(([name]) => only.includes(name));
}

function judgmentOf(judged: Judged): Judgment {
  return Object.fromEntries(chosen(judged.data).map(([name, figure]) => [name, figure.compute(judged)]));
}

/**
 * Judges what a representation makes of sequences: every figure with its interval. Reads the sequences several times, as the
 * figures of memory let it see only the last k fixations. @throws DataError, ArgumentError
 */
export function judge(representation: Representation, given: JudgeOptions): Judgment {
  aRepresentation("judge", "the representation", representation);
  return judgmentOf(judgedOf(representation, shared(given)));
}

/** The same of several, on the same strangers and resampled images; `baselines` are what the others have to beat. */
export function judgeAll(
  representations: readonly Representation[],
  baselines: readonly Representation[],
  given: JudgeOptions,
): JudgmentTable {
  const all = [...representations, ...baselines];
  listOf(aRepresentation, 1)("judge", "the representations", all);
  const names = all.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new ArgumentError(`judge: expected names that differ, got ${twice} twice`);
  const data = shared(given);
  const rows: Record<string, Judgment> = {};
  let chance: JudgmentTable["chance"] = {};
  for (const representation of all) {
    // what was read of one is let go before the next is read
    const judged = judgedOf(representation, data);
    rows[representation.name] = judgmentOf(judged);
    chance = Object.fromEntries(
      chosen(data).map(([name, f]) => [name, typeof f.chance === "function" ? f.chance(judged) : f.chance]),
    );
  }
  const best = Object.fromEntries(
    chosen(data).flatMap(([name, { better }]) =>
      better === null ? [] : [[name, bestOf(baselines, rows, name, better === "higher" ? 1 : -1)]],
    ),
  );
  return { rows, best, chance };
}

function bestOf(
  baselines: readonly Representation[],
  rows: Readonly<Record<string, Judgment>>,
  figure: FigureName,
  sign: number,
): { readonly name: string; readonly value: FigureValue } | null {
  let best: { readonly name: string; readonly value: FigureValue } | null = null;
  for (const { name } of baselines) {
    const value = rows[name][figure];
    if (value && (best === null || sign * value.value > sign * best.value.value)) best = { name, value };
  }
  return best;
}
