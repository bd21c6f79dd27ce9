import { ArgumentError } from "../../../core/errors.js";
import { listOf } from "../../../core/kinds.js";
import type { FigureValue, Found } from "../_figure.js";
import type { Representation } from "../representation.js";
import type { JudgeOptions } from "./data.js";
import type { Estimate } from "./estimate.js";
import {
  aRepresentation,
  chosen,
  type FigureName,
  foundOf,
  type Judgment,
  judgmentOf,
  shared,
} from "./judge.js";
import { judgedOf } from "./judged.js";
import { marginOf } from "./settle.js";

/** Something of each figure. */
export type OfFigures<V> = Readonly<Partial<Record<FigureName, V>>>;
/** Something of each row. */
export type OfRows<V> = Readonly<Record<string, V>>;

/** Several representations side by side, in plain numbers. */
export interface JudgmentTable {
  /** Names of the rows of representations, and of those that they have to beat. */
  readonly representations: readonly string[];
  readonly baselines: readonly string[];
  /** Images that the sequences to test look at. */
  readonly images: number;
  /** Size of each row's embedding, d. */
  readonly sizes: OfRows<number>;
  /** Judgments of the representations and then of the baselines, by name. */
  readonly rows: OfRows<Judgment>;
  /**
   * Of each figure that has a better way, the baseline that does best: the luckiest of many, so that a margin over it is modest.
   */
  readonly best: OfFigures<{ readonly name: string; readonly value: FigureValue } | null>;
  /** What knowing nothing scores. */
  readonly chance: OfFigures<number | null>;
  /**
   * `margins.content.matchedAcc.untrained` is how far the row `content` is above the row `untrained` in this figure, with the
   * interval of the difference; null where resampling says nothing of it.
   */
  readonly margins: OfRows<OfFigures<OfRows<Estimate | null>>>;
}

/**
 * The same of several, on the same strangers and resampled images; `baselines` are what the others have to beat. Margins of each
 * representation are over the best baseline of each figure, and over the rows of `against`. @throws DataError, ArgumentError
 */
export function judgeAll(
  representations: readonly Representation[],
  baselines: readonly Representation[],
  given: JudgeOptions,
): JudgmentTable {
  listOf(aRepresentation, 1)("judge", "the representations", representations);
  listOf(aRepresentation)("judge", "the baselines", baselines);
  const all = [...representations, ...baselines];
  const names = all.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new ArgumentError(`judge: expected names that differ, got ${twice} twice`);
  const data = shared(given);
  const against = data.against ?? names;
  const strange = against.find((name) => !names.includes(name));
  if (strange !== undefined)
    throw new ArgumentError(`judge: expected rows to hold others against, got ${strange}, which is none`);
  const found: Record<string, OfFigures<Found | null>> = {};
  let chance: JudgmentTable["chance"] = {};
  for (const representation of all) {
    // what was read of one is let go before the next is read
    const judged = judgedOf(representation, data);
    found[representation.name] = foundOf(judged);
    chance = Object.fromEntries(
      chosen(data).map(([name, f]) => [name, typeof f.chance === "function" ? f.chance(judged) : f.chance]),
    );
  }
  const rows = mapped(found, judgmentOf);
  const best = Object.fromEntries(
    chosen(data).flatMap(([name, { better }]) =>
      better === null ? [] : [[name, bestOf(baselines, rows, name, better === "higher" ? 1 : -1)]],
    ),
  );
  const margins = representations.map(({ name: row }) => {
    const of = chosen(data).map(([figure]) => {
      const others = new Set([...against, ...(best[figure] ? [best[figure].name] : [])]);
      others.delete(row);
      const own = found[row][figure];
      return [
        figure,
        Object.fromEntries(
          [...others].map((other) => {
            const theirs = found[other][figure];
            return [other, own && theirs ? marginOf(own, theirs) : null];
          }),
        ),
      ];
    });
    return [row, Object.fromEntries(of)];
  });
  return {
    representations: representations.map(({ name }) => name),
    baselines: baselines.map(({ name }) => name),
    images: data.bootstrap.images,
    sizes: Object.fromEntries(all.map(({ name, size }) => [name, size])),
    rows,
    best,
    chance,
    margins: Object.fromEntries(margins),
  };
}

const mapped = <V, W>(of: OfRows<V>, map: (value: V) => W): OfRows<W> =>
  Object.fromEntries(Object.entries(of).map(([name, value]) => [name, map(value)]));

function bestOf(
  baselines: readonly Representation[],
  rows: OfRows<Judgment>,
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
