import { ShapeError } from "../core/errors.js";
import { fillTree, mapTree } from "../core/tree.js";
import { zerosLike } from "../ops/create.js";
import { applyMaps } from "../ops/linear.js";
import { add } from "../ops/pointwise.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { ForwardTrace, type TangentAlgebra } from "./dual.js";
import { pairTangents } from "./tangents.js";

/** Tangents that are plain tensors of the value's shape. */
const denseTangents: TangentAlgebra<Tensor> = {
  applyMaps,
  add,
  tensors: (t) => [t],
  reading: "forward derivative",
};

export interface JvpResult<R> {
  readonly value: R;
  readonly tangent: R;
}

/**
 * Value and directional derivative of `f` at `primals` along `tangents`, in one forward pass.
 * Arguments and results may be trees of tensors; a tangent of `null` means constant.
 * @throws ShapeError when a tangent does not have the shape of its primal
 */
export function jvp<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  primals: A,
  tangents: { readonly [K in keyof A]: A[K] | null },
): JvpResult<R> {
  const trace = new ForwardTrace("jvp", denseTangents);
  if (primals.length !== tangents.length)
    throw new ShapeError(
      `jvp: expected a tangent per primal, got ${primals.length} primals and ${tangents.length} tangents`,
    );
  const args = primals.map((primal, i) => {
    const tangent = tangents[i];
    if (tangent === null) return primal;
    const joined = pairTangents("jvp", i, primal, tangent).map(([value, t]) => trace.join(value, t));
    return fillTree(primal, isTensor, joined);
  }) as unknown as A;
  try {
    const out = f(...args);
    return {
      value: mapTree(out, isTensor, (t) => trace.split(t).primal) as R,
      tangent: mapTree(out, isTensor, (t) => {
        const { primal, tangent } = trace.split(t);
        return tangent ?? zerosLike(primal);
      }) as R,
    };
  } finally {
    trace.open = false;
  }
}
