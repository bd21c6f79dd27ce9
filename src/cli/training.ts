import os from "node:os";
import { join } from "node:path";
import v8 from "node:v8";
import vm from "node:vm";
import type { Command as Program } from "commander";
import { ArgumentError } from "../core/errors.js";
import { printable } from "../core/printable.js";
import type { Dataset, Image } from "../data/index.js";
import type { Experiment, Preset } from "../rjepa/index.js";
import { requireParts } from "./optional-parts.js";
import { countOf, creditOf, positiveOf, refuseGiven } from "./options.js";
import { createProgress } from "./progress.js";
import { settledMemory } from "./settled-memory.js";
import { jsonOf, note, print } from "./terminal.js";

export interface TrainingOptions {
  readonly preset: string;
  readonly rule: string;
  readonly credit: string;
  readonly control: string;
  readonly images?: string;
  readonly scanpaths?: string;
  readonly sampler: string;
  readonly sequences: string;
  readonly viewers: string;
  readonly steps: string;
  readonly batch: string;
  readonly epochs: string;
  readonly rate?: string;
  readonly seed: string;
  readonly out: string;
  readonly backend?: string;
}

/** Options that training and the demo share. */
export function addTrainingOptions(program: Program, defaults: { sequences: string; out: string }): Program {
  return program
    .option("--preset <name>", "nano or tiny", "nano")
    .option("--rule <name>", "learning rule, such as rfp, bptt or tbptt(4)", "rfp")
    .option("--credit <name>", "exact or local, for rfp", "exact")
    .option(
      "--control <name>",
      "none, or shuffle: patches of other sequences, which must prevent learning",
      "none",
    )
    .option(
      "--images <folder>",
      "JPEG, PNG or WebP images, or for a recipe a video or several; default: synthetic scenes, which need no download",
    )
    .option("--scanpaths <file>", "recorded fixations on these images; default: a sampler")
    .option(
      "--sampler <name>",
      "uniform, centerBiased or saliency, where fixations are not recorded",
      "centerBiased",
    )
    .option(
      "--sequences <n>",
      "training sequences of synthetic scenes; at least, as all viewers see a scene",
      defaults.sequences === "all" ? "2000" : defaults.sequences,
    )
    .option("--viewers <n>", "sequences per image where fixations are sampled", "4")
    .option("--steps <T>", "fixations in a sequence", "8")
    .option("--batch <n>", "streams in parallel", "1")
    .option("--epochs <n>", "passes over the sequences", "1")
    .option("--rate <x>", "peak learning rate; default 2e-4 for one stream, 1e-3 for batches")
    .option("--seed <n>", "same seed, same bits on one backend and instruction set", "1")
    .option("--out <folder>", "where summary.json and report.html go", defaults.out)
    .option("--backend <name>", "backend to compute with");
}

const testShare = 0.25;
const mostProblems = 10;
const scene = { width: 320, height: 240 };

/** Reads or makes the data, trains, judges, and writes summary and report. */
export async function runTraining(options: TrainingOptions, program: Program): Promise<void> {
  const { useBackend } = await import("../index.js");
  const { formatSummary, presetNamed, runExperiment } = await import("../rjepa/index.js");
  const { ruleNamed } = await import("../learn/index.js");
  if (options.backend) useBackend(options.backend);
  const preset = presetNamed(options.preset);
  ruleNamed(options.rule);
  if (options.control !== "none" && options.control !== "shuffle")
    throw new ArgumentError(`--control: expected none or shuffle, got "${options.control}"`);
  if (options.rule !== "rfp") refuseGiven(program, ["credit"], "the rule rfp with it");
  const seed = seedOf(options);
  const settings = {
    credit: creditOf(options.credit),
    batch: countOf("--batch", options.batch),
    epochs: countOf("--epochs", options.epochs),
    rate: options.rate === undefined ? undefined : positiveOf("--rate", options.rate),
    control: options.control as "none" | "shuffle",
  };
  const sizes = sizesOf(options, program);
  // what a run needs at its end is asked for before it starts
  await requireParts(program.name(), ["ml-matrix", "sharp", "vega", "vega-lite"]);
  const { prepareFolder } = await import("../data/node/write.js");
  await prepareFolder(program.name(), options.out);
  const dataset = await loadData(options, preset, seed, sizes);
  reportProblems(dataset);
  const bar = { progress: null as ReturnType<typeof createProgress> | null };
  let experiment: Experiment;
  try {
    experiment = await runExperiment({
      ...settings,
      preset,
      dataset,
      rule: options.rule,
      seed,
      testShare,
      heldBytes,
      onProgress({ fixations, total, loss }) {
        bar.progress ??= createProgress(total);
        bar.progress.update(fixations, loss);
      },
    });
  } finally {
    bar.progress?.stop();
  }
  print(formatSummary(experiment.summary));
  await writeResults(experiment, options, preset, program.name());
}

/** Names what could not be used; a long list is cut here and whole in summary.json. */
function reportProblems({ problems }: Dataset): void {
  for (const { file, reason } of problems.slice(0, mostProblems))
    note(`skipped ${printable(`${file}: ${reason}`)}\n`);
  const more = problems.length - mostProblems;
  if (more > 0) note(`and ${more} more problems; summary.json lists them all\n`);
}

/** Bytes of all array buffers that are in use. */
function heldBytes(): number {
  v8.setFlagsFromString("--expose-gc");
  return settledMemory(vm.runInNewContext("gc") as () => void).arrayBuffers;
}

const seedOf = ({ seed }: TrainingOptions): number => countOf("--seed", seed, 0, Number.MAX_SAFE_INTEGER);

/** Sizes of the data. Options without effect on it are refused. */
function sizesOf(options: TrainingOptions, program: Program) {
  if (options.images !== undefined) refuseGiven(program, ["sequences"], "synthetic scenes, without --images");
  else refuseGiven(program, ["scanpaths"], "--images with it");
  if (options.scanpaths !== undefined)
    refuseGiven(program, ["viewers", "sampler"], "fixations that are sampled, without --scanpaths");
  return {
    steps: countOf("--steps", options.steps, 0),
    viewers: countOf("--viewers", options.viewers),
    sequences: countOf("--sequences", options.sequences, 2),
  };
}

async function loadData(
  options: TrainingOptions,
  preset: Preset,
  seed: number,
  { steps, viewers, sequences }: ReturnType<typeof sizesOf>,
): Promise<Dataset> {
  const data = await import("../data/index.js");
  const { foldIn, key: keyOf } = await import("../core/prng.js");
  const key = foldIn(keyOf(seed), "data");
  const shared = {
    steps,
    cropSize: preset.crop,
    size: preset.size,
    sampler: options.sampler,
    viewers,
    memoryLimit: os.totalmem(),
    key,
  };
  if (options.images === undefined) {
    const count = Math.max(2, Math.ceil(sequences / shared.viewers / (1 - testShare)));
    return data.fromScenes({ ...shared, ...scene, count });
  }
  const progress = { bar: null as ReturnType<typeof createProgress> | null };
  try {
    return await data.fromFolder({
      ...shared,
      images: options.images,
      scanpaths: options.scanpaths,
      viewers: options.scanpaths === undefined ? shared.viewers : undefined,
      onProgress(done: number, total: number) {
        progress.bar ??= createProgress(total, { unit: "images", label: "read" });
        progress.bar.update(done);
      },
    });
  } finally {
    progress.bar?.stop();
  }
}

/** Reads or makes again the image that a sequence looked at. */
async function imageOf(options: TrainingOptions, name: string): Promise<Image> {
  const { readImage, sceneNamed } = await import("../data/index.js");
  if (options.images !== undefined) return readImage(join(options.images, name));
  const { foldIn, key: keyOf } = await import("../core/prng.js");
  return sceneNamed({ ...scene, key: foldIn(keyOf(seedOf(options)), "data") }, name);
}

async function writeResults(
  experiment: Experiment,
  options: TrainingOptions,
  preset: Preset,
  who: string,
): Promise<void> {
  const { reportOf } = await import("../rjepa/report-data.js");
  const { renderReport } = await import("../rjepa/index.js");
  const { saveModel } = await import("../rjepa/checkpoint.js");
  const { writeFiles } = await import("../data/node/write.js");
  const { judge } = await import("../rjepa/report/verdicts.js");
  const data = await reportOf(experiment, {
    source: options.images ?? "synthetic scenes",
    preset,
    imageOf: ({ image }) => imageOf(options, image),
  });
  const summary = { ...experiment.summary, verdicts: judge(data), lossByStep: data.lossByStep };
  const files = { "summary.json": `${jsonOf(summary, 2)}\n`, "model.json": saveModel(experiment) };
  // what was learned is safe before the page is drawn
  await writeFiles(who, options.out, files);
  await writeFiles(who, options.out, { "report.html": await renderReport(data) });
  const names = [...Object.keys(files), "report.html"].map((name) => printable(join(options.out, name)));
  print(`wrote ${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}\n`);
}
