import { join } from "node:path";
import { foldIn, type Key, permutation } from "../../core/prng.js";
import { readLabeled } from "../../data/labeled-folder.js";
import { leakOf } from "../figures/baselines/leaky.js";
import { trivialRepresentations } from "../figures/baselines/trivial.js";
import type { Labeled } from "../figures/judging/data.js";
import type { FigureName } from "../figures/judging/judge.js";
import { type Portrait, portraitOf } from "../figures/judging/portrait.js";
import { type JudgmentTable, judgeAll } from "../figures/judging/table.js";
import { labeledOf } from "../figures/labeled.js";
import { figures } from "../figures/registry.js";
import type { Representation } from "../figures/representation.js";
import { linearAlgebra } from "../linear-algebra.js";
import { fixationsOf } from "../parts/data.js";
import type { Preset } from "../parts/preset.js";
import { type Reader, representationOf } from "../parts/read.js";
import type { Loader } from "./loader.js";

/** Sequences of training images to which regressions of figures are fitted. */
const fitSequences = 2500;

/** Test sequences that figures compare with each other; of more, as many are drawn. Portraits are of all. */
const mostJudged = 1500;

/** Figures that have a representation read all sequences many times over. */
const costly: readonly string[] = ["memoryCurve", "wrongPast", "action", "lidar"];
const quick = Object.keys(figures).filter((name) => !costly.includes(name)) as FigureName[];

/** What a table of a run does not hold, for whoever reads it. */
export const askedOfFew =
  "Memory, wrong past, the next saccade and LiDAR are asked of baselines without a leak alone.";

/** Baselines, of which those without a leak alone are asked for costly figures. */
const lean = (baseline: Representation): Representation =>
  leakOf(baseline.name) === 0 || baseline.only !== undefined ? baseline : { ...baseline, only: quick };

/** Labeled images of a folder as the probes see them. @throws DataError */
export async function labeledIn(folder: string, { input }: Preset): Promise<Labeled> {
  const [fit, test] = await Promise.all(["train", "test"].map((part) => readLabeled(join(folder, part))));
  return labeledOf(fit, test, input);
}

/** What is judged, on which data. */
export interface Judging {
  readonly loader: Loader;
  readonly trained: Reader;
  readonly untrained: Reader;
  readonly labeled: Labeled | null;
  readonly key: Key;
}

/** What is found of a run. */
export interface Found {
  readonly table: JudgmentTable;
  /** Test sequences that the table is of. */
  readonly judged: number;
  /** Of the trained and the untrained model and of texture energy, by the names of their rows, on all test sequences. */
  readonly portraits: Readonly<Record<string, Portrait>>;
}

/** A trained model beside the untrained one and all baselines, on images that nothing was fitted to. */
export async function judged({ loader, trained, untrained, labeled, key }: Judging): Promise<Found> {
  const { gallery, train, test } = loader;
  const { preset } = trained.jepa;
  const algebra = await linearAlgebra();
  const fovea = preset.input;
  const chosen = permutation(foldIn(key, "fit"), train.sequences.length).subarray(0, fitSequences);
  const fit = fixationsOf(gallery, train, fovea, chosen);
  const target = preset.target === "fresh" ? "fresh" : "recurrent";
  const all = test.sequences.length;
  const some = all <= mostJudged ? undefined : permutation(foldIn(key, "test"), all).subarray(0, mostJudged);
  const models = [representationOf("trained", trained), representationOf("untrained", untrained)];
  const baselines = trivialRepresentations(fit, algebra, foldIn(key, "baselines"), target);
  const shared = { fit, algebra, key: foldIn(key, "figures") };
  const whole = { ...shared, test: fixationsOf(gallery, test, fovea) };
  const textures = baselines.filter(({ name }) => name.startsWith("texture energy"));
  return {
    table: judgeAll(models, baselines.map(lean), {
      ...shared,
      test: fixationsOf(gallery, test, fovea, some),
      ...(labeled === null ? {} : { labeled }),
    }),
    judged: Math.min(all, mostJudged),
    portraits: Object.fromEntries([
      ...models.map((model) => [model.name, portraitOf(model, whole)] as const),
      ...textures.map((row) => [row.name, portraitOf(row, { ...whole, shape: false })] as const),
    ]),
  };
}
