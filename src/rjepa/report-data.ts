import type { Image } from "../data/image.js";
import type { FixationSequence } from "../data/sequences.js";
import type { Experiment } from "./experiment.js";
import { moments } from "./figures.js";
import { linearAlgebra } from "./linear-algebra.js";
import type { Preset } from "./presets.js";
import type { ReportData } from "./report/data.js";

export interface ReportContext {
  /** "synthetic scenes", or the folder that the images came from. */
  readonly source: string;
  readonly preset: Preset;
  /** Reads or makes the image that a sequence looked at, for the strip. */
  readonly imageOf: (sequence: FixationSequence) => Promise<Image>;
}

const shownTrajectories = 6;

/** What the report page draws, from a finished run. */
export async function reportOf(experiment: Experiment, context: ReportContext): Promise<ReportData> {
  const { summary, trained, embeddings, test } = experiment;
  const algebra = await linearAlgebra();
  const { after } = embeddings;
  const axes = algebra.eigen(moments(after, true), after.d);
  const total = axes.values.reduce((a, b) => a + b, 0);
  const spectrum = (e: typeof after): number[] =>
    algebra.eigen(moments(e, true), e.d).values.map((v) => Math.max(v, 0));
  const shown = test[0];
  const image = await context.imageOf(shown);
  return {
    title: summary.control === "none" ? "R-JEPA on fixated patches" : `R-JEPA, control: ${summary.control}`,
    preset: summary.preset,
    rule: summary.rule,
    credit: summary.credit,
    seed: summary.seed,
    source: context.source,
    counts: {
      images: summary.images.train,
      testImages: summary.images.test,
      sequences: summary.sequences.train,
      steps: summary.fixations,
      parameters: summary.parameters,
      embedding: after.d,
      skippedImages: [...new Set(summary.problems.map((p) => (p.count ? `${p.file} (${p.count})` : p.file)))],
    },
    seconds: summary.seconds,
    fixationsPerSecond: summary.fixationsPerSecond,
    gradient: summary.gradient,
    memory: summary.memory,
    figures: { before: summary.before, after: summary.after },
    lossCurve: trained.curve,
    lossByStep: { before: summary.before.lossByStep, after: summary.after.lossByStep },
    trajectories: trajectoriesOf(after, axes.vectors),
    explainedVariance: [axes.values[0] / total, axes.values[1] / total],
    spectrum: { before: spectrum(embeddings.before), after: spectrum(after) },
    strip: {
      width: image.width,
      height: image.height,
      rgb: image.data,
      fixations: Array.from({ length: after.steps }, (_, t): [number, number] => [
        shown.fixations[2 * t],
        shown.fixations[2 * t + 1],
      ]),
      crop: context.preset.crop,
      patches: { size: context.preset.size, data: shown.patches },
    },
  };
}

/** h(t) of some sequences on the first two principal axes. */
function trajectoriesOf(
  { sequences, steps, d, h }: Experiment["embeddings"]["after"],
  vectors: readonly number[][],
) {
  const count = Math.min(shownTrajectories, sequences);
  const pick = Math.max(1, Math.floor(sequences / count));
  return Array.from({ length: count * steps }, (_, j) => {
    const [sequence, t] = [Math.floor(j / steps) * pick, j % steps];
    const at = (sequence * steps + t) * d;
    const along = (axis: number): number => vectors[axis].reduce((sum, v, k) => sum + v * h[at + k], 0);
    return { sequence, step: t + 1, x: along(0), y: along(1) };
  });
}
