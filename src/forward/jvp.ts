import { requireFunction } from "../core/require-function.js";
import { fillTree, mapTree } from "../core/tree.js";
import { zerosLike } from "../ops/create.js";
import { applyMaps } from "../ops/linear.js";
import { add } from "../ops/pointwise.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { ForwardReading, type TangentAlgebra } from "./dual.js";
import { pairTangents, requireTangents } from "./tangents.js";

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
 * Arguments and results may be trees of tensors, paired by path; a tangent of `null` means constant, whatever the argument
 * is, so that options may be passed.
 * @throws ShapeError when a tangent does not have the paths and shapes of its primal
 */
export function jvp<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  primals: A,
  tangents: { readonly [K in keyof A]: A[K] | null },
): JvpResult<R> {
  return pushForward("jvp", f, primals, tangents);
}

/** `jvp` by another name. */
export function pushForward<A extends readonly unknown[], R>(
  who: string,
  f: (...args: A) => R,
  primals: A,
  tangents: { readonly [K in keyof A]: A[K] | null },
): JvpResult<R> {
  requireFunction(who, f);
  requireTangents(who, primals, tangents);
  const reading = new ForwardReading(who, denseTangents);
  const args = primals.map((primal, i) => {
    const tangent = tangents[i];
    if (tangent === null) return primal;
    const joined = pairTangents(who, i, primal, tangent).map(({ value, other }) =>
      reading.join(value, other),
    );
    return fillTree(primal, isTensor, joined);
  }) as unknown as A;
  try {
    const out = f(...args);
    const words = { who, role: "result" };
    return {
      value: mapTree(out, isTensor, (t) => reading.split(t).primal, words) as R,
      tangent: mapTree(
        out,
        isTensor,
        (t) => {
          const { primal, tangent } = reading.split(t);
          return tangent ?? zerosLike(primal);
        },
        words,
      ) as R,
    };
  } finally {
    reading.open = false;
  }
}
