import { ShapeError } from "../core/errors.js";
import { count, finite, listOf } from "../core/kinds.js";
import { foldIn, type Key, requireKey } from "../core/prng.js";
import { checkShape, formatShape, type Shape, sizeOf } from "../core/shape.js";
import { contract } from "../ops/contract.js";
import { zeros } from "../ops/create.js";
import { add, mul, neg, square, sub } from "../ops/pointwise.js";
import { normal, type RandomOptions } from "../ops/random.js";
import { logSoftmax, mean, sum } from "../ops/reduce.js";
import { requireTensor, type Tensor } from "../tensor/tensor.js";

/** W x + b: [B, m] with W [n, m] and b [n] to [B, n]; without b a linear map. */
export function linear(x: Tensor, W: Tensor, b?: Tensor): Tensor {
  if (requireTensor("linear", x).rank !== 2 || requireTensor("linear", W).rank !== 2)
    throw new ShapeError(
      `linear: expected [B, m] and W [n, m], got ${formatShape(x.shape)} and ${formatShape(requireTensor("linear", W).shape)}`,
    );
  const y = contract(x, W, ["b", "m"], ["n", "m"], ["b", "n"]);
  return b === undefined ? y : add(y, requireTensor("linear", b));
}

/** Normal numbers of variance gain²/fan-in; fan-in is the product of all axes but the first (LeCun et al. 1998). */
export function fanIn(key: Key, shape: Shape, gain = 1, options?: RandomOptions): Tensor {
  finite("fanIn", "the gain", gain);
  checkShape("fanIn", shape);
  return mul(normal(key, shape, options), gain / Math.sqrt(Math.max(1, sizeOf(shape.slice(1)))));
}

/** Parameters of a fully connected network with the given widths, first to last. */
export function mlp(
  key: Key,
  widths: readonly number[],
  options?: RandomOptions,
): { W: Tensor; b: Tensor }[] {
  requireKey("mlp", key);
  listOf(count(1), 2)("mlp", "widths", widths);
  return widths.slice(1).map((n, i) => ({
    W: fanIn(foldIn(key, i), [n, widths[i]], 1, options),
    b: zeros([n], options),
  }));
}

/** Mean squared error over all entries. */
export const meanSquaredError = (prediction: Tensor, target: Tensor): Tensor =>
  mean(square(sub(requireTensor("meanSquaredError", prediction), requireTensor("meanSquaredError", target))));

/** Mean cross-entropy of logits [B, classes] against one-hot or soft targets of that shape, in nats. */
export const crossEntropy = (logits: Tensor, target: Tensor): Tensor =>
  neg(
    mean(
      sum(
        mul(logSoftmax(requireTensor("crossEntropy", logits), -1), requireTensor("crossEntropy", target)),
        -1,
      ),
    ),
  );
