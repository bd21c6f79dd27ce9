import { aDType, type DType } from "../../core/dtype.js";
import { ArgumentError } from "../../core/errors.js";
import { anything, count, countOr, type Known, options as optionsOf } from "../../core/kinds.js";
import { sizeOf } from "../../core/shape.js";
import { Tape } from "../../reverse/tape.js";
import { abstractTensor } from "../../tensor/apply.js";
import type { Aval } from "../../tensor/op.js";
import { automaticWindow, movesByStep, multiplyAdds } from "../influence/block/pays.js";
import type { Pattern } from "../influence/pattern.js";
import type { Sources } from "../influence/sources.js";
import {
  abstractTree,
  parameterShapes,
  recordShapes,
  type Structure,
  silent,
  structureOf,
} from "../influence/structure.js";
import { bytesOf } from "../influence/traces.js";
import { aModel, inputOf } from "../model/kinds.js";
import type { Model, ModelParams, Moment } from "../model/model.js";
import { whyByOps } from "../model/purity.js";
import { requireParams } from "../model/require-params.js";
import { stateShapes } from "../model/states.js";
import { gradientBytes } from "../step/gradient-sum.js";
import { headNames } from "../step/heads.js";
import { lossCotangents } from "../step/linear-step.js";
import { type Past, parametersOn, recordStep, type StepRecord } from "../step/step.js";
import { tapeBytes } from "../step/tape-bytes.js";
import { unrollStep } from "../step/unroll.js";

export interface PlanOptions<S = unknown> {
  /** Streams in parallel; default 1. */
  readonly batch?: number;
  /** Steps T that backpropagation through time would record; default 100. */
  readonly steps?: number;
  readonly dtype?: DType;
  /** One time step of data, for its shapes: with it the record of the loss is counted too, and its batch and dtype are used. */
  readonly sample?: S;
  /** Steps that the influence crosses at once; default 1. `auto` picks what `rfp` comes to. */
  readonly window?: number | "auto";
  /** Parameters, for the shapes of those that only the loss reads. */
  readonly params?: ModelParams;
}

/** The influence of one parameter block on those states of one area that have one shape. */
export interface PlanRow {
  /** Area whose states are influenced, counted from 1 at the bottom, and its cell. */
  readonly area: number;
  readonly cell: string;
  /** Such as `areas.0.W`. */
  readonly parameter: string;
  readonly states: readonly string[];
  /** Pairs of a state axis and a parameter axis, counted from 0, that are stored as one. */
  readonly tied: readonly { readonly state: number; readonly parameter: number }[];
  /** Parameter axes whose tie was lost, with the op and the source line that broke it. */
  readonly broken: readonly { readonly parameter: number; readonly by: string }[];
  readonly bytes: number;
}

export interface Plan {
  readonly rows: readonly PlanRow[];
  readonly batch: number;
  readonly steps: number;
  readonly dtype: DType;
  /** Steps that the influence crosses at once. */
  readonly window: number;
  /** Number of parameters in the areas. */
  readonly parameters: number;
  /** Heads of the loss by name, where a sample is given and the loss has any. */
  readonly heads: readonly string[];
  /** Bytes each rule would hold; with heads, those of a gradient for each but the first too. */
  readonly bytes: {
    readonly rfpExact: number;
    /** Exact, with what a block of `window` steps takes while it is crossed: its record, and about as much of coefficients. */
    readonly rfpWindow: number;
    readonly rfpLocal: number;
    readonly rtrl: number;
    readonly bptt: number;
  };
  /** Multiply-adds that advance the influence, each step: one by one, and on average of a block of `window`. */
  readonly multiplyAdds: { readonly rfpExact: number; readonly rfpWindow: number; readonly rtrl: number };
  /** Steps below which the record of backpropagation through time is smaller than the exact influence. */
  readonly bpttSmallerBelow: number;
  /** Whether the record of a step counts the model's own loss, for which a sample is needed. */
  readonly countsLoss: boolean;
  /** Why learners will make steps op by op unless told otherwise; `null` where they replay them, as rules do that can. */
  readonly opByOp: string | null;
  /** What some rule would get wrong without a word. */
  readonly warnings: readonly string[];
}

const planning: Known<PlanOptions> = {
  batch: count(1),
  steps: count(1),
  dtype: aDType,
  sample: anything,
  window: countOr(["auto"]),
  params: anything,
};

/** What learning rules would hold for a model, before anything is computed or allocated. */
export function plan<S>(model: Model<S>, options: PlanOptions<S> = {}): Plan {
  aModel("plan", "the model", model);
  optionsOf("plan", options, planning as Known<PlanOptions<S>>);
  const sample = options.sample === undefined ? null : abstractTree(options.sample);
  const given = sample && inputOf(model, sample);
  const { steps = 100 } = options;
  const batch = given?.shape[0] ?? options.batch ?? 1;
  const dtype = given?.dtype ?? options.dtype ?? "float64";
  if (batch < 1) throw new ArgumentError(`plan: expected a sample of at least 1 stream, got ${batch}`);
  const input = given ?? abstractTensor({ shape: [batch, ...model.areas[0].geometry.input], dtype });
  const params = options.params
    ? abstractTree(requireParams("plan", model, options.params))
    : parameterShapes(model, dtype);
  const shapes = recordShapes(model, params, input, { explain: true });
  const exact = structureOf(shapes, { credit: "exact" });
  const local = structureOf(shapes, { credit: "own" });
  const rtrl = structureOf(shapes, { credit: "exact", dense: true });
  const later = sample && laterStep(model, params, input, sample);
  const heads = (later && headNames(later.lossValue)) ?? [];
  const apart = Math.max(0, heads.length - 1) * gradientBytes(params);
  const record = sample ? recordOf(model, params, sample) : recordOf(silent(model, input), params, null);
  const window = options.window === "auto" ? automaticWindow(exact) : (options.window ?? 1);
  return {
    rows: rowsOf(model, exact),
    batch,
    steps,
    dtype,
    parameters: exact.sources.blocks.reduce((n, b) => (b.area === null ? n : n + sizeOf(b.shape)), 0),
    window,
    heads,
    bytes: {
      rfpExact: exact.bytes + apart,
      rfpWindow: exact.bytes + apart + (window > 1 ? 2 * window * record.perStep : 0),
      rfpLocal: local.bytes + apart,
      rtrl: rtrl.bytes + apart,
      bptt: bytesAfter(record, steps),
    },
    multiplyAdds: {
      rfpExact: multiplyAdds(exact, 1),
      rfpWindow: multiplyAdds(exact, movesByStep(exact, window) ? 1 : window),
      rtrl: multiplyAdds(rtrl, 1),
    },
    bpttSmallerBelow: stepsToReach(record, exact.bytes + apart),
    countsLoss: sample !== null,
    opByOp: whyByOps(model, undefined),
    warnings: later && readsStepBefore(later) ? [truncatedAway] : [],
  };
}

function rowsOf<S>(model: Model<S>, { patterns, sources }: Structure): PlanRow[] {
  return patterns.flat().flatMap((pattern) => {
    if (pattern === null) return [];
    const { name, states } = model.areas[pattern.area];
    return [rowOf(name, states, pattern, sources)];
  });
}

function rowOf(cell: string, states: readonly string[], pattern: Pattern, sources: Sources): PlanRow {
  const block = sources.blocks[pattern.block];
  const tied = pattern.ties.flatMap((axis, state) =>
    axis ? [{ state, parameter: block.axes.indexOf(axis) }] : [],
  );
  const kept = new Set(tied.map((t) => t.parameter));
  // with every axis but the batch tied there is nothing to explain
  const lost = tied.length < pattern.ties.length - 1 ? pattern.lost : [];
  const broken = lost
    .map(({ axis, by }) => ({ parameter: block.axes.indexOf(axis), by }))
    .filter(
      ({ parameter }, i, all) =>
        parameter >= 0 && !kept.has(parameter) && all.findIndex((o) => o.parameter === parameter) === i,
    );
  return {
    area: pattern.area + 1,
    cell,
    parameter: block.path,
    states: states.filter((_, i) => pattern.present[i]),
    tied,
    broken,
    bytes: bytesOf(pattern, sources),
  };
}

/** Bytes of the record of backpropagation through time after its first two steps, and what each later one adds. */
interface RecordBytes {
  readonly first: number;
  readonly second: number;
  readonly perStep: number;
}

function recordOf<S>(model: Model<S>, params: ModelParams, sample: S): RecordBytes {
  const tape = new Tape("plan");
  const { theta } = parametersOn(tape, params);
  let past: Past | null = null;
  // the first step has no past, and what it reads may be constant
  const [first, second, third] = [1, 2, 3].map(() => {
    const { now }: { now: Moment } = unrollStep(model, theta, past, sample);
    past = { states: now.states, input: now.input };
    return tapeBytes(tape);
  });
  return { first, second, perStep: third - second };
}

const bytesAfter = ({ first, second, perStep }: RecordBytes, steps: number): number =>
  steps === 1 ? first : second + (steps - 2) * perStep;

/** The fewest steps whose record takes so many bytes. */
function stepsToReach({ first, second, perStep }: RecordBytes, bytes: number): number {
  if (bytes <= first) return 1;
  return 2 + Math.max(0, Math.ceil((bytes - second) / Math.max(1, perStep)));
}

const truncatedAway =
  "tbptt(1): the loss reads the step before, which a window of 1 makes a constant, so that no gradient reaches the areas through it; expected a window of at least 2";

/** A step that has one before it, on shapes. */
function laterStep<S>(model: Model<S>, params: ModelParams, input: Aval, sample: S): StepRecord {
  const states = stateShapes(model, params, input);
  return recordStep(model, params, { states, input: abstractTensor(input) }, sample);
}

/** Whether the gradient of the loss takes a way through the states before its step. */
function readsStepBefore(record: StepRecord): boolean {
  const reached = lossCotangents(record);
  return record.areas.some(({ previous }) => previous.some((node) => reached.has(node)));
}
