/** States are named, one by one: shape and dtype belong to a state, and the order of keys means nothing. */
import type { Cell, CellParams, CellState } from "../../cells/_cell.js";
import { type DType, isFloat } from "../../core/dtype.js";
import { ArgumentError, DTypeError, type OnwardError, ShapeError } from "../../core/errors.js";
import { formatShape, sameShape } from "../../core/shape.js";
import { leavesOf } from "../../core/tree.js";
import { put } from "../../core/tree-node.js";
import { abstractTensor } from "../../tensor/apply.js";
import type { Aval } from "../../tensor/op.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import type { Model, ModelParams } from "./model.js";

/** Whether a state has derivatives: integers and booleans advance, and no influence passes through them. */
export const isDifferentiable = ({ dtype }: Aval): boolean => isFloat(dtype);

/** States before the first step, by area, for the batch and dtype of an input. */
export function startStates<S>(model: Model<S>, params: ModelParams, input: Aval): CellState[] {
  const dtype = floatOf(params, input);
  return model.areas.map((cell, b) => startState(cell, params.areas[b], b, input.shape[0], dtype));
}

/** Whether a model's states start from parameters. */
export const hasStart = <S>({ areas }: Model<S>): boolean => areas.some(({ start }) => start !== undefined);

/** The same as shapes without data: nothing of the batch's size is allocated. */
export function stateShapes<S>(model: Model<S>, params: ModelParams, { shape, dtype }: Aval): CellState[] {
  const single = startStates(model, params, { shape: [1, ...shape.slice(1)], dtype });
  return single.map((states) =>
    Object.fromEntries(
      Object.entries(states).map(([name, t]) => [
        name,
        abstractTensor({ shape: [shape[0], ...t.shape.slice(1)], dtype: t.dtype }),
      ]),
    ),
  );
}

/** What an area's `next` gave, in the order in which the cell names its states; each must be what it was before. */
export function newStates(cell: Cell, b: number, found: CellState, old: CellState): CellState {
  requireNames(cell, "next", b, found);
  const states: Record<string, Tensor> = {};
  for (const name of cell.states) {
    const t = found[name];
    const was = old[name];
    if (!isTensor(t) || t.dtype !== was.dtype || !sameShape(t.shape, was.shape))
      throw wrongState(cell, "next", b, name, [was.dtype], formatShape(was.shape), t);
    put(states, name, t);
  }
  return states;
}

function startState(cell: Cell, params: CellParams, b: number, batch: number, dtype: DType): CellState {
  const part = cell.start ? "start" : "zeroState";
  const found = cell.start ? cell.start(params, batch, { dtype }) : cell.zeroState(batch, { dtype });
  requireNames(cell, part, b, found);
  const states: Record<string, Tensor> = {};
  for (const name of cell.states) {
    const t = found[name];
    if (!isTensor(t) || t.shape[0] !== batch || (isFloat(t.dtype) && t.dtype !== dtype))
      throw wrongState(cell, part, b, name, [dtype, "int32", "bool"], `[${batch},...]`, t);
    put(states, name, t);
  }
  return states;
}

/** The dtype of states: the input's, or the parameters' where inputs are integers such as tokens. */
function floatOf(params: ModelParams, input: Aval): DType {
  if (isFloat(input.dtype)) return input.dtype;
  const first = leavesOf<Tensor>(params.areas, isTensor).find(({ value }) => isFloat(value.dtype));
  return first?.value.dtype ?? "float64";
}

function requireNames({ name, states }: Cell, part: string, b: number, found: unknown): void {
  const isObject = typeof found === "object" && found !== null;
  const names = isObject ? Object.keys(found) : [];
  if (isObject && names.length === states.length && states.every((s) => Object.hasOwn(found, s))) return;
  const got = isObject ? names.join(", ") : typeof found;
  throw new ArgumentError(
    `${name}: ${part} of area ${b + 1} must give the states ${states.join(", ")}, got ${got || "none"}`,
  );
}

function wrongState(
  { name: cell }: Cell,
  part: string,
  b: number,
  state: string,
  dtypes: readonly DType[],
  shape: string,
  got: unknown,
): OnwardError {
  const came = isTensor(got) ? `${got.dtype} ${formatShape(got.shape)}` : typeof got;
  const wanted = `${dtypes.join(" or ")} ${shape}`;
  const message = `${cell}: ${part} of area ${b + 1} must give state ${state} as ${wanted}, got ${came}`;
  return isTensor(got) && !dtypes.includes(got.dtype) ? new DTypeError(message) : new ShapeError(message);
}
