import { derived } from "../core/derived.js";
import { isFloat } from "../core/dtype.js";
import { ArgumentError } from "../core/errors.js";
import { put } from "../core/tree-node.js";
import { zeros } from "../ops/create.js";
import { add } from "../ops/pointwise.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Cell, CellParams, CellState } from "./_cell.js";
import { aCell } from "./_kinds.js";

/** A cell whose start is learned: one more parameter per state, such as `h0` of `h`. */
export type LearnedStart<C> = C extends Cell<infer P, infer S> ? Cell<P | `${S}0`, S> : Cell;

/**
 * The cell with a start that is a parameter: for each state `h` of floating-point numbers, [n], a parameter `h0`, [n], zero at
 * first, which every stream starts from. Integers and booleans start as before.
 * @throws ArgumentError where the cell has a parameter of that name, or a start of its own
 */
export function learnedStart<P extends string, S extends string>(cell: Cell<P, S>): Cell<P | `${S}0`, S>;
export function learnedStart(cell: Cell): Cell {
  aCell("learnedStart", "the cell", cell);
  if (cell.start !== undefined)
    throw new ArgumentError(
      `learnedStart: expected a cell that starts from zero, got ${cell.name}, which has a start of its own`,
    );
  const zero = cell.zeroState(1);
  const learned = cell.states.filter((name) => isFloat(zero[name].dtype));
  const shapes = Object.fromEntries(learned.map((name) => [`${name}0`, zero[name].shape.slice(1)]));
  const taken = Object.keys(shapes).find((name) => Object.hasOwn(cell.shapes, name));
  if (taken !== undefined)
    throw new ArgumentError(`learnedStart: expected a cell without a parameter ${taken}, got ${cell.name}`);
  return derived(cell, {
    shapes: { ...cell.shapes, ...shapes },
    init(key, options): CellParams {
      const starts = Object.entries(shapes).map(([name, shape]) => [name, zeros(shape, options)]);
      return { ...cell.init(key, options), ...Object.fromEntries(starts) };
    },
    start(params, batch, options): CellState {
      const states: Record<string, Tensor> = {};
      for (const [name, t] of Object.entries(cell.zeroState(batch, options)))
        put(states, name, learned.includes(name) ? add(t, params[`${name}0`]) : t);
      return states;
    },
  });
}
