import { foldIn, type Key } from "../core/prng.js";
import { type Shape, sizeOf } from "../core/shape.js";
import { contract } from "../ops/contract.js";
import { zeros } from "../ops/create.js";
import { add, mul, neg, square, sub } from "../ops/pointwise.js";
import { normal, type RandomOptions } from "../ops/random.js";
import { logSoftmax, mean, sum } from "../ops/reduce.js";
import type { Tensor } from "../tensor/tensor.js";

/** W x + b: [B, m] with W [n, m] and b [n] to [B, n]; without b a linear map. */
export function linear(x: Tensor, W: Tensor, b?: Tensor): Tensor {
  const y = contract(x, W, ["b", "m"], ["n", "m"], ["b", "n"]);
  return b ? add(y, b) : y;
}

/** Normal numbers of variance gain²/fan-in; fan-in is the product of all axes but the first (LeCun et al. 1998). */
export function fanIn(key: Key, shape: Shape, gain = 1, options?: RandomOptions): Tensor {
  return mul(normal(key, shape, options), gain / Math.sqrt(Math.max(1, sizeOf(shape.slice(1)))));
}

/** Parameters of a fully connected network with the given widths, first to last. */
export function mlp(
  key: Key,
  widths: readonly number[],
  options?: RandomOptions,
): { W: Tensor; b: Tensor }[] {
  return widths.slice(1).map((n, i) => ({
    W: fanIn(foldIn(key, i), [n, widths[i]], 1, options),
    b: zeros([n], options),
  }));
}

/** Mean squared error over all entries. */
export const meanSquaredError = (prediction: Tensor, target: Tensor): Tensor =>
  mean(square(sub(prediction, target)));

/** Mean cross-entropy of logits [B, classes] against one-hot or soft targets of that shape, in nats. */
export const crossEntropy = (logits: Tensor, target: Tensor): Tensor =>
  neg(mean(sum(mul(logSoftmax(logits, -1), target), -1)));
