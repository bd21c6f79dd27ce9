import type { Cell, CellParams } from "../../cells/_cell.js";
import { cells } from "../../cells/registry.js";
import { derived } from "../../core/derived.js";
import type { DType } from "../../core/dtype.js";
import { foldIn, type Key } from "../../core/prng.js";
import { fanIn } from "../../nn/layers.js";
import { tensor, zeros } from "../../ops/create.js";
import { mul } from "../../ops/pointwise.js";
import { normal } from "../../ops/random.js";
import type { AreaPreset, Preset } from "./preset.js";

/** Channels that the retina makes of a crop: three contrasts, and ON and OFF. */
const channelsOfCrop = 5;
const driveGain = 1.2;
const gateScale = 0.1;
/** Shares of its input that a unit takes at the least and at the most, whatever it keeps. */
const [leastInput, mostInput] = [0.1, 0.88];

/** Shape of the input of a preset without its batch axis, [C, P, P]. */
export const inputShape = ({ input }: Preset): [number, number, number] => [
  channelsOfCrop * input.crops.length,
  input.size,
  input.size,
];

/** The cells of a preset, bottom to top. */
export function cellsOf(preset: Preset): Cell[] {
  const areas: Cell[] = [];
  let input: readonly number[] = inputShape(preset);
  for (const { drive, units, stride = 1, activation = "tanh" } of preset.areas) {
    const area =
      drive === "conv"
        ? cells.rgcPointwise({ input, units, stride, activation })
        : cells.rgc({ input, units, activation });
    areas.push(preset.recurrent === false ? forgetful(area) : area);
    input = area.outputShape;
  }
  return areas;
}

/** The cell without its past: every step starts from the zero state. */
const forgetful = (cell: Cell): Cell =>
  derived(cell, {
    next: (params, state, input) => {
      const [name] = cell.states;
      const { dtype, shape } = state[name];
      return cell.next(
        params,
        cell.zeroState(shape[0], { dtype: dtype === "float32" ? "float32" : "float64" }),
        input,
      );
    },
  });

const logit = (p: number): number => Math.log(p / (1 - p));

/** What each unit keeps, [n]. */
function keptBy(keep: AreaPreset["keep"], n: number): number[] {
  const groups = typeof keep === "number" ? [keep] : keep;
  return Array.from({ length: n }, (_, i) => groups[Math.floor((i * groups.length) / n)]);
}

/**
 * Parameters of an area at the start: drives of gain 1.2, small gate weights, and biases that let a unit keep its share of its
 * state and take the rest of its input. A gate is 1 − σ(·): a share p is a bias of −logit(p).
 */
export function initArea(key: Key, cell: Cell, { keep, units }: AreaPreset, dtype: DType): CellParams {
  const kept = keptBy(keep, units);
  const bias = (shares: readonly number[]) =>
    tensor(
      shares.map((p) => -logit(p)),
      { dtype },
    );
  const taken = kept.map((p) => Math.min(mostInput, Math.max(leastInput, 1 - p)));
  return Object.fromEntries(
    Object.entries(cell.shapes).map(([name, shape]) => {
      const own = foldIn(key, name);
      if (name.startsWith("K")) return [name, fanIn(own, shape, driveGain, { dtype })];
      if (name.startsWith("w")) return [name, mul(normal(own, shape, { dtype }), gateScale)];
      if (name === "gcc" || name === "ghh") return [name, bias(kept)];
      if (name === "ghc" || name === "gch") return [name, bias(taken)];
      return [name, zeros(shape, { dtype })];
    }),
  );
}
