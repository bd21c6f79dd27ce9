import { foldIn, type Key, permutation } from "../../core/prng.js";
import type { References } from "../../data/references.js";
import { type Judgment, judge } from "../figures/judging/judge.js";
import { type Before, lightFigures, lightVerdict, type Verdict } from "../figures/verdict.js";
import { linearAlgebra } from "../linear-algebra.js";
import { fixationsOf } from "../parts/data.js";
import { representationOf } from "../parts/read.js";
import type { Reader } from "../parts/reader.js";
import type { Loader } from "./loader.js";

/** What a few figures say of a model while it learns. */
export interface Watched {
  readonly judgment: Judgment;
  readonly verdict: Verdict;
  /** Whether going on is of no use. */
  readonly isCollapsed: boolean;
}

/** Sequences that are looked at: enough to see whether something is wrong, in a second or two. */
const [testSequences, fitSequences] = [300, 600];

const some = (key: Key, { sequences }: References, most: number): Int32Array =>
  permutation(key, sequences.length).subarray(0, most);

/** Judges a model as often as it is asked, by few figures on few sequences, beside what it was before it learned. */
export async function watcherOf(
  loader: Loader,
  untrained: Reader,
  key: Key,
): Promise<(reader: Reader) => Watched> {
  const { gallery, train, test } = loader;
  const fovea = untrained.jepa.preset.input;
  const options = {
    test: fixationsOf(gallery, test, fovea, some(foldIn(key, "test"), test, testSequences)),
    fit: fixationsOf(gallery, train, fovea, some(foldIn(key, "fit"), train, fitSequences)),
    algebra: await linearAlgebra(),
    key,
    only: lightFigures,
  };
  const judgmentOf = (reader: Reader): Judgment => judge(representationOf("now", reader), options);
  const start = judgmentOf(untrained);
  const before: Before = {
    matchedAcc: start.matchedAcc?.value,
    variance: start.variance?.value,
    rankMe: start.rankMe?.value,
  };
  return (reader) => {
    const judgment = judgmentOf(reader);
    const verdict = lightVerdict(judgment, untrained.jepa.preset.embedding, before);
    return { judgment, verdict, isCollapsed: verdict.verdict.startsWith("collapsed") };
  };
}

/** A judgment as numbers by name, for a line of the log. */
export const numbersOf = (judgment: Judgment): Record<string, number | null> =>
  Object.fromEntries(Object.entries(judgment).map(([name, found]) => [name, found?.value ?? null]));
