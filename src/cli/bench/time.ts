import { PlanError } from "../../core/errors.js";
import { type Learner, ruleNamed } from "../../learn/index.js";
import { formatDuration } from "../progress.js";
import { textTable } from "../table.js";
import { Benchmark } from "./benchmark.js";
import type { RuleAndCredit } from "./memory.js";
import { prepare, type Subject, unitsOf } from "./subject.js";

/** Which times to take. */
export interface TimeSweep {
  readonly subjects: readonly Subject[];
  readonly rules: readonly RuleAndCredit[];
  /** Bytes that an influence may take. */
  readonly limit: number;
  /** Seconds that one figure may take. */
  readonly seconds: number;
}

export type TimeFigure =
  | {
      readonly kind: "measured";
      /** Median over the samples. */
      readonly secondsPerStep: number;
      /** Quartiles of the samples. */
      readonly quartiles: readonly [number, number];
      readonly samples: number;
    }
  | { readonly kind: "refused"; readonly needed: number }
  | { readonly kind: "slow"; readonly seconds: number };

export interface TimeRow extends RuleAndCredit {
  readonly model: string;
  readonly units: string;
  readonly figure: TimeFigure;
}

/** Steps of the sequence that is timed with its gradient; the time is given per step. */
const steps = 10;
/** Sequences per figure: fewer say nothing about the spread. */
const leastSamples = 5;

/** Seconds after which a figure has samples enough. */
const longest = 4;
/** Steps that tell whether a figure can be afforded: the first ones compile the code. */
const warmSteps = 4;

/** Time per step: a sequence of ten, from zero states to the gradient, by benchmark.js. */
export function sweepTime(sweep: TimeSweep, tell: (row: TimeRow) => void = () => {}): TimeRow[] {
  return sweep.subjects.flatMap((subject) => {
    const { model, init, samples } = prepare(subject, steps);
    const params = init();
    return sweep.rules.map(({ rule, credit }) => {
      const start = (): Learner<unknown> =>
        ruleNamed(rule).start(model, params, { credit, memoryLimit: sweep.limit, compile: false });
      const figure = figureOf(start, samples, sweep.seconds);
      const row = { model: subject.label, units: unitsOf(model), rule, credit, figure };
      tell(row);
      return row;
    });
  });
}

function figureOf(start: () => Learner<unknown>, samples: readonly unknown[], seconds: number): TimeFigure {
  const learner = start();
  const sequence = (): void => {
    learner.reset();
    for (const sample of samples) learner.step(sample);
    learner.gradient();
  };
  try {
    const needed = fastestOf(warmSteps, () => learner.step(samples[0])) * steps * (leastSamples + 1);
    if (needed > seconds) return { kind: "slow", seconds: needed };
  } catch (error) {
    if (error instanceof PlanError) return { kind: "refused", needed: error.needed };
    throw error;
  }
  sequence();
  const bench = new Benchmark(sequence, {
    maxTime: Math.min(longest, seconds / 2),
    minSamples: leastSamples,
  });
  bench.run({ async: false });
  const { error } = bench as unknown as { error?: unknown };
  if (error) throw error;
  const sorted = bench.stats.sample.map((s) => s / steps).sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))];
  return {
    kind: "measured",
    secondsPerStep: at(0.5),
    quartiles: [at(0.25), at(0.75)],
    samples: sorted.length,
  };
}

/** Seconds of the fastest of a few calls. */
function fastestOf(calls: number, call: () => void): number {
  let fastest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < calls; i++) {
    const began = performance.now();
    call();
    fastest = Math.min(fastest, (performance.now() - began) / 1000);
  }
  return fastest;
}

/** How the time grows with n between the last two sizes measured: the exponent of n; `null` where fewer are known. */
export function growthOf(rows: readonly TimeRow[], row: TimeRow): number | null {
  const same = rows.filter(
    (r) =>
      r.model === row.model && r.rule === row.rule && r.credit === row.credit && r.figure.kind === "measured",
  );
  const at = same.indexOf(row);
  if (at < 1 || row.figure.kind !== "measured") return null;
  const before = same[at - 1];
  if (before.figure.kind !== "measured") return null;
  const sizes = Math.log(Number(row.units) / Number(before.units));
  return Math.log(row.figure.secondsPerStep / before.figure.secondsPerStep) / sizes;
}

export function timeTable(rows: readonly TimeRow[]): string {
  const head = ["model", "n", "rule", "time per step", "quartiles", "growth", "note"];
  return textTable(
    head,
    rows.map((row) => {
      const { figure } = row;
      const name = row.credit === "local" ? `${row.rule} local` : row.rule;
      if (figure.kind === "refused")
        return [row.model, row.units, name, "-", "-", "-", "refused by the planner"];
      if (figure.kind === "slow")
        return [
          row.model,
          row.units,
          name,
          "-",
          "-",
          "-",
          `left out: would take ${formatDuration(1000 * figure.seconds)}`,
        ];
      const growth = growthOf(rows, row);
      return [
        row.model,
        row.units,
        name,
        milliseconds(figure.secondsPerStep),
        figure.quartiles.map(milliseconds).join(" to "),
        growth === null ? "-" : `n^${growth.toFixed(1)}`,
        "",
      ];
    }),
  );
}

const milliseconds = (s: number): string => `${(1000 * s).toPrecision(3)} ms`;
