/** Operations as chainable methods. Importing this file adds them to `Tensor`. */
import { data, entries, item, type NestedNumbers, toArray } from "../tensor/read.js";
import { Tensor } from "../tensor/tensor.js";
import { cast } from "./cast.js";
import * as compare from "./compare.js";
import * as contraction from "./contract.js";
import * as convolution from "./conv.js";
import * as pointwise from "./pointwise.js";
import * as reduce from "./reduce.js";
import { stopGradient } from "./stop-gradient.js";
import * as take from "./take.js";
import * as views from "./views.js";

/** Functions that linear maps are made of; they are no methods. */
const internal = ["copy", "takeIndex", "putIndex", "unsum", "contract", "einsum"] as const;
type Internal = (typeof internal)[number];

const functions = {
  ...pointwise,
  ...compare,
  ...reduce,
  ...views,
  ...take,
  ...contraction,
  ...convolution,
  cast,
  stopGradient,
  item,
};

/** Every public function whose first argument is the tensor, without that argument. */
type Methods = {
  [N in Exclude<keyof typeof functions, Internal>]: (typeof functions)[N] extends (
    x: Tensor,
    ...rest: infer R
  ) => infer O
    ? (...rest: R) => O
    : never;
};

declare module "../tensor/tensor.js" {
  interface Tensor extends Methods {
    /** Nested arrays of numbers. */
    toArray(): NestedNumbers;
    /** A copy of the entries in row-major order. */
    toTypedArray(): Float64Array | Float32Array | Int32Array | Uint8Array;
    /** The promise of a copy of the entries in row-major order, wherever they are: nothing waits for them meanwhile. */
    data(): Promise<Float64Array | Float32Array | Int32Array | Uint8Array>;
  }
}

function addMethod(name: string, method: (x: Tensor, ...rest: unknown[]) => unknown): void {
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...rest: unknown[]): unknown {
      return method(this, ...rest);
    },
  });
}

const hidden: readonly string[] = internal;
for (const [name, f] of Object.entries(functions))
  if (!hidden.includes(name)) addMethod(name, f as (...args: unknown[]) => unknown);
addMethod("toArray", toArray);
addMethod("data", data);
addMethod("toTypedArray", (x) => entries(x).slice());
