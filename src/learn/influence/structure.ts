import { derived } from "../../core/derived.js";
import type { DType } from "../../core/dtype.js";
import { mapTree } from "../../core/tree.js";
import { sum } from "../../ops/reduce.js";
import { abstractTensor } from "../../tensor/apply.js";
import type { Aval } from "../../tensor/op.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import type { Model, ModelParams } from "../model/model.js";
import { stateShapes } from "../model/states.js";
import { recordStart, recordStep, type StepRecord } from "../step/step.js";
import { type Costs, costsOf } from "./cost.js";
import { findPatterns, type PatternOptions, type Patterns } from "./pattern.js";
import { type Contributions, pushStep } from "./push.js";
import { namesOf, type Sources } from "./sources.js";
import { bytesOf } from "./traces.js";

/** What forward-in-time learning of a model will store, found without computing a number. */
export interface Structure {
  readonly batch: number;
  readonly sources: Sources;
  readonly patterns: Patterns;
  /** By area: what its new states depend on directly. */
  readonly reads: readonly Reads[];
  /** What a step takes, by group and block. */
  readonly costs: Costs;
  /** Bytes of all traces. */
  readonly bytes: number;
}

/** What the states of an area depend on within a step. */
export interface Reads {
  /** Parameter blocks that enter there. */
  readonly blocks: ReadonlySet<number>;
  /** Groups of states, old or new. */
  readonly groups: ReadonlySet<number>;
}

/** A step recorded on shapes alone. */
export interface ShapeRecord {
  readonly record: StepRecord;
  /** The start as a step of its own, where it depends on parameters. */
  readonly start: StepRecord | null;
  readonly sources: Sources;
  readonly batch: number;
}

/** The same tree with shapes in place of numbers. */
export const abstractTree = <T>(tree: T): T => mapTree(tree, isTensor, abstractTensor) as T;

/** Parameters of the areas as shapes without data; the readout plays no part in the influence. */
export function parameterShapes<S>(model: Model<S>, dtype: DType): ModelParams {
  const areas = model.areas.map((cell) =>
    Object.fromEntries(
      Object.entries(cell.shapes).map(([name, shape]) => [name, abstractTensor({ shape, dtype })]),
    ),
  );
  return { areas, readout: {} };
}

/** The model on shapes alone. A loss may read values that are not there; the influence does not depend on it. */
export function silent<S>(model: Model<S>, input: Aval): Model<unknown> {
  return derived(model as Model<unknown>, {
    input: () => abstractTensor(input),
    loss: ({ now }) => sum(now.outputs[now.outputs.length - 1]),
  });
}

/** The shape reading of one step. `explain` notes the source line of each op. */
export function recordShapes<S>(
  model: Model<S>,
  params: ModelParams,
  input: Aval,
  options: {
    readonly explain?: boolean;
    /** Puts something else in the place of an old state. */
    readonly mark?: (state: Tensor, area: number, index: number) => Tensor;
  } = {},
): ShapeRecord {
  const shapes = abstractTree(params);
  const batch = input.shape[0];
  const states = stateShapes(model, params, input);
  const sources = namesOf(model, shapes, states);
  const { mark } = options;
  const given = mark
    ? states.map((state, b) =>
        Object.fromEntries(Object.entries(state).map(([s, t], k) => [s, mark(t, b, k)])),
      )
    : states;
  const record = recordStep(silent(model, input), shapes, { states: given, input: null }, null, options);
  const start = recordStart(model, shapes, abstractTensor(input), options);
  return { record, start, sources, batch };
}

/** Ties and dependencies of every parameter block on every area, and their bytes. */
export function structureOf(
  { record, start, sources, batch }: ShapeRecord,
  options: PatternOptions,
): Structure {
  const step = pushStep(record, sources, options);
  // what a state depends on at first, it depends on
  const first = start && pushStep(start, sources, options);
  const all = first ? step.map((area, b) => area.map((list, k) => [...list, ...first[b][k]])) : step;
  const patterns = findPatterns(all, sources, options);
  const bytes = patterns.flat().reduce((total, p) => total + (p ? bytesOf(p, sources) : 0), 0);
  return { batch, sources, patterns, reads: all.map(readsOf), costs: costsOf(all, sources, patterns), bytes };
}

function readsOf(states: Contributions[number]): Reads {
  const all = states.flat().map(({ source }) => source);
  return {
    blocks: new Set(all.flatMap((s) => (s.kind === "block" ? [s.block] : []))),
    groups: new Set(all.flatMap((s) => (s.kind === "state" ? [s.group] : []))),
  };
}
