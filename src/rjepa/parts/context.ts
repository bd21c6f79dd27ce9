import type { Cell, CellState } from "../../cells/_cell.js";
import { sizeOf } from "../../core/shape.js";
import { concat } from "../../ops/join.js";
import { stopGradient } from "../../ops/stop-gradient.js";
import type { Tensor } from "../../tensor/tensor.js";

/** Areas whose states are vectors, bottom to top. */
const denseIn = (areas: readonly Cell[]): number[] =>
  areas.flatMap(({ outputShape }, a) => (outputShape.length === 1 ? [a] : []));

/** Numbers of a context, c. */
export const contextSize = (areas: readonly Cell[]): number =>
  denseIn(areas).reduce((sum, a) => sum + areas[a].states.length * sizeOf(areas[a].outputShape), 0);

/**
 * The context c(t): all states of all dense areas side by side, [B, c], bottom to top; those of areas that `isConstant` names
 * without their derivative.
 */
export const contextOf = (
  areas: readonly Cell[],
  states: readonly CellState[],
  isConstant: (area: number) => boolean = () => false,
): Tensor =>
  concat(
    denseIn(areas).flatMap((a) =>
      areas[a].states.map((name) => (isConstant(a) ? stopGradient(states[a][name]) : states[a][name])),
    ),
    1,
  );
