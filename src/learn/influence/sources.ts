import type { CellState } from "../../cells/_cell.js";
import type { DType } from "../../core/dtype.js";
import { leavesOf } from "../../core/tree.js";
import { Axis } from "../../forward/factor.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import type { Model, ModelParams } from "../model.js";

/** A parameter block: one tensor, keyed by its identity, with names for its axes. */
export interface Block {
  /** Such as `areas.0.W`. */
  readonly path: string;
  /** The area that owns it; `null` for the readout, which no state depends on. */
  readonly area: number | null;
  readonly axes: readonly Axis[];
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** Names of the axes of an area's states; all states of an area share them. */
export interface AreaNames {
  readonly axes: readonly Axis[];
  readonly states: readonly string[];
}

/** Persistent names of everything that tangents are taken with respect to. */
export interface Sources {
  readonly blocks: readonly Block[];
  readonly areas: readonly AreaNames[];
}

export function namesOf<S>(model: Model<S>, params: ModelParams, states: readonly CellState[]): Sources {
  const blocks = leavesOf<Tensor>(params, isTensor, "params").map(({ path, value }) => {
    // a name that is no plain word stands in brackets
    const owner = /^areas\.(\d+)[.[]/.exec(path);
    return {
      path,
      area: owner ? Number(owner[1]) : null,
      axes: value.shape.map((n, i) => new Axis(n, `${path}[${i}]`)),
      shape: value.shape,
      dtype: value.dtype,
    };
  });
  const areas = model.areas.map((cell, b) => {
    const first = states[b][cell.states[0]];
    return { axes: first.shape.map((n, i) => new Axis(n, `area ${b} axis ${i}`)), states: cell.states };
  });
  return { blocks, areas };
}
