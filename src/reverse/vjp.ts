import { ShapeError } from "../core/errors.js";
import { pairLeaves } from "../core/pair-leaves.js";
import { requireFunction } from "../core/require-function.js";
import { formatShape, sameShape } from "../core/shape.js";
import { fillTree, mapTree } from "../core/tree.js";
import { nodeKind } from "../core/tree-node.js";
import { at } from "../core/tree-path.js";
import { pairTangents, requireDifferentiable, requireTangents } from "../forward/tangents.js";
import { onesLike, zerosLike } from "../ops/create.js";
import { add } from "../ops/pointwise.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { Tape } from "./tape.js";

export interface VjpResult<A extends readonly unknown[], R> {
  readonly value: R;
  /** Cotangents of the result, carried back to the arguments. May be called more than once. */
  readonly pullback: (cotangent: R) => A;
}

interface Recording<R> {
  readonly tape: Tape;
  /** The value, for the caller to keep. */
  readonly value: R;
  /** Trees of one's own, which nobody changes, and the node of each leaf in order; -1 for a constant. */
  readonly arguments: { readonly primals: readonly unknown[]; readonly nodes: readonly number[] };
  readonly result: { readonly primals: unknown; readonly nodes: readonly number[] };
}

/** Runs `f` on leaves of a fresh tape. */
function record<A extends readonly unknown[], R>(
  name: string,
  f: (...args: A) => R,
  primals: A,
): Recording<R> {
  requireFunction(name, f);
  const tape = new Tape(name);
  const [inputs, followed]: [number[], Tensor[]] = [[], []];
  const own = mapTree(
    primals,
    isTensor,
    (t: Tensor, path) => {
      requireDifferentiable(name, t, path);
      const leaf = tape.leaf(t);
      inputs.push(tape.indexOf(leaf));
      followed.push(leaf);
      return t;
    },
    { who: name, role: "arguments" },
  ) as A;
  const args = fillTree(own, isTensor, followed) as A;
  try {
    const outputs: number[] = [];
    const found = mapTree(
      f(...args),
      isTensor,
      (t: Tensor) => {
        outputs.push(tape.indexOf(t));
        return tape.primal(t);
      },
      { who: name, role: "result" },
    );
    return {
      tape,
      value: mapTree(found, isTensor, (t) => t) as R,
      arguments: { primals: own, nodes: inputs },
      result: { primals: found, nodes: outputs },
    };
  } finally {
    tape.open = false;
  }
}

/**
 * The value of `f` and its pullback: cotangents of the result are carried back to all arguments.
 * Arguments and results may be trees of tensors, and nothing else: an option belongs into a function around `f`. Cotangents
 * are paired with the result by path; what comes back has the trees of the arguments.
 */
export function vjp<A extends readonly unknown[], R>(f: (...args: A) => R, ...primals: A): VjpResult<A, R> {
  return vjpAs("vjp", f, primals);
}

/** `vjp` by another name. */
export function vjpAs<A extends readonly unknown[], R>(
  who: string,
  f: (...args: A) => R,
  primals: A,
): VjpResult<A, R> {
  const { tape, value, arguments: given, result } = record(who, f, primals);
  const pullback = (cotangent: R): A => {
    const words = { who: "pullback", reference: "the result", other: "the cotangent" };
    const known = new Map<number, Tensor>();
    pairLeaves<Tensor>(words, result.primals, cotangent, isTensor).forEach(
      ({ path, value: primal, other }, i) => {
        if (!sameShape(other.shape, primal.shape) || other.dtype !== primal.dtype)
          throw new ShapeError(
            `pullback: the cotangent${at(path)} must be ${primal.dtype} ${formatShape(primal.shape)}, got ${other.dtype} ${formatShape(other.shape)}`,
          );
        const node = result.nodes[i];
        if (node < 0) return;
        const before = known.get(node);
        known.set(node, before === undefined ? other : add(before, other));
      },
    );
    tape.pullback(known, tape.nodes.length - 1);
    let next = 0;
    return mapTree(
      given.primals,
      isTensor,
      (p: Tensor) => known.get(given.nodes[next++]) ?? zerosLike(p),
    ) as A;
  };
  return { value, pullback };
}

export interface ValueAndGrad<P> {
  readonly value: Tensor;
  readonly gradient: P;
}

/** The value of a scalar function and its gradient with respect to the first argument. */
export function valueAndGrad<P, A extends readonly unknown[]>(
  f: (params: P, ...rest: A) => Tensor,
  ...more: never[]
): (params: P, ...rest: A) => ValueAndGrad<P> {
  requireFunction("valueAndGrad", f, more);
  return (params, ...rest) => {
    const { value, pullback } = vjpAs("grad", (p: P) => f(p, ...rest), [params] as const);
    if (!isTensor(value) || value.rank !== 0)
      throw new ShapeError(
        `grad: expected a scalar result, got ${isTensor(value) ? formatShape(value.shape) : nodeKind(value)}; use jacrev for more outputs`,
      );
    return { value, gradient: pullback(onesLike(value))[0] };
  };
}

/** The gradient of a scalar function with respect to its first argument: `grad(f)(x)`. */
export function grad<P, A extends readonly unknown[]>(
  f: (params: P, ...rest: A) => Tensor,
  ...more: never[]
): (params: P, ...rest: A) => P {
  requireFunction("grad", f, more);
  const both = valueAndGrad(f);
  return (params, ...rest) => both(params, ...rest).gradient;
}

/**
 * The value of `f` at a point and its linear map there, which may be applied to many tangents. These are paired with the
 * arguments by path; what comes out has the tree of the result.
 */
export function linearize<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  ...primals: A
): { readonly value: R; readonly pushforward: (...tangents: A) => R } {
  const { tape, value, arguments: given, result } = record("linearize", f, primals);
  const pushforward = (...tangents: A): R => {
    requireTangents("linearize", given.primals, tangents);
    const along = given.primals.flatMap((primal, i) => pairTangents("linearize", i, primal, tangents[i]));
    const known = new Map(given.nodes.map((node, i) => [node, along[i].other]));
    tape.pushforward(known);
    let next = 0;
    return mapTree(
      result.primals,
      isTensor,
      (p: Tensor) => known.get(result.nodes[next++]) ?? zerosLike(p),
    ) as R;
  };
  return { value, pushforward };
}
