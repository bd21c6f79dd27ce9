import { ShapeError } from "../core/errors.js";
import { formatShape, sameShape } from "../core/shape.js";
import { fillTree, leavesOf, mapTree } from "../core/tree.js";
import { pairTangents, requireDifferentiable } from "../forward/tangents.js";
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
  readonly value: R;
  readonly outputs: readonly { readonly index: number; readonly primal: Tensor; readonly path: string }[];
  readonly inputs: readonly number[];
}

/** Runs `f` on leaves of a fresh tape. */
export function record<A extends readonly unknown[], R>(
  name: string,
  f: (...args: A) => R,
  primals: A,
): Recording<R> {
  const tape = new Tape(name);
  const inputs: number[] = [];
  const args = mapTree(primals, isTensor, (t: Tensor, path) => {
    requireDifferentiable(name, t, path);
    const leaf = tape.leaf(t);
    inputs.push(tape.indexOf(leaf));
    return leaf;
  }) as A;
  try {
    const out = f(...args);
    const outputs = leavesOf(out, isTensor, name).map(({ value, path }) => ({
      index: tape.indexOf(value),
      primal: tape.primal(value),
      path,
    }));
    return { tape, value: mapTree(out, isTensor, (t) => tape.primal(t)) as R, outputs, inputs };
  } finally {
    tape.open = false;
  }
}

/**
 * The value of `f` and its pullback: cotangents of the result are carried back to all arguments.
 * Arguments and results may be trees of tensors.
 */
export function vjp<A extends readonly unknown[], R>(f: (...args: A) => R, ...primals: A): VjpResult<A, R> {
  const { tape, value, outputs, inputs } = record("vjp", f, primals);
  const pullback = (cotangent: R): A => {
    const cts = leavesOf(cotangent, isTensor, "pullback");
    if (cts.length !== outputs.length)
      throw new ShapeError(`pullback: expected ${outputs.length} cotangents, got ${cts.length}`);
    const known = new Map<number, Tensor>();
    outputs.forEach(({ index, primal, path }, i) => {
      const ct = cts[i].value;
      if (!sameShape(ct.shape, primal.shape) || ct.dtype !== primal.dtype)
        throw new ShapeError(
          `pullback: the cotangent${path ? ` at "${path}"` : ""} must be ${primal.dtype} ${formatShape(primal.shape)}, got ${ct.dtype} ${formatShape(ct.shape)}`,
        );
      if (index < 0) return;
      const before = known.get(index);
      known.set(index, before === undefined ? ct : add(before, ct));
    });
    tape.pullback(known, tape.nodes.length - 1);
    const gradients = leavesOf<Tensor>(primals, isTensor).map(
      ({ value: p }, i) => known.get(inputs[i]) ?? zerosLike(p),
    );
    return fillTree(primals, isTensor, gradients) as A;
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
): (params: P, ...rest: A) => ValueAndGrad<P> {
  return (params, ...rest) => {
    const { value, pullback } = vjp((p: P) => f(p, ...rest), params);
    if (!isTensor(value) || value.rank !== 0)
      throw new ShapeError(
        `grad: expected a scalar result, got ${isTensor(value) ? formatShape(value.shape) : typeof value}; use jacrev for more outputs`,
      );
    return { value, gradient: pullback(onesLike(value))[0] };
  };
}

/** The gradient of a scalar function with respect to its first argument: `grad(f)(x)`. */
export function grad<P, A extends readonly unknown[]>(
  f: (params: P, ...rest: A) => Tensor,
): (params: P, ...rest: A) => P {
  const both = valueAndGrad(f);
  return (params, ...rest) => both(params, ...rest).gradient;
}

/** The value of `f` at a point and its linear map there, which may be applied to many tangents. */
export function linearize<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  ...primals: A
): { readonly value: R; readonly pushforward: (...tangents: A) => R } {
  const { tape, value, outputs, inputs } = record("linearize", f, primals);
  const pushforward = (...tangents: A): R => {
    if (primals.length !== tangents.length)
      throw new ShapeError(
        `linearize: expected a tangent per primal, got ${primals.length} primals and ${tangents.length} tangents`,
      );
    const along = primals.flatMap((primal, i) => pairTangents("linearize", i, primal, tangents[i]));
    const known = new Map(inputs.map((index, i) => [index, along[i][1]]));
    tape.pushforward(known);
    const found = outputs.map(({ index, primal }) => known.get(index) ?? zerosLike(primal));
    return fillTree(value, isTensor, found) as R;
  };
  return { value, pushforward };
}
