import { OnwardError } from "../core/errors.js";
import { zerosLike } from "../ops/create.js";
import { apply } from "../tensor/apply.js";
import type { Op } from "../tensor/op.js";
import type { Tensor } from "../tensor/tensor.js";
import { vjp } from "./vjp.js";

/** The tangent of f(...primals) along tangents: linear in the tangents, made of public ops. */
export type JvpRule = (primals: readonly Tensor[], tangents: readonly Tensor[]) => Tensor;

/**
 * `f` with a derivative of its own, for every reading: reverse mode transposes the rule.
 * `f` takes and gives tensors.
 */
export function customJvp(f: (...args: Tensor[]) => Tensor, rule: JvpRule): (...args: Tensor[]) => Tensor {
  const op: Op<null> = {
    name: f.name || "customJvp",
    infer: () => {
      throw new OnwardError("customJvp: the shape follows from evaluating the function");
    },
    evaluate: (inputs) => f(...inputs),
    linearize: ({ inputs }, i) => {
      const along = (t: Tensor): Tensor =>
        rule(
          inputs,
          inputs.map((x, j) => (i === j ? t : zerosLike(x))),
        );
      return [
        {
          kind: "stencil",
          name: op.name,
          forward: along,
          transpose: (ct) => vjp(along, zerosLike(inputs[i])).pullback(ct)[0],
          chain: null,
        },
      ];
    },
  };
  return (...args) => apply(op, args, null);
}
