import { ArgumentError, DataError } from "../../../core/errors.js";
import {
  callable,
  count,
  having,
  type Kind,
  type Known,
  listOf,
  maybe,
  oneOf,
  options,
  text,
} from "../../../core/kinds.js";
import { requireKey } from "../../../core/prng.js";
import type { Figure, FigureValue, Found } from "../_figure.js";
import { figures } from "../registry.js";
import type { Fixations, Representation } from "../representation.js";
import { imagesOf } from "./bootstrap.js";
import { type Data, dataOf, type JudgeOptions, type Labeled } from "./data.js";
import { aFixations } from "./fixations.js";
import { type Judged, judgedOf } from "./judged.js";
import { settled } from "./settle.js";

export type FigureName = keyof typeof figures;
/** Figures of one representation; `null` where it, or the data, lack what a figure is about. */
export type Judgment = Readonly<Partial<Record<FigureName, FigureValue | null>>>;

const figureName = oneOf(...Object.keys(figures));
const known: Known<JudgeOptions> = {
  test: aFixations,
  fit: aFixations,
  labeled: maybe(having({ test: having({ crops: callable }), fit: having({ crops: callable }) })),
  algebra: having({ eigen: callable }),
  key: (who, _, value) => requireKey(who, value as JudgeOptions["key"]),
  batch: count(1),
  only: listOf(figureName),
  against: listOf(text),
};
const described = having({
  name: text,
  size: count(1),
  target: oneOf("recurrent", "fresh"),
  read: maybe(callable),
  patchwise: maybe(having({ features: having({ size: count(1), of: callable }), held: callable })),
  only: maybe(listOf(figureName)),
});

/** What can be judged. */
export const aRepresentation: Kind = (who, what, value) => {
  described(who, what, value);
  const { read, patchwise } = value as Representation;
  if ((read === undefined) === (patchwise === undefined))
    throw new ArgumentError(
      `${who}: expected ${what} to have either read or patchwise, got ${read === undefined ? "neither" : "both"}`,
    );
};

/** Options of `judge`, and what is known of the sequences. @throws DataError, ArgumentError */
export function shared(given: JudgeOptions): Data {
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

/** The figures that are asked for, by name. */
export function chosen({ only }: Data): [FigureName, Figure][] {
  const all = Object.entries(figures) as [FigureName, Figure][];
  return only === undefined ? all : all.filter(([name]) => only.includes(name));
}

/** What each figure finds; null for those that the representation is not for. */
export function foundOf(judged: Judged): Readonly<Partial<Record<FigureName, Found | null>>> {
  const { only } = judged.representation;
  return Object.fromEntries(
    chosen(judged.data).map(([name, figure]) => [
      name,
      only === undefined || only.includes(name) ? figure.compute(judged) : null,
    ]),
  );
}

export const judgmentOf = (found: ReturnType<typeof foundOf>): Judgment =>
  Object.fromEntries(Object.entries(found).map(([name, of]) => [name, of && settled(of)]));

/**
 * Judges what a representation makes of sequences: every figure with its interval. Reads the sequences several times, as the
 * figures of memory let it see only the last k fixations. @throws DataError, ArgumentError
 */
export function judge(representation: Representation, given: JudgeOptions): Judgment {
  aRepresentation("judge", "the representation", representation);
  return judgmentOf(foundOf(judgedOf(representation, shared(given))));
}
