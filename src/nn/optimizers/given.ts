/** What an update is given, each beside the parameters that it belongs to: a gradient, and trees of a state. */
import { isFloat } from "../../core/dtype.js";
import { ArgumentError, DTypeError, ShapeError } from "../../core/errors.js";
import { kindOf, quote } from "../../core/kinds.js";
import { type Pair, pairLeaves } from "../../core/pair-leaves.js";
import { formatShape, sameShape } from "../../core/shape.js";
import { fillTree, leavesOf } from "../../core/tree.js";
import { namesOf } from "../../core/tree-node.js";
import { at } from "../../core/tree-path.js";
import { zeros } from "../../ops/create.js";
import { isTensor, requireTensor, type Tensor } from "../../tensor/tensor.js";

/** Trees like the parameters, each of its own zeros in float64. @throws DTypeError for parameters of integers */
export function blanksOf<P>(who: string, params: P, count: number): readonly P[] {
  const leaves = leavesOf<Tensor>(params, isTensor, { who, role: "parameters" });
  for (const { path, value } of leaves) requireFloat(who, "parameters", value, path);
  const blank = (): Tensor[] => leaves.map(({ value }) => zeros(value.shape));
  return Array.from({ length: count }, () => fillTree(params, isTensor, blank()) as P);
}

/** Each parameter with its gradient. @throws ShapeError, DTypeError */
export function gradientsOf(who: string, params: unknown, gradient: unknown): readonly Pair<Tensor>[] {
  const words = { who, reference: "parameters", other: "the gradient" };
  const pairs = pairLeaves<Tensor>(words, params, gradient, isTensor);
  for (const { path, value, other } of pairs) {
    requireFloat(who, "parameters", value, path);
    requireFloat(who, "a gradient", other, path);
    requireShape(who, words.other, other, value, path);
  }
  return pairs;
}

/** What a state keeps of each parameter under a name. @throws ShapeError, DTypeError */
export function keptOf(who: string, name: string, params: unknown, kept: unknown): readonly Tensor[] {
  const words = { who, reference: "parameters", other: `${name} of the state` };
  return pairLeaves<Tensor>(words, params, kept, isTensor).map(({ path, value, other }) => {
    requireShape(who, words.other, other, value, path);
    if (other.dtype !== "float64")
      throw new DTypeError(`${who}: expected ${words.other} in float64, got ${other.dtype}${at(path)}`);
    return other;
  });
}

/** A state has these names and no others: what another optimizer knows is nothing to this one. @throws ArgumentError */
export function requireState(who: string, state: unknown, names: readonly string[]): void {
  const got = namesOf(state);
  if (got?.length !== names.length || !names.every((name) => got.includes(name)))
    throw new ArgumentError(
      `${who}: expected the state that its init or last update gave, of ${names.join(", ")}, got ${got ? `one of ${got.slice(0, 5).map(quote).join(", ") || "nothing"}` : kindOf(state)}`,
    );
}

/** A number that a state counts with. @throws ArgumentError */
export function counterOf(who: string, name: string, given: unknown): Tensor {
  const counter = requireTensor(who, given as Tensor);
  if (counter.rank > 0 || counter.dtype !== "float64")
    throw new ArgumentError(
      `${who}: expected ${name} of the state to be a float64 scalar, got ${counter.dtype} ${formatShape(counter.shape)}`,
    );
  return counter;
}

function requireFloat(who: string, what: string, t: Tensor, path: string): void {
  if (!isFloat(t.dtype))
    throw new DTypeError(`${who}: expected ${what} of float tensors, got ${t.dtype}${at(path)}`);
}

function requireShape(who: string, what: string, got: Tensor, like: Tensor, path: string): void {
  if (!sameShape(got.shape, like.shape))
    throw new ShapeError(
      `${who}: ${what}${at(path)} must be ${formatShape(like.shape)}, got ${formatShape(got.shape)}`,
    );
}
