import { ArgumentError, DTypeError, ShapeError } from "../../core/errors.js";
import { isAlike, ordered, pairLeaves } from "../../core/pair-leaves.js";
import { formatShape, type Shape, sameShape } from "../../core/shape.js";
import { leavesOf, mapTree } from "../../core/tree.js";
import { childOf, isList, namesOf, nodeKind } from "../../core/tree-node.js";
import { namedPath } from "../../core/tree-path.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import type { Model, ModelParams } from "./model.js";

/**
 * The parameters that a model's areas declare, by name and shape, and the readout of before. Their names come in the order of
 * before, in which rules count parameter blocks. What is returned is a frozen tree of its own: whoever gave the parameters may
 * change their objects afterwards, and learners that replay see parameters change by `setParams` alone.
 * @param goesOn whether a sequence goes on with them, of which states and influence are held: dtypes stay then
 * @throws ShapeError, ArgumentError, DTypeError
 */
export function requireParams<S>(
  who: string,
  model: Model<S>,
  params: ModelParams,
  before?: ModelParams,
  goesOn = false,
): ModelParams {
  if (before !== undefined && isAlike(before, params, isTensor, goesOn ? sameForms : sameShapes))
    return owned(params);
  const areas = areasOf(who, params);
  if (areas.length !== model.areas.length)
    throw new ArgumentError(
      `${who}: expected parameters of ${model.areas.length} areas, got ${areas.length}`,
    );
  model.areas.forEach(({ shapes }, i) => requireArea(who, `areas.${i}`, shapes, areas[i]));
  if (before === undefined) {
    leavesOf(params, isTensor, { who, role: "parameters" });
    return owned(params);
  }
  const words = { who, reference: "the parameters before", other: "parameters" };
  for (const { path, value, other } of pairLeaves<Tensor>(words, before, params, isTensor)) {
    requireShape(who, path, value.shape, other);
    if (goesOn && other.dtype !== value.dtype)
      throw new DTypeError(
        `${who}: the dtype of ${path} changed, expected ${value.dtype}, got ${other.dtype}; call reset() first`,
      );
  }
  return owned(ordered<Tensor>(words, before, params, isTensor) as ModelParams);
}

/** The same tensors in frozen objects and arrays. */
function owned<T>(tree: T): T {
  const own = mapTree(tree, isTensor, (t: Tensor) => t);
  const freeze = (node: unknown): void => {
    if (isTensor(node) || typeof node !== "object" || node === null) return;
    Object.values(Object.freeze(node)).forEach(freeze);
  };
  freeze(own);
  return own as T;
}

const sameShapes = (a: Tensor, b: Tensor): boolean => sameShape(a.shape, b.shape);
const sameForms = (a: Tensor, b: Tensor): boolean => a.dtype === b.dtype && sameShape(a.shape, b.shape);

function areasOf(who: string, params: unknown): readonly unknown[] {
  const names = namesOf(params);
  const wanted = `${who}: expected parameters { areas: [...], readout: {...} }`;
  if (names === null) throw new ArgumentError(`${wanted}, got ${nodeKind(params)}`);
  const extra = names.find((name) => name !== "areas" && name !== "readout");
  if (extra !== undefined) throw new ArgumentError(`${wanted}, got ${namedPath("", extra)}`);
  const areas = names.includes("areas") ? childOf(params as object, "areas", "", who) : undefined;
  if (!isList(areas)) throw new ArgumentError(`${wanted}, got ${nodeKind(areas)} as areas`);
  return areas;
}

function requireArea(who: string, path: string, shapes: Readonly<Record<string, Shape>>, own: unknown): void {
  const names = namesOf(own);
  const wanted = Object.keys(shapes);
  if (names === null)
    throw new ArgumentError(`${who}: expected ${path} to have ${wanted.join(", ")}, got ${nodeKind(own)}`);
  for (const name of wanted)
    requireShape(
      who,
      namedPath(path, name),
      shapes[name],
      Object.hasOwn(own as object, name) ? childOf(own as object, name, path, who) : undefined,
    );
  for (const name of names)
    if (!Object.hasOwn(shapes, name))
      throw new ArgumentError(
        `${who}: expected ${path} to have ${wanted.join(", ")}, got ${namedPath("", name)}`,
      );
}

function requireShape(who: string, path: string, shape: Shape, found: unknown): void {
  if (isTensor(found) && sameShape(found.shape, shape)) return;
  const got = isTensor(found) ? formatShape(found.shape) : nodeKind(found);
  throw new ShapeError(`${who}: ${path} must have shape ${formatShape(shape)}, got ${got}`);
}
