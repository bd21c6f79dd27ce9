/** Recurrent cells. Each is a kind: call it with sizes, such as `cells.mingru({ input: 4, units: 5 })`. */
import { ArgumentError } from "../core/errors.js";
import { nameOf } from "../core/kinds.js";
import type { CellKind } from "./_cell.js";
import { cells } from "./registry.js";

export {
  type Cell,
  type CellDefinition,
  type CellKind,
  type CellParams,
  type CellSizes,
  type CellState,
  defineCell,
  type Geometry,
  type Locality,
  type StateDefinition,
} from "./_cell.js";
export { drive } from "./_drive.js";
export { type LearnedStart, learnedStart } from "./_start.js";
export type { Drive, DriveParams, Initial } from "./drives/_drive.js";
export type { StageSizes } from "./drives/_stage.js";
export type { ConvSizes } from "./drives/conv.js";
export { drives } from "./drives/all.js";
export type { LinearSizes } from "./drives/linear.js";
export type { StemSizes } from "./drives/stem.js";
export { cells } from "./registry.js";
export { type CircuitGates, type CircuitOptions, reciprocalGatedCircuit } from "./rgc.js";

/** A kind of cell by name. @throws ArgumentError for an unknown name */
export function cellNamed(name: string): CellKind {
  const known: Readonly<Record<string, CellKind>> = cells;
  const kind = typeof name === "string" && Object.hasOwn(known, name) ? known[name] : undefined;
  if (!kind)
    throw new ArgumentError(`cell: expected one of ${Object.keys(cells).join(", ")}, got ${nameOf(name)}`);
  return kind;
}
