import { ArgumentError } from "../../core/errors.js";
import { listOf, options as optionsOf, text } from "../../core/kinds.js";
import { leakOf } from "./baselines/leaky.js";
import type { Estimate } from "./judging/estimate.js";
import {
  type Before,
  collapsedInRank,
  collapsedInScale,
  colorOnly,
  mostColor,
  type Verdict,
  verdictOf,
} from "./judging/failures.js";
import { aTable } from "./judging/json.js";
import type { FigureName, Judgment } from "./judging/judge.js";
import { plain, withInterval } from "./judging/numbers.js";
import type { JudgmentTable } from "./judging/table.js";

export type { Before, Verdict, VerdictName } from "./judging/failures.js";

/** How far above a row without learning counts as nothing. */
const slight = 0.05;

/** Resampling fewer images promises too much. */
const leastImages = 20;

const above = (margin: Estimate | null | undefined): boolean => !!margin?.interval && margin.interval[0] > 0;

/** Names of the figures that a verdict while training is made of: they read each sequence once, with its strangers. */
export const lightFigures = [
  "matchedAcc",
  "rankMe",
  "variance",
  "colorShare",
] as const satisfies readonly FigureName[];

/**
 * A verdict from `lightFigures` of one row, as is cheap while training, on few images; `before` are those at the start. Neither
 * content nor drift can be told from these, so where nothing is wrong it stays undecided.
 */
export function lightVerdict(judgment: Judgment, d: number, before: Before = {}): Verdict {
  const { matchedAcc } = judgment;
  const chance = Math.max(0.5, before.matchedAcc ?? 0);
  const wrong =
    collapsedInScale(judgment, before) ??
    colorOnly(judgment, ({ interval }) => !!interval && interval[0] > 0.5) ??
    collapsedInRank(judgment, d, before);
  if (wrong) return wrong;
  if (!matchedAcc?.interval) return verdictOf("undecided", "accuracy among matched strangers is not known");
  const told = `patches are told from matched strangers in ${withInterval(matchedAcc)} of sequences, ${before.matchedAcc === undefined ? "by chance 0.50" : `${plain(before.matchedAcc, 2)} at the start`}`;
  const [low, high] = matchedAcc.interval;
  if (low > chance) return verdictOf("undecided", `nothing is wrong so far: ${told}`);
  return verdictOf(high < chance + slight ? "not learning" : "undecided", told);
}

/** The two figures in which a row has to be ahead of what needs no learning; no single leak reaches both. */
export const joint = ["matchedAcc", "identificationH"] as const;
export const words = { matchedAcc: "matched accuracy", identificationH: "identification" } as const;

export interface VerdictOptions {
  /** Row of the same model before it learned. */
  readonly untrained?: string;
  /** Rows that cannot have learned anything, such as one trained on shuffled patches. */
  readonly controls?: readonly string[];
}

/**
 * What the figures of a row say together: of how it fails the first that holds, else whether it is ahead of every baseline in
 * accuracy among matched strangers or in identification. Undecided where intervals are too wide, or figures are missing.
 * @throws ArgumentError for rows that the table lacks
 */
export function judgeVerdict(table: JudgmentTable, row: string, options: VerdictOptions = {}): Verdict {
  aTable("verdict", "the table", table);
  text("verdict", "the row", row);
  const { untrained, controls = [] } = optionsOf("verdict", options, {
    untrained: text,
    controls: listOf(text),
  });
  const named = [...(untrained === undefined ? [] : [untrained]), ...controls];
  const unlearned = named.filter((name) => name !== row);
  const absent = [row, ...named].find((name) => !Object.hasOwn(table.rows, name));
  if (absent !== undefined)
    throw new ArgumentError(
      `verdict: expected rows among ${Object.keys(table.rows).join(", ")}, got ${absent}`,
    );
  const judgment = table.rows[row];
  const start = untrained === undefined ? {} : table.rows[untrained];
  const before = { variance: start.variance?.value, rankMe: start.rankMe?.value };
  const margin = (figure: FigureName, other: string) => table.margins[row]?.[figure]?.[other];
  const margins = (other: string): string =>
    joint.map((f) => `${words[f]} ${marginWords(margin(f, other))}`).join(", ");
  const asGood = (other: string): boolean => joint.every((f) => !above(margin(f, other)));

  const rivals = table.baselines.filter((name) => joint.every((f) => table.rows[name][f]?.interval));
  const colors = rivals.filter((name) => name.includes("color"));
  const overColors = ({ interval }: Estimate): boolean =>
    !!interval && interval[0] > 0.5 && colors.every((name) => above(margin("matchedAcc", name)));
  const failed =
    collapsedInScale(judgment, before) ??
    colorOnly(judgment, overColors) ??
    collapsedInRank(judgment, table.sizes[row], before);
  if (failed) return failed;

  const missing = (["matchedAcc", "identificationH", "overCopy", "colorShare"] as const).filter(
    (name) => !judgment[name]?.interval,
  );
  if (missing.length > 0) return verdictOf("undecided", `without ${missing.join(", ")} nothing can be said`);
  const { matchedAcc, identificationH, overCopy, colorShare } = judgment as Required<Judgment> &
    Record<FigureName, Estimate>;
  if (table.images < leastImages)
    return verdictOf(
      "undecided",
      `${table.images} images are too few to resample, at least ${leastImages} are needed`,
    );
  const found = `matched accuracy is ${withInterval(matchedAcc)}, identification ${withInterval(identificationH)}`;
  const like = unlearned.find(asGood);
  if (like !== undefined) {
    const nothing = joint.every((f) => (margin(f, like)?.interval?.[1] ?? Infinity) < slight);
    return verdictOf(nothing ? "not learning" : "undecided", `${found}; over ${like} ${margins(like)}`);
  }
  if (matchedAcc.interval![0] <= 0.5)
    return verdictOf(
      matchedAcc.interval![1] < 0.5 + slight ? "not learning" : "undecided",
      `${found}: no more than chance`,
    );
  if (overCopy.interval![0] <= 0)
    return verdictOf(
      "slow only",
      `the error of the prediction is below that of a copy by ${withInterval(overCopy, true)} of the variance; ${found}`,
    );
  const unknown = rivals.find((name) => joint.some((f) => !margin(f, name)));
  if (unknown !== undefined)
    return verdictOf("undecided", `${found}; the margins over ${unknown} were not asked for`);
  const equals = rivals.filter(asGood);
  // one that is as good without a leak says that slowness is not all there is to it
  const still = equals.find((name) => !leakOf(name));
  const rival = still ?? equals[0];
  if (rival !== undefined)
    return verdictOf(
      still === undefined ? "slow only" : "undecided",
      `${rival} is as good: over it ${margins(rival)}`,
    );
  if (unlearned.length === 0 || rivals.length === 0)
    return verdictOf(
      "undecided",
      `${found}, held against ${unlearned.length === 0 ? "no row without learning" : "no baseline"}`,
    );
  if (colorShare.interval![1] > mostColor)
    return verdictOf(
      "undecided",
      `${found}, but ${withInterval(colorShare)} of the variance is linear in mean colors`,
    );
  const over = unlearned.map((name) => `over ${name} ${margins(name)}`).join("; ");
  return verdictOf(
    "learns content",
    `${found}; ${over}; none of ${rivals.length} baselines is as good in both, the nearest ${nearest(rivals, margin)}`,
  );
}

const marginWords = (margin: Estimate | null | undefined): string =>
  margin ? withInterval(margin, true) : "unknown";

/** The baseline over which the better of the two margins is least, in words. */
function nearest(
  baselines: readonly string[],
  margin: (figure: FigureName, other: string) => Estimate | null | undefined,
): string {
  const lead = (name: string): number =>
    Math.max(...joint.map((f) => margin(f, name)?.interval?.[0] ?? -Infinity));
  const name = baselines.reduce((a, b) => (lead(b) < lead(a) ? b : a));
  return `${name}: ${joint.map((f) => `${words[f]} ${marginWords(margin(f, name))}`).join(", ")}`;
}
