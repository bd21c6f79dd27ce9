import { count, finite, having } from "../core/kinds.js";
import { foldIn, type Key, key, normal, uniform } from "../core/prng.js";
import { checkShape, type Shape, sizeOf } from "../core/shape.js";
import { mapTree } from "../core/tree.js";
import { aModel } from "../learn/model/kinds.js";
import type { Areas, Model, ModelParams } from "../learn/model/model.js";
import type { Supervised } from "../learn/model/network.js";
import { tensor } from "../ops/create.js";
import { entries } from "../tensor/read.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";

/** A sequence of standard normal inputs [B, ...input] and targets [B, ...target]. */
export function randomSequence(
  seed: number,
  sizes: { readonly input: Shape; readonly target: Shape; readonly steps: number; readonly batch: number },
): Supervised[] {
  having({ steps: count(0, 2 ** 20), batch: count(0) })("randomSequence", "the sizes", sizes);
  checkShape("randomSequence", sizes.input);
  checkShape("randomSequence", sizes.target);
  const draw = (name: string, t: number, shape: Shape): Tensor => {
    const whole = [sizes.batch, ...shape];
    return tensor(normal(foldIn(foldIn(key(seed), name), t), sizeOf(whole)), { shape: whole });
  };
  return Array.from({ length: sizes.steps }, (_, t) => ({
    input: draw("input", t, sizes.input),
    target: draw("target", t, sizes.target),
  }));
}

/**
 * Parameters around their initial values: every entry moves by 0.3 N(0, 1), so that none is zero, and vectors move by
 * `saturation` up or down as well, which opens some gates nearly fully and shuts others.
 */
export function randomParams<S, A extends Areas = Areas, R extends string = string>(
  model: Model<S, A, R>,
  seed: number,
  saturation = 0,
): ModelParams<A, R> {
  aModel("randomParams", "the model", model);
  finite("randomParams", "the saturation", saturation);
  const root = key(seed);
  return mapTree(model.init(foldIn(root, "init")), isTensor, (t: Tensor, path) => {
    const own: Key = foldIn(foldIn(root, "move"), path);
    const noise = normal(own, t.size);
    const side = uniform(foldIn(own, "side"), t.size);
    const values = Float64Array.from(entries(t), (v, i) => {
      const gate = t.rank === 1 ? saturation * (side[i] < 0.5 ? -1 : 1) : 0;
      return v + 0.3 * noise[i] + gate;
    });
    return tensor(values, { shape: t.shape, dtype: t.dtype });
  }) as ModelParams<A, R>;
}
