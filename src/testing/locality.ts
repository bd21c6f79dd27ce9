import type { Cell, CellState, Locality } from "../cells/_cell.js";
import { sizeOf } from "../core/shape.js";
import { fillTree, leavesOf } from "../core/tree.js";
import { jvp } from "../forward/jvp.js";
import { stack } from "../learn/stack.js";
import { tensor, zerosLike } from "../ops/create.js";
import { entries } from "../tensor/read.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { answerOf, statesAfter } from "./cell-contract.js";
import { randomParams, randomSequence } from "./random-case.js";

/** From the least mixing to the most. */
const order: readonly Locality[] = ["unit", "channel", "dense"];
/** Entries of a state whose reach is followed; of larger states, as many spread evenly. */
const probes = 24;

export const isWithin = (found: Locality, promised: Locality): boolean =>
  order.indexOf(found) <= order.indexOf(promised);

/**
 * Which entries of the old states the new states depend on, to first order: their own unit, their own channel, or
 * others as well. Found by pushing single entries through `next` at random parameters and reached states.
 */
export function localityOf(who: string, cell: Cell, seed = 0): Locality {
  const { input, state: shape } = cell.geometry;
  const params = randomParams(stack([cell]), seed).areas[0];
  const sequence = randomSequence(seed, { input, target: [], steps: 3, batch: 1 });
  const state = statesAfter(who, cell, params, sequence);
  answerOf(who, cell, { params, state, input: sequence[0].input });
  const [n, channel] = [sizeOf(shape), sizeOf(shape.slice(1))];
  const stride = Math.max(1, Math.ceil(n / probes));
  const leaves = leavesOf<Tensor>(state, isTensor);
  let found: Locality = "unit";
  for (let k = 0; k < leaves.length; k++)
    for (let i = 0; i < n; i += stride) {
      const one = leaves.map(({ value }, j) =>
        j === k ? tensor(new Float64Array(n).fill(1, i, i + 1), { shape: value.shape }) : zerosLike(value),
      );
      const along = fillTree(state, isTensor, one) as CellState;
      const { tangent } = jvp((s: CellState) => cell.next(params, s, sequence[0].input), [state], [along]);
      for (const name of cell.states)
        entries(tangent[name]).forEach((v, j) => {
          if (v === 0 || j === i) return;
          const same = shape.length > 1 && Math.floor(j / channel) === Math.floor(i / channel);
          if (!same) found = "dense";
          else if (found === "unit") found = "channel";
        });
    }
  return found;
}
