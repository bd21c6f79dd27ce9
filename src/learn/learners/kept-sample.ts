/** Samples that a rule keeps, to take their steps once more. */
import { ShapeError } from "../../core/errors.js";
import {
  childOf,
  deepest,
  entryOf,
  hasSymbols,
  isList,
  namesOf,
  nodeKind,
  put,
} from "../../core/tree-node.js";
import { at, indexedPath, namedPath } from "../../core/tree-path.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import type { Timestep } from "../step/heads.js";

/**
 * A sample of one's own, whatever its owner does with the objects that hold its tensors and constants.
 * @throws ShapeError for what else may change while it is kept
 */
export function keptSample<S>(who: string, sample: S): S {
  const refused = (got: string, path: string): ShapeError =>
    new ShapeError(
      `${who}: expected a sample of tensors and constants in plain objects and arrays, got ${got}${at(path)}`,
    );
  const visit = (node: unknown, path: string, depth: number): unknown => {
    if (isTensor(node) || node === null || (typeof node !== "object" && typeof node !== "function"))
      return node;
    if (depth > deepest) throw refused(`more than ${deepest} levels, or a cycle`, path);
    if (isList(node))
      return Array.from(node, (_, i) => visit(entryOf(node, i, path, who), indexedPath(path, i), depth + 1));
    const names = namesOf(node);
    if (names === null) throw refused(nodeKind(node), path);
    if (hasSymbols(node)) throw refused("a property under a symbol", path);
    const own: Record<string, unknown> = {};
    for (const name of names)
      put(own, name, visit(childOf(node, name, path, who), namedPath(path, name), depth + 1));
    return own;
  };
  return visit(sample, "", 0) as S;
}

/** A step with a sample of one's own. @throws ShapeError */
export const keptStep = <S>(who: string, { sample, heads }: Timestep<S>): Timestep<S> => ({
  sample: keptSample(who, sample),
  heads,
});

/** The same; where a sample cannot be kept, the error that says so, for when it is needed. */
export function ownStep<S>(who: string, step: Timestep<S>): Timestep<S> | ShapeError {
  try {
    return keptStep(who, step);
  } catch (error) {
    if (error instanceof ShapeError) return error;
    throw error;
  }
}

/** Steps whose samples are all kept. @throws ShapeError */
export const allKept = <S>(steps: readonly (Timestep<S> | ShapeError)[]): readonly Timestep<S>[] =>
  steps.map((step) => {
    if (step instanceof ShapeError) throw step;
    return step;
  });

/** The tensors of a tree that may hold constants too. */
export function tensorsIn(tree: unknown, found: Tensor[] = []): Tensor[] {
  if (isTensor(tree)) found.push(tree);
  else if (typeof tree === "object" && tree !== null)
    for (const branch of Object.values(tree)) tensorsIn(branch, found);
  return found;
}
