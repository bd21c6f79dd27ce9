/** Products of matrices, convolutions and small ops. */
import { crossEntropy, linear } from "../../../src/nn/index.js";
import { matmul } from "../../../src/ops/contract.js";
import { conv2d } from "../../../src/ops/conv.js";
import { add, relu } from "../../../src/ops/pointwise.js";
import { valueAndGrad } from "../../../src/reverse/vjp.js";
import { fromData } from "../../../src/tensor/apply.js";
import { compile } from "../../../src/tensor/compile/compile.js";
import type { Tensor } from "../../../src/tensor/tensor.js";
import type { Prepared } from "../serve.mjs";
import { oneHot } from "../wave.mjs";
import { computing, given } from "./given.js";

interface Perceptron {
  readonly W: Tensor;
  readonly b: Tensor;
  readonly V: Tensor;
  readonly c: Tensor;
}

export const works: Record<string, (...sizes: number[]) => Prepared> = {
  matmul(n) {
    const [a, b] = [1, 2].map((seed) => given([n, n], seed));
    return computing(() => [matmul(a, b)]);
  },

  add(n) {
    const [a, b] = [1, 2].map((seed) => given([n], seed));
    return computing(() => [add(a, b)]);
  },

  conv(batch, channels, outputs, side) {
    const x = given([batch, channels, side, side], 1);
    const k = given([outputs, channels, 3, 3], 2);
    return computing(() => [conv2d(x, k, { padding: 1 })]);
  },

  mlp: (...sizes) => perceptron(sizes, (f) => f),
  "mlp, compiled": (...sizes) => perceptron(sizes, compile),
};

/** The gradient of a perceptron of one hidden layer, [batch, inputs, hidden, classes]. */
function perceptron(
  [batch, inputs, hidden, classes]: readonly number[],
  made: <A extends readonly unknown[], R>(f: (...args: A) => R) => (...args: A) => R,
): Prepared {
  const x = given([batch, inputs], 1);
  const y = fromData(oneHot(batch, classes), [batch, classes], "float32");
  const params: Perceptron = {
    W: given([hidden, inputs], 2, 1 / Math.sqrt(inputs)),
    b: given([hidden], 3, 0.1),
    V: given([classes, hidden], 4, 1 / Math.sqrt(hidden)),
    c: given([classes], 5, 0.1),
  };
  const loss = ({ W, b, V, c }: Perceptron, x: Tensor, y: Tensor): Tensor =>
    crossEntropy(linear(relu(linear(x, W, b)), V, c), y);
  const slope = made(valueAndGrad(loss));
  return computing(() => {
    const { value, gradient: g } = slope(params, x, y);
    return [value, g.W, g.b, g.V, g.c];
  });
}
