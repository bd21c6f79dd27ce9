import type { Cell, CellState, Locality } from "../cells/_cell.js";
import { isFloat } from "../core/dtype.js";
import { sameShape, sizeOf } from "../core/shape.js";
import { jvp } from "../forward/jvp.js";
import { network } from "../learn/model/network.js";
import { tensor, zerosLike } from "../ops/create.js";
import { entries } from "../tensor/read.js";
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
 * others as well. Found by pushing single entries through `next` at random parameters and reached states. States of
 * different shapes share no units: where one passes on to units what it has of units, it mixes them.
 */
export function localityOf(who: string, cell: Cell, seed = 0): Locality {
  const { input } = cell.geometry;
  const params = randomParams(network([cell]), seed).areas[0];
  const sequence = randomSequence(seed, { input, target: [], steps: 3, batch: 1 });
  const state = statesAfter(who, cell, params, sequence);
  answerOf(who, cell, { params, state, input: sequence[0].input });
  const smooth = cell.states.filter((name) => isFloat(state[name].dtype));
  const moving = Object.fromEntries(smooth.map((name) => [name, state[name]]));
  const next = (s: CellState): CellState => {
    const answer = cell.next(params, { ...state, ...s }, sequence[0].input);
    return Object.fromEntries(smooth.map((name) => [name, answer[name]]));
  };
  let found: Locality = "unit";
  /** The states that each reaches in a step. */
  const reached = new Map(smooth.map((name) => [name, new Set<string>()]));
  for (const from of smooth) {
    const { shape, size: n } = state[from];
    const channel = sizeOf(shape.slice(2));
    const stride = Math.max(1, Math.ceil(n / probes));
    for (let i = 0; i < n; i += stride) {
      const one = tensor(new Float64Array(n).fill(1, i, i + 1), { shape });
      const along = Object.fromEntries(
        smooth.map((name) => [name, name === from ? one : zerosLike(state[name])]),
      );
      const { tangent } = jvp(next, [moving], [along]);
      for (const to of smooth)
        entries(tangent[to]).forEach((v, j) => {
          if (v === 0) return;
          reached.get(from)?.add(to);
          if (j === i || !sameShape(state[to].shape, shape)) return;
          const same = shape.length > 2 && Math.floor(j / channel) === Math.floor(i / channel);
          if (!same) found = "dense";
          else if (found === "unit") found = "channel";
        });
    }
  }
  return mixes(smooth, state, reached) ? "dense" : found;
}

/** Whether some state of many entries reaches another of many by way of one that has another shape. */
function mixes(
  names: readonly string[],
  state: CellState,
  reached: ReadonlyMap<string, Set<string>>,
): boolean {
  const after = (from: string): Set<string> => {
    const seen = new Set<string>();
    const visit = (name: string): void => {
      for (const to of reached.get(name) ?? [])
        if (!seen.has(to)) {
          seen.add(to);
          visit(to);
        }
    };
    visit(from);
    return seen;
  };
  const differ = (a: string, b: string): boolean => !sameShape(state[a].shape, state[b].shape);
  return names.some(
    (from) =>
      state[from].size > 1 &&
      [...after(from)].some(
        (by) => differ(from, by) && [...after(by)].some((to) => state[to].size > 1 && differ(by, to)),
      ),
  );
}
