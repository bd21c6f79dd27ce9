import type { CellState } from "../../cells/_cell.js";
import type { DType } from "../../core/dtype.js";
import { sameShape } from "../../core/shape.js";
import { leavesOf } from "../../core/tree.js";
import { Axis } from "../../forward/factor.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import type { Model, ModelParams } from "../model/model.js";
import { isDifferentiable } from "../model/states.js";

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

/** The states of one area that have one shape: they share names of axes and ties, and their traces advance in one pass. */
export interface StateGroup {
  readonly area: number;
  /** Positions in `cell.states`. */
  readonly states: readonly number[];
  readonly names: readonly string[];
  readonly axes: readonly Axis[];
}

/** Persistent names of everything that tangents are taken with respect to. */
export interface Sources {
  readonly blocks: readonly Block[];
  /** From the bottom up. */
  readonly groups: readonly StateGroup[];
  /** By area and state: the state's group; -1 for integers and booleans, which have no influence. */
  readonly groupOf: readonly (readonly number[])[];
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
  const groups: { area: number; states: number[]; names: string[]; axes: Axis[] }[] = [];
  const groupOf = model.areas.map((cell, area) =>
    cell.states.map((name, i) => {
      const state = states[area][name];
      if (!isDifferentiable(state)) return -1;
      const known = groups.findIndex(
        (g) =>
          g.area === area &&
          sameShape(
            g.axes.map((a) => a.size),
            state.shape,
          ),
      );
      if (known >= 0) {
        groups[known].states.push(i);
        groups[known].names.push(name);
        return known;
      }
      const axes = state.shape.map((n, at) => new Axis(n, `area ${area} ${name} axis ${at}`));
      return groups.push({ area, states: [i], names: [name], axes }) - 1;
    }),
  );
  return { blocks, groups, groupOf };
}
