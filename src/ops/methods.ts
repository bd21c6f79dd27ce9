/** Operations as chainable methods. Importing this file adds them to `Tensor`. */
import { entries, item, type NestedNumbers, toArray } from "../tensor/read.js";
import { Tensor } from "../tensor/tensor.js";
import * as compare from "./compare.js";
import * as contract from "./contract.js";
import * as conv from "./conv.js";
import * as pointwise from "./pointwise.js";
import * as reduce from "./reduce.js";
import * as reindex from "./reindex.js";
import { stopGradient } from "./stop-gradient.js";

const methods = {
  ...pick(pointwise, [
    "neg", "square", "reciprocal", "exp", "expm1", "log", "log1p", "sqrt", "rsqrt", "cbrt", "sin", "cos", "tan", "asin", "acos",
    "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "sigmoid", "softplus", "silu", "gelu", "erf", "erfc", "abs",
    "sign", "floor", "relu", "elu", "softsign", "clip", "add", "sub", "mul", "div", "pow", "maximum", "minimum", "atan2", "hypot",
  ]),
  ...pick(compare, [
    "equal", "notEqual", "less", "lessEqual", "greater", "greaterEqual", "logicalAnd", "logicalOr", "logicalNot", "cast",
  ]),
  ...pick(reduce, [
    "sum", "max", "min", "mean", "variance", "prod", "logsumexp", "softmax", "logSoftmax", "norm", "cumsum", "argmax",
  ]),
  ...pick(reindex, [
    "reshape", "flatten", "permute", "transpose", "broadcastTo", "squeeze", "expandDims", "slice", "select", "gather", "flip",
    "pad",
  ]),
  ...pick(contract, ["matmul", "dot", "outer"]),
  ...pick(conv, ["conv2d", "avgPool2d", "maxPool2d"]),
  stopGradient,
  item,
};

type Method<F> = F extends (x: infer _, ...rest: infer R) => infer O ? (...rest: R) => O : never;
type Methods = { [N in keyof typeof methods]: Method<(typeof methods)[N]> };

declare module "../tensor/tensor.js" {
  interface Tensor extends Methods {
    /** Nested arrays of numbers. */
    toArray(): NestedNumbers;
    /** A copy of the entries in row-major order. */
    toTypedArray(): Float64Array | Float32Array | Int32Array | Uint8Array;
  }
}

for (const [name, f] of Object.entries(methods)) {
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...rest: unknown[]): unknown {
      return (f as (...args: unknown[]) => unknown)(this, ...rest);
    },
  });
}
Object.defineProperty(Tensor.prototype, "toArray", {
  value(this: Tensor): NestedNumbers {
    return toArray(this);
  },
});
Object.defineProperty(Tensor.prototype, "toTypedArray", {
  value(this: Tensor) {
    return entries(this).slice();
  },
});

function pick<M extends object, N extends keyof M>(from: M, names: readonly N[]): Pick<M, N> {
  const out = {} as Pick<M, N>;
  for (const name of names) out[name] = from[name];
  return out;
}
