import type { Cell, CellParams } from "../../cells/_cell.js";
import { type Drive, weightsOf } from "../../cells/drives/_drive.js";
import { drives } from "../../cells/drives/all.js";
import { drivenNames, reciprocalGatedCircuit } from "../../cells/rgc.js";
import { derived } from "../../core/derived.js";
import type { DType } from "../../core/dtype.js";
import { foldIn, type Key } from "../../core/prng.js";
import { type Shape, sizeOf } from "../../core/shape.js";
import { fanIn } from "../../nn/layers.js";
import { tensor, zeros } from "../../ops/create.js";
import { mul } from "../../ops/pointwise.js";
import { normal } from "../../ops/random.js";
import { mean } from "../../ops/reduce.js";
import { reshape } from "../../ops/views.js";
import type { Tensor } from "../../tensor/tensor.js";
import { inputShape } from "./input.js";
import type { AreaPreset, Preset } from "./preset.js";

const driveGain = 1.2;
const gateScale = 0.1;
/** Shares of its input that a unit takes at the least and at the most, whatever it keeps. */
const [leastInput, mostInput] = [0.1, 0.9];

/** Name of a parameter of an area among those that only the loss reads: `Wh6`. */
export const named = (name: string, area: number): string => `${name}${area + 1}`;

/** An area as parts: what drives it, and its circuit around that. */
export interface Area {
  readonly cell: Cell;
  readonly drive: Drive;
  /** Names of the parameters of the drive in the cell, each with its name in the drive. */
  readonly driven: readonly (readonly [own: string, inDrive: string])[];
  /** Names in the cell of the drive's matrices and kernels. */
  readonly decayed: readonly string[];
}

function driveOf({ drive, units, stride }: AreaPreset, input: Shape): Drive {
  const given = typeof drive === "string" ? { kind: drive } : drive;
  switch (given.kind) {
    case "linear":
      return drives.linear({ input, units, ...without(given) });
    case "stem":
      return drives.stem({ input, units });
    default:
      return drives[given.kind]({ input, units, stride, ...without(given) });
  }
}

/** Options of a drive, without what chose it. */
function without<D extends { readonly kind: string }>({ kind: _, ...options }: D): Omit<D, "kind"> {
  return options;
}

/** The areas of a preset, bottom to top. */
export function areasOf(preset: Preset): Area[] {
  const areas: Area[] = [];
  let input: Shape = inputShape(preset);
  for (const given of preset.areas) {
    const { shared = false, activation = "tanh" } = given;
    const drive = driveOf(given, input);
    const gates = drive.outputShape.length === 1 ? "vector" : given.gates;
    const circuit = reciprocalGatedCircuit({ drive, gates, shared, activation });
    const cell = preset.recurrent === false ? forgetful(circuit) : circuit;
    const driven = drivenNames({ drive, shared });
    const weights = new Set(weightsOf(drive));
    const decayed = driven.filter(([, name]) => weights.has(name)).map(([own]) => own);
    areas.push({ cell, drive, driven, decayed });
    input = cell.outputShape;
  }
  return areas;
}

/** The cell without its past: every step starts from the zero state. */
const forgetful = (cell: Cell): Cell =>
  derived(cell, {
    next: (params, state, input) => {
      const { dtype, shape } = state[cell.states[0]];
      const zero = cell.zeroState(shape[0], { dtype });
      return cell.next(params, zero, input);
    },
  });

/** The numbers of an area's output that its embedding reads, [B, n]: every unit, or the means of channels. */
export function unitsOf({ pool = false }: Pick<AreaPreset, "pool">, r: Tensor): Tensor {
  if (r.rank === 2) return r;
  return pool ? mean(r, [2, 3]) : reshape(r, [r.shape[0], -1]);
}

/** How many these are, of an area whose output has such a shape. */
export const countOfUnits = ({ pool = false }: Pick<AreaPreset, "pool">, shape: Shape): number =>
  pool ? shape[0] : sizeOf(shape);

const logit = (p: number): number => Math.log(p / (1 - p));

/** What each unit keeps, [n]. */
function keptBy(keep: AreaPreset["keep"], n: number): number[] {
  const groups = typeof keep === "number" ? [keep] : keep;
  return Array.from({ length: n }, (_, i) => groups[Math.floor((i * groups.length) / n)]);
}

/**
 * Parameters of an area at the start: single matrices and kernels of gain 1.2, those of stages as the stages say, small gate
 * weights, and biases that let a unit keep its share of its state and take the rest of its input. A gate is 1 − σ(·): a share p is
 * a bias of −logit(p).
 */
export function initArea(
  key: Key,
  { cell, drive, driven }: Area,
  { keep, units }: AreaPreset,
  dtype: DType,
): CellParams {
  const kept = keptBy(keep, units);
  const bias = (shares: readonly number[]) =>
    tensor(
      shares.map((p) => -logit(p)),
      { dtype },
    );
  const taken = kept.map((p) => Math.min(mostInput, Math.max(leastInput, 1 - p)));
  const inDrive = new Map(driven);
  return Object.fromEntries(
    Object.entries(cell.shapes).map(([name, shape]) => {
      const own = foldIn(key, name);
      const ofDrive = inDrive.get(name);
      if (ofDrive !== undefined) {
        const values = drive.initial?.[ofDrive]?.(own, sizeOf(shape));
        if (values) return [name, tensor(values, { shape, dtype })];
        return [name, shape.length < 2 ? zeros(shape, { dtype }) : fanIn(own, shape, driveGain, { dtype })];
      }
      if (name.startsWith("w")) return [name, mul(normal(own, shape, { dtype }), gateScale)];
      if (name === "gcc" || name === "ghh") return [name, bias(kept)];
      if (name === "ghc" || name === "gch") return [name, bias(taken)];
      return [name, zeros(shape, { dtype })];
    }),
  );
}
