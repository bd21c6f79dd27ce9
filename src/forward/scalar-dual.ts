import { OnwardError } from "../core/errors.js";
import { scalar } from "../ops/create.js";
import * as pointwise from "../ops/pointwise.js";
import type { Tensor } from "../tensor/tensor.js";
import { item } from "../tensor/read.js";
import { jvp } from "./jvp.js";

/** Value and first derivative of a scalar computation, for quick work without tensors. */
export interface Dual {
  readonly value: number;
  readonly derivative: number;
}

type Unary = Extract<keyof typeof pointwise, "neg" | "square" | "reciprocal" | "exp" | "expm1" | "log" | "log1p" | "sqrt" | "rsqrt" | "cbrt" | "sin" | "cos" | "tan" | "asin" | "acos" | "atan" | "sinh" | "cosh" | "tanh" | "asinh" | "acosh" | "atanh" | "sigmoid" | "softplus" | "silu" | "gelu" | "erf" | "erfc" | "abs" | "relu" | "elu" | "softsign">;
type Binary = Extract<keyof typeof pointwise, "add" | "sub" | "mul" | "div" | "pow" | "maximum" | "minimum" | "atan2" | "hypot">;

/** A dual number with chainable arithmetic. */
export type DualNumber = Dual & { readonly [N in Unary]: () => DualNumber } & {
  readonly [N in Binary]: (other: DualNumber | number) => DualNumber;
};

const unaryNames: readonly Unary[] = [
  "neg", "square", "reciprocal", "exp", "expm1", "log", "log1p", "sqrt", "rsqrt", "cbrt", "sin", "cos", "tan", "asin", "acos",
  "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "sigmoid", "softplus", "silu", "gelu", "erf", "erfc", "abs",
  "relu", "elu", "softsign",
];
const binaryNames: readonly Binary[] = ["add", "sub", "mul", "div", "pow", "maximum", "minimum", "atan2", "hypot"];

class DualValue implements Dual {
  constructor(
    readonly value: number,
    readonly derivative: number,
  ) {}
}

function through(f: (...args: Tensor[]) => Tensor, ...args: Dual[]): DualNumber {
  const { value, tangent } = jvp<Tensor[], Tensor>(
    f,
    args.map((a) => scalar(a.value)),
    args.map((a) => scalar(a.derivative)),
  );
  return new DualValue(item(value), item(tangent)) as unknown as DualNumber;
}

for (const name of unaryNames) {
  Object.defineProperty(DualValue.prototype, name, {
    value(this: DualValue) {
      return through(pointwise[name], this);
    },
  });
}
for (const name of binaryNames) {
  Object.defineProperty(DualValue.prototype, name, {
    value(this: DualValue, other: Dual | number) {
      return through(pointwise[name], this, typeof other === "number" ? dual(other, 0) : other);
    },
  });
}

/** A dual number: `dual(1.5).sin().mul(2).derivative` is 2 cos(1.5). The second argument is its own derivative. */
export function dual(value: number, derivative = 1): DualNumber {
  if (typeof value !== "number" || typeof derivative !== "number")
    throw new OnwardError(`dual: expected two numbers, got ${typeof value} and ${typeof derivative}`);
  return new DualValue(value, derivative) as unknown as DualNumber;
}
