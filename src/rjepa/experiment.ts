import { formatBytes } from "../core/bytes.js";
import { DataError } from "../core/errors.js";
import { printable } from "../core/printable.js";
import { foldIn, key as keyOf } from "../core/prng.js";
import { leavesOf } from "../core/tree.js";
import type { Problem } from "../data/problem.js";
import type { Dataset, FixationSequence } from "../data/sequences.js";
import { shuffleControl, splitByImage } from "../data/sequences.js";
import { ruleNamed } from "../learn/named.js";
import { type Plan, plan } from "../learn/plan/plan.js";
import type { RuleOptions } from "../learn/rules/_rule.js";
import { isTensor } from "../tensor/tensor.js";
import { compareWithBptt, type GradientDifference } from "./compare.js";
import { type Embeddings, embedAll } from "./embed.js";
import { type Figures, figuresOf } from "./figures.js";
import { aSummary } from "./kinds.js";
import { linearAlgebra } from "./linear-algebra.js";
import { type Jepa, jepa } from "./model.js";
import type { Preset } from "./presets.js";
import { channelStatistics, samplesOf } from "./samples.js";
import { firstStatistics, type Progress, type Start, type Trained, train } from "./train.js";

export interface ExperimentOptions {
  readonly preset: Preset;
  readonly dataset: Dataset;
  readonly rule?: string;
  readonly credit?: RuleOptions["credit"];
  readonly batch?: number;
  readonly epochs?: number;
  readonly rate?: number;
  readonly seed?: number;
  /** `shuffle`: every training step's patch comes from another sequence, which must prevent learning. */
  readonly control?: "none" | "shuffle";
  /** Share of images, the last by name, kept for testing. */
  readonly testShare?: number;
  readonly onProgress?: (progress: Progress) => void;
  /** Bytes of array memory that the process holds, after collecting garbage; default: what the learner counts. */
  readonly heldBytes?: () => number;
}

/** What a run found, as numbers. */
export interface Summary {
  readonly preset: string;
  readonly rule: string;
  readonly credit: "exact" | "local";
  readonly control: "none" | "shuffle";
  readonly seed: number;
  readonly parameters: number;
  readonly sequences: { readonly train: number; readonly test: number };
  readonly images: { readonly train: number; readonly test: number };
  readonly fixations: number;
  readonly seconds: number;
  readonly fixationsPerSecond: number;
  /** Largest relative difference from the gradient of backpropagation through time, per parameter block. */
  readonly gradient: { readonly worst: number; readonly blocks: Readonly<Record<string, number>> };
  /** Bytes. */
  readonly memory: {
    readonly rfp: { readonly planned: number; readonly measured: number };
    readonly rtrl: { readonly planned: number };
    readonly bptt: { readonly planned: number; readonly measured: number; readonly steps: number };
  };
  readonly before: Figures;
  readonly after: Figures;
  readonly problems: readonly Problem[];
}

/** A finished run: its numbers, and what plots are drawn from. */
export interface Experiment {
  readonly summary: Summary;
  readonly trained: Trained;
  readonly start: Start;
  readonly embeddings: { readonly before: Embeddings; readonly after: Embeddings };
  readonly test: readonly FixationSequence[];
}

const refitSequences = 512;

/** Trains an R-JEPA and judges it on images that it has not seen, before and after. */
export async function runExperiment(options: ExperimentOptions): Promise<Experiment> {
  const {
    preset,
    dataset,
    rule = "rfp",
    credit = "exact",
    seed = 1,
    control = "none",
    testShare = 0.25,
  } = options;
  const algebra = await linearAlgebra();
  const key = keyOf(seed);
  const split = splitByImage(dataset, { test: testShare });
  if (split.train.length === 0 || split.test.length === 0)
    throw new DataError(
      `train: expected images for training and for testing, got sequences from ${countImages(dataset.sequences)} image(s)`,
    );
  const steps = dataset.steps;
  const model = jepa({ preset, steps });
  const seen = control === "shuffle" ? shuffleControl(split.train, foldIn(key, "control")) : split.train;
  const channels = channelStatistics(split.train, preset.size);
  const params = model.init(foldIn(key, "init"));
  const head = firstStatistics(model, params, split.train, channels);
  const start: Start = { jepa: model, params, head, channels };

  const judge = (
    p: typeof params,
    statistics: typeof head.statistics,
  ): { figures: Figures; embeddings: Embeddings } => {
    const reader = { jepa: model, params: p, head: statistics, channels };
    const embeddings = embedAll(reader, split.test);
    const fit = embedAll(reader, split.train.slice(0, refitSequences));
    return { figures: figuresOf(embeddings, split.test, fit, algebra, foldIn(key, "bootstrap")), embeddings };
  };
  const before = judge(params, head.statistics);
  const planned = plan(model.model, { steps, ...model.example() });
  const gradient = gradientCheck(model, start, split.train, rule, credit);
  const measured = measure(model, start, split.train, credit, options.heldBytes) ?? gradient.bytes.rule;
  const trained = train(start, seen, { ...options, rule, credit, key: foldIn(key, "train") });
  const after = judge(trained.params, trained.head.statistics);
  const summary: Summary = {
    preset: preset.name,
    rule,
    credit,
    control,
    seed,
    parameters: leavesOf(params, isTensor).reduce((n, { value }) => n + value.size, 0),
    sequences: { train: split.train.length, test: split.test.length },
    images: { train: countImages(split.train), test: countImages(split.test) },
    fixations: trained.fixations,
    seconds: trained.seconds,
    fixationsPerSecond: trained.fixations / trained.seconds,
    gradient: { worst: gradient.worst, blocks: gradient.blocks },
    memory: memoryOf(planned, credit, measured, gradient.bytes.bptt, steps),
    before: before.figures,
    after: after.figures,
    problems: dataset.problems,
  };
  return {
    summary,
    trained,
    start,
    embeddings: { before: before.embeddings, after: after.embeddings },
    test: split.test,
  };
}

/** The gradient of a whole real sequence by the rule in use, against backpropagation through time. */
function gradientCheck(
  model: Jepa,
  start: Start,
  sequences: readonly FixationSequence[],
  rule: string,
  credit: NonNullable<RuleOptions["credit"]>,
): GradientDifference {
  const samples = samplesOf(sequences.slice(0, 1), model.preset.size, start.channels, start.head.statistics);
  // a run by bptt still says how exact rfp is
  return compareWithBptt(model, start.params, samples, rule === "bptt" ? "rfp" : rule, { credit });
}

/** How much the process holds more while an RFP learner is in the middle of a sequence. */
function measure(
  model: Jepa,
  start: Start,
  sequences: readonly FixationSequence[],
  credit: NonNullable<RuleOptions["credit"]>,
  heldBytes: ExperimentOptions["heldBytes"],
): number | null {
  if (heldBytes === undefined) return null;
  const samples = samplesOf(sequences.slice(0, 1), model.preset.size, start.channels, start.head.statistics);
  const before = heldBytes();
  // the influence alone: what replays keep is beside it
  const learner = ruleNamed("rfp").start(model.model, start.params, { credit, compile: false });
  for (const sample of samples) learner.step(sample);
  const after = heldBytes();
  // the learner must outlive the second reading
  return learner.memory().bytes > 0 ? after - before : 0;
}

function memoryOf(
  { bytes }: Plan,
  credit: NonNullable<RuleOptions["credit"]>,
  measured: number,
  bptt: number,
  steps: number,
): Summary["memory"] {
  return {
    rfp: { planned: credit === "local" ? bytes.rfpLocal : bytes.rfpExact, measured },
    rtrl: { planned: bytes.rtrl },
    bptt: { planned: bytes.bptt, measured: bptt, steps },
  };
}

const countImages = (sequences: readonly FixationSequence[]): number =>
  new Set(sequences.map((s) => s.image)).size;

/** A few lines that sum up a run. */
export function formatSummary(s: Summary): string {
  aSummary("formatSummary", "the summary", s);
  const f = (x: number, digits = 3): string => (Number.isFinite(x) ? x.toFixed(digits) : `${x}`);
  const row = (name: string, get: (figures: Figures) => number): string =>
    `  ${name.padEnd(16)} ${f(get(s.before)).padStart(8)} -> ${f(get(s.after)).padStart(8)}`;
  return [
    `${s.preset}, rule ${s.rule} (credit ${s.credit})${s.control === "none" ? "" : `, control ${s.control}`}, seed ${s.seed}, ${s.parameters} parameters`,
    `${s.sequences.train} sequences of ${s.images.train} images to train, ${s.sequences.test} of ${s.images.test} to test`,
    `${s.fixations} fixations in ${f(s.seconds, 1)} s, ${f(s.fixationsPerSecond, 1)} fixations/s`,
    `gradient against bptt: largest relative difference ${s.gradient.worst.toExponential(1)}`,
    `memory: rfp ${formatBytes(s.memory.rfp.measured)} measured, ${formatBytes(s.memory.rfp.planned)} planned; rtrl ${formatBytes(s.memory.rtrl.planned)} planned; bptt ${formatBytes(s.memory.bptt.planned)} planned at T = ${s.memory.bptt.steps}`,
    "figures on test images, before -> after training",
    row("ratio", (x) => x.ratio),
    row("copy", (x) => x.copy),
    row("refit", (x) => x.refit),
    row("swap", (x) => x.swap),
    row("acc", (x) => x.acc),
    row("RankMe", (x) => x.rankMe),
    row("Var(h)", (x) => x.variance),
    row("L(2) - L(T)", (x) => x.contextGain),
    `  L by step after  ${s.after.lossByStep.map((l) => f(l)).join(" ")}`,
    ...(s.problems.length
      ? [
          `${s.problems.length} ${s.problems.length === 1 ? "problem" : "problems"} in the data; the first: ${printable(`${s.problems[0].file}: ${s.problems[0].reason}`)}`,
        ]
      : []),
    "",
  ].join("\n");
}
