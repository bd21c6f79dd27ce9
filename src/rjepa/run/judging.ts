import { join } from "node:path";
import { checksum } from "../../core/checksum.js";
import { foldIn, key as keyOf, permutation } from "../../core/prng.js";
import type { Fovea } from "../../data/fovea.js";
import type { Gallery } from "../../data/gallery.js";
import { readLabeled } from "../../data/labeled-folder.js";
import type { References } from "../../data/references.js";
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
import { representationOf } from "../parts/read.js";
import type { Reader } from "../parts/reader.js";
import { comparedWith } from "../parts/target.js";

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

/** Sequences and their images. */
export interface Data {
  readonly gallery: Gallery;
  readonly references: References;
}

/** On what a model is judged. */
export interface Judging {
  /** To which regressions of figures and baselines are fitted. */
  readonly train: Data;
  /** On images that nothing was fitted to. */
  readonly test: Data;
  readonly labeled: Labeled | null;
  /** That of the run. */
  readonly seed: number;
}

/** What is found of a model. */
export interface Found {
  readonly table: JudgmentTable;
  /** Test sequences that the table is of. */
  readonly judged: number;
  /** Of the trained and the untrained model and of texture energy, by the names of their rows, on all test sequences. */
  readonly portraits: Readonly<Record<string, Portrait>>;
}

/** A trained model beside the untrained one and all baselines. */
export async function judged(
  { train, test, labeled, seed }: Judging,
  trained: Reader,
  untrained: Reader,
): Promise<Found> {
  const { preset } = trained.jepa;
  const key = foldIn(keyOf(seed), "judge");
  const algebra = await linearAlgebra();
  const fovea = preset.input;
  const { length } = train.references.sequences;
  const chosen = permutation(foldIn(key, "fit"), length).subarray(0, fitSequences);
  const fit = fixationsOf(train.gallery, train.references, fovea, chosen);
  const all = test.references.sequences.length;
  const some = all <= mostJudged ? undefined : permutation(foldIn(key, "test"), all).subarray(0, mostJudged);
  const models = [representationOf("trained", trained), representationOf("untrained", untrained)];
  const baselines = trivialRepresentations(fit, algebra, foldIn(key, "baselines"), comparedWith(preset));
  const shared = { fit, algebra, key: foldIn(key, "figures") };
  const whole = { ...shared, test: fixationsOf(test.gallery, test.references, fovea) };
  const textures = baselines.filter(({ name }) => name.startsWith("texture energy"));
  return {
    table: judgeAll(models, baselines.map(lean), {
      ...shared,
      test: fixationsOf(test.gallery, test.references, fovea, some),
      ...(labeled === null ? {} : { labeled }),
    }),
    judged: Math.min(all, mostJudged),
    portraits: Object.fromEntries([
      ...models.map((model) => [model.name, portraitOf(model, whole)] as const),
      ...textures.map((row) => [row.name, portraitOf(row, { ...whole, shape: false })] as const),
    ]),
  };
}

/** A checksum of what was judged on and what was fitted to: rows of two tables stand side by side where it is the same. */
export function judgedOn({ train, test, labeled, seed }: Judging, { crops, size }: Fovea): string {
  const seen = ({ references: { images, sequences } }: Data) =>
    sequences.map(({ image, viewer, fixations, frames = [] }) => {
      const { name, width, height } = images[image];
      return [name, width, height, viewer, ...fixations, ...frames];
    });
  const probes = labeled && [labeled.fitLabels, labeled.testLabels].map((labels) => Array.from(labels));
  return checksum(JSON.stringify([seed, crops, size, seen(train), seen(test), probes]));
}
