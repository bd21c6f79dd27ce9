import type { DType } from "../core/dtype.js";
import { ArgumentError } from "../core/errors.js";
import { sizeOf } from "../core/shape.js";
import { mapTree } from "../core/tree.js";
import { Tape } from "../reverse/tape.js";
import { abstractTensor } from "../tensor/apply.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { automaticWindow } from "./influence/block/pays.js";
import type { Pattern } from "./influence/pattern.js";
import type { Sources } from "./influence/sources.js";
import { bytesOf } from "./influence/traces.js";
import { requireWindow } from "./memory.js";
import type { Model, ModelParams, Moment } from "./model.js";
import type { Past } from "./step.js";
import {
  abstractTree,
  parameterShapes,
  recordShapes,
  type Structure,
  silent,
  structureOf,
} from "./structure.js";
import { tapeBytes } from "./tape-bytes.js";
import { unrollStep } from "./unroll.js";

export interface PlanOptions<S = unknown> {
  /** Streams in parallel; default 1. */
  readonly batch?: number;
  /** Steps T that backpropagation through time would record; default 100. */
  readonly steps?: number;
  readonly dtype?: DType;
  /** One time step of data, for its shapes: with it the record of the loss is counted too, and its batch and dtype are used. */
  readonly sample?: S;
  /** Steps that the influence crosses at once; default 1. `auto` picks the number from the sizes, as `rfp` does. */
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
  /** Bytes each rule would hold. */
  readonly bytes: {
    readonly rfpExact: number;
    /** Exact, with what a block of `window` steps takes while it is crossed: its record, and about as much of coefficients. */
    readonly rfpWindow: number;
    readonly rfpLocal: number;
    readonly rtrl: number;
    readonly bptt: number;
  };
  /** Steps below which the record of backpropagation through time is smaller than the exact influence. */
  readonly bpttSmallerBelow: number;
}

/** What learning rules would hold for a model, before anything is computed or allocated. */
export function plan<S>(model: Model<S>, options: PlanOptions<S> = {}): Plan {
  const sample = options.sample === undefined ? null : abstractTree(options.sample);
  const given = sample && model.input(sample);
  const { steps = 100 } = options;
  const batch = given?.shape[0] ?? options.batch ?? 1;
  const dtype = given?.dtype ?? options.dtype ?? "float64";
  if (!Number.isInteger(batch) || batch < 1 || !Number.isInteger(steps) || steps < 1)
    throw new ArgumentError(`plan: expected integers >= 1, got batch ${batch} and steps ${steps}`);
  const input = given ?? abstractTensor({ shape: [batch, ...model.areas[0].geometry.input], dtype });
  const params = options.params ? abstractTree(options.params) : parameterShapes(model, dtype);
  if (options.window !== "auto") requireWindow("plan", options.window ?? 1);
  const shapes = recordShapes(model, params, input, { explain: true });
  const exact = structureOf(shapes, { credit: "exact" });
  const local = structureOf(shapes, { credit: "own" });
  const rtrl = structureOf(shapes, { credit: "exact", dense: true });
  const perStep = sample
    ? bytesPerStep(model, params, sample)
    : bytesPerStep(silent(model, input), params, null);
  const window = options.window === "auto" ? automaticWindow(exact) : (options.window ?? 1);
  return {
    rows: rowsOf(model, exact),
    batch,
    steps,
    dtype,
    parameters: exact.sources.blocks.reduce((n, b) => (b.area === null ? n : n + sizeOf(b.shape)), 0),
    window,
    bytes: {
      rfpExact: exact.bytes,
      rfpWindow: exact.bytes + (window > 1 ? 2 * window * perStep : 0),
      rfpLocal: local.bytes,
      rtrl: rtrl.bytes,
      bptt: perStep * steps,
    },
    bpttSmallerBelow: Math.ceil(exact.bytes / Math.max(1, perStep)),
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

/** Bytes that one more step adds to the record of backpropagation through time. */
function bytesPerStep<S>(model: Model<S>, params: ModelParams, sample: S): number {
  const tape = new Tape("plan");
  const theta = mapTree(params, isTensor, (t: Tensor) => tape.leaf(t)) as ModelParams;
  let past: Past | null = null;
  let start = 0;
  // the first step has no past, and what it reads may be constant
  for (let t = 0; t < 3; t++) {
    start = tape.nodes.length;
    const { now }: { now: Moment } = unrollStep(model, theta, past, sample);
    past = { states: now.states, input: now.input };
  }
  return tapeBytes(tape, start);
}
