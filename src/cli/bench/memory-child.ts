import { readFileSync, writeFileSync } from "node:fs";
import { PlanError } from "../../core/errors.js";
import { leavesOf } from "../../core/tree.js";
import { type Learner, type Model, type ModelParams, ruleNamed } from "../../learn/index.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import { settledMemory } from "../settled-memory.js";
import { prepare, type Subject, squareArea } from "./subject.js";

/** One figure to take, in a process of its own. */
export interface MemoryJob {
  readonly subject: Subject;
  readonly rule: string;
  readonly credit: "exact" | "local";
  readonly steps: number;
  /** Bytes that the influence may take. */
  readonly limit: number;
  /** Seconds that the steps may take. */
  readonly seconds: number;
}

/** What a process found. Figures count from just before the learner started, with parameters and data in place. */
export type MemoryFigure =
  | {
      readonly kind: "measured";
      /** Bytes of arrays alive after the last step, beside the gradient gathered so far. */
      readonly arrays: number;
      /** Bytes of other objects alive after the last step. */
      readonly objects: number;
      /** Growth of the resident set at its peak, gradient and garbage included; `null` where the system does not tell. */
      readonly resident: number | null;
      readonly secondsPerStep: number;
    }
  | { readonly kind: "refused"; readonly message: string; readonly needed: number }
  | { readonly kind: "slow" /** Seconds that all steps would have taken. */; readonly seconds: number };

/** Distinct steps of data; longer sequences start over. */
const distinct = 32;

/** Takes the figure in this process. @throws Error without `--expose-gc` */
export function measureMemory(job: MemoryJob): MemoryFigure {
  const collect = globalThis.gc;
  if (!collect) throw new Error("bench: expected --expose-gc in the measuring process, got no gc function");
  warmUp(job);
  const { model, init, samples } = prepare(job.subject, Math.min(job.steps, distinct));
  const params = init();
  const settle = (): NodeJS.MemoryUsage => settledMemory(collect);
  const before = settle();
  const startPeak = resetPeak();
  const learner = start(job, model, params);
  let began = performance.now();
  try {
    for (let t = 0; t < job.steps; t++) {
      learner.step(samples[t % samples.length]);
      // the first step allocates and compiles
      if (t === 0) began = performance.now();
      const spent = (performance.now() - began) / 1000;
      const whole = (spent / t) * job.steps;
      // the next steps are slow as well, until their code is compiled
      if ((t >= 300 || spent > 3) && whole > job.seconds && t < job.steps - 1)
        return { kind: "slow", seconds: whole };
    }
  } catch (error) {
    if (error instanceof PlanError) return { kind: "refused", message: error.message, needed: error.needed };
    throw error;
  }
  const secondsPerStep = (performance.now() - began) / 1000 / Math.max(1, job.steps - 1);
  const after = settle();
  // parameters and data count before and after, though nothing reads them any more
  if (samples[0] === undefined || params.areas.length === 0)
    throw new Error("bench: expected data, got none");
  const { growsWithTime } = learner.memory();
  const gradient = growsWithTime ? 0 : bytesOfGradient(learner);
  const top = peak();
  return {
    kind: "measured",
    arrays: after.arrayBuffers - before.arrayBuffers - gradient,
    objects: after.heapUsed - before.heapUsed,
    resident: startPeak === null || top === null ? null : top - startPeak,
    secondsPerStep,
  };
}

/** What every rule that runs forward holds besides: a sum per parameter. */
function bytesOfGradient(learner: Learner<unknown>): number {
  return leavesOf<Tensor>(learner.gradient(), isTensor).reduce((n, { value }) => n + 8 * value.size, 0);
}

const start = (job: MemoryJob, model: Model<unknown>, params: ModelParams): Learner<unknown> =>
  // what replays keep is no part of the influence
  ruleNamed(job.rule).start(model, params, { credit: job.credit, memoryLimit: job.limit, compile: false });

/** Compiles the code and fills caches on a small subject of the same kind, so that neither counts. */
function warmUp(job: MemoryJob): void {
  const { subject } = job;
  const small =
    "preset" in subject || subject.input.length > 1 ? squareArea("rgc", 2) : squareArea(subject.cells[0], 2);
  const { model, init, samples } = prepare(small, 4);
  const learner = start(job, model, init());
  for (const sample of samples) learner.step(sample);
  learner.gradient();
}

/** Lets the kernel forget the peak so far, where it can; the resident set in bytes, or `null`. */
function resetPeak(): number | null {
  try {
    writeFileSync("/proc/self/clear_refs", "5");
  } catch {
    return null;
  }
  return peak();
}

/** The largest resident set since the last reset, in bytes. */
function peak(): number | null {
  try {
    const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"));
    return line ? Number(line[1]) * 1024 : null;
  } catch {
    return null;
  }
}
