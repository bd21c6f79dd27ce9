/** The same numbers under the same names, with keys in another order: nothing may go by it. */

import type { Cell, CellState } from "../cells/_cell.js";
import { derived } from "../core/derived.js";
import type { Model } from "../learn/model/model.js";
import { isTensor } from "../tensor/tensor.js";

/** A tree whose objects list their keys in another order, for most `turn`; 0 leaves them. */
export function shuffled<T>(tree: T, turn: number): T {
  if (turn === 0 || isTensor(tree) || typeof tree !== "object" || tree === null) return tree;
  if (Array.isArray(tree)) return tree.map((branch) => shuffled(branch, turn)) as T;
  const entries = Object.entries(tree).map(([name, branch]) => [name, shuffled(branch, turn)] as const);
  const at = turn % Math.max(1, entries.length);
  const turned = [...entries.slice(at), ...entries.slice(0, at)];
  return Object.fromEntries(turn % 2 === 1 ? turned.reverse() : turned) as T;
}

/** A cell that is handed its parameters and states, and gives new ones, with keys in another order. */
const shuffledCell = (cell: Cell, turn: number): Cell =>
  derived(cell, {
    zeroState: (...args) => shuffled(cell.zeroState(...args), turn),
    ...(cell.start && {
      start: (p, ...args) => shuffled(cell.start?.(shuffled(p, turn), ...args) as CellState, turn),
    }),
    next: (p, s, x) => shuffled(cell.next(shuffled(p, turn), shuffled(s, turn), x), turn),
    output: (p, s, x) => cell.output(shuffled(p, turn), shuffled(s, turn), x),
  });

/** A model of such cells. */
export const shuffledModel = <S>(model: Model<S>, turn: number): Model<S> =>
  turn === 0 ? model : derived(model, { areas: model.areas.map((cell) => shuffledCell(cell, turn)) });
