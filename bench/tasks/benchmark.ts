import { cpus } from "node:os";
import { setImmediate } from "node:timers/promises";
import { agreementOf } from "./agreement.js";
import type { Experiment, Settings } from "./experiments.js";
import type { Learned, LearnOptions } from "./learn.js";
import { units } from "./model.js";
import type { ExperimentResult, Results, RuleResult } from "./results.js";
import type { Contender } from "./rules.js";
import type { Runs } from "./runs.js";

interface Trial {
  readonly options: LearnOptions;
  readonly run: Learned;
}

/** All trials of one rule: those of the search, and those of the table. */
interface Trials {
  readonly rule: string;
  readonly search: readonly Trial[];
  readonly rate: number;
  readonly table: readonly Trial[];
}

const parts = 20;

/** Runs all experiments, or what of them is not yet in the folder of runs. */
export async function benchmark(
  experiments: readonly Experiment[],
  settings: Settings,
  runs: Runs,
  progress: (line: string) => void,
): Promise<Results> {
  const { searchSeed, seeds, rates, test } = settings;
  const found: ExperimentResult[] = [];
  for (const experiment of experiments) found.push(await resultOf(experiment, settings, runs, progress));
  return {
    benchmark: "tasks",
    version: 1,
    machine: { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, node: process.version },
    settings: { units, test, rates, searchSeed, seeds },
    experiments: found,
  };
}

async function resultOf(
  experiment: Experiment,
  settings: Settings,
  runs: Runs,
  progress: (line: string) => void,
): Promise<ExperimentResult> {
  const { task, architecture, updates, batch, rules } = experiment;
  const all: Trials[] = [];
  for (const rule of rules) all.push(await trialsOf(experiment, rule, settings, runs, progress));
  const { of: _, ...score } = task.score;
  return {
    task: task.name,
    source: task.source,
    architecture,
    steps: task.steps,
    updates,
    batch,
    score,
    rules: all.map(summaryOf),
    agreement: pairsOf(all, "rfp", "bptt"),
  };
}

/** The rate is chosen on a seed of its own; then come the seeds of the table. */
async function trialsOf(
  { task, architecture, updates, batch }: Experiment,
  rule: Contender,
  { test, rates, searchSeed, seeds }: Settings,
  runs: Runs,
  progress: (line: string) => void,
): Promise<Trials> {
  const attempt = async (rate: number, seed: number): Promise<Trial> => {
    // runs are long and never wait: here a signal to stop is heard
    await setImmediate();
    const options = { task, architecture, rule, rate, seed, updates, batch, test };
    const run = await runs.get(options);
    const outcome = run.diverged ? "diverged" : `${task.score.name} ${run.score.toFixed(4)}`;
    progress(
      `${task.name}, ${architecture}, ${rule.name}, rate ${rate}, seed ${seed}: ${outcome}, ${run.seconds.toFixed(1)} s for ${run.losses.length} updates`,
    );
    return { options, run };
  };
  const search: Trial[] = [];
  for (const rate of rates) search.push(await attempt(rate, searchSeed));
  const sign = task.score.better === "higher" ? -1 : 1;
  // of equally good rates the smaller
  const best = search.reduce((a, b) => (sign * b.run.score < sign * a.run.score ? b : a));
  const { rate } = best.options;
  const table: Trial[] = [];
  for (const seed of seeds) table.push(await attempt(rate, seed));
  return { rule: rule.name, search, rate, table };
}

function summaryOf({ rule, search, rate, table }: Trials): RuleResult {
  const scores = table.map(({ run }) => run.score);
  const average = meanOf(scores);
  const finished = table.filter(({ run }) => !run.diverged).map(({ run }) => run.losses);
  const updates = table.reduce((n, { run }) => n + run.losses.length, 0);
  const lossIn = (from: number, to: number): number =>
    meanOf(
      finished.map((losses) =>
        meanOf(losses.slice(Math.floor(from * losses.length), Math.max(1, Math.ceil(to * losses.length)))),
      ),
    );
  return {
    rule,
    search: search.map(({ options, run }) => ({
      rate: options.rate,
      score: run.score,
      diverged: run.diverged,
    })),
    rate,
    scores,
    mean: average,
    deviation: Math.sqrt(scores.reduce((s, x) => s + (x - average) ** 2, 0) / Math.max(1, scores.length - 1)),
    diverged: table.length - finished.length,
    loss: finished.length ? lossIn(0.9, 1) : null,
    secondsPerUpdate: table.reduce((s, { run }) => s + run.seconds, 0) / Math.max(1, updates),
    curve: finished.length ? Array.from({ length: parts }, (_, i) => lossIn(i / parts, (i + 1) / parts)) : [],
  };
}

const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Runs of two rules at the same rate, seed and length, compared; `null` where there are none. */
function pairsOf(all: readonly Trials[], first: string, second: string): ExperimentResult["agreement"] {
  const of = (name: string): readonly Trial[] =>
    all.filter(({ rule }) => rule === name).flatMap(({ search, table }) => [...search, ...table]);
  const others = of(second);
  const pairs = of(first).flatMap(({ options, run }): (readonly [Learned, Learned])[] => {
    const other = others.find(
      ({ options: o }) => o.rate === options.rate && o.seed === options.seed && o.updates === options.updates,
    );
    return other ? [[run, other.run]] : [];
  });
  return pairs.length ? agreementOf(pairs) : null;
}
