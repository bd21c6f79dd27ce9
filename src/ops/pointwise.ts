/**
 * Pointwise ops: each with its derivative, all on one page.
 * Derivatives are written with the same public ops, so that they nest; they keep their digits in the tails
 * (no `1 - y*y` for tanh) and follow the conventions of the design's "Edge values".
 */
import { requireFloat, sameDType } from "../core/dtype.js";
import { DTypeError } from "../core/errors.js";
import { broadcastShapes, sameShape } from "../core/shape.js";
import { apply } from "../tensor/apply.js";
import { broadcasting, scale as scaleMap } from "../tensor/linear-map.js";
import type { Op } from "../tensor/op.js";
import { Tensor } from "../tensor/tensor.js";
import { cast } from "./cast.js";
import { equal, greater, greaterEqual, less, lessEqual, logicalAnd } from "./compare.js";
import { asTensor, scalar } from "./create.js";
import { where } from "./select.js";

export type Operand = Tensor | number;

/** The derivative of y = f(x), as a tensor that broadcasts to x. */
type Derivative = (x: Tensor, y: Tensor) => Tensor;
/** The partial derivatives of y = f(a, b). */
type Partials = readonly [
  (a: Tensor, b: Tensor, y: Tensor) => Tensor,
  (a: Tensor, b: Tensor, y: Tensor) => Tensor,
];

const integersToo = new Set(["neg", "square", "abs", "sign", "add", "sub", "mul", "maximum", "minimum"]);

function checkDType(name: string, dtype: Tensor["dtype"]): Tensor["dtype"] {
  if (!integersToo.has(name)) return requireFloat(name, dtype);
  if (dtype === "bool")
    throw new DTypeError(`${name}: expected numbers, got bool; convert with .cast("float64")`);
  return dtype;
}

function unary(name: string, derivative: Derivative): (x: Operand) => Tensor {
  const op: Op<null> = {
    name,
    infer: ([x]) => ({ shape: x.shape, dtype: checkDType(name, x.dtype) }),
    linearize: ({ inputs: [x], output }) => [scaleMap(derivative(x, output))],
  };
  return (x) => apply(op, [asTensor(x)], null);
}

function binary(name: string, partials: Partials): (a: Operand, b: Operand) => Tensor {
  const op: Op<null> = {
    name,
    infer: ([a, b]) => ({
      shape: broadcastShapes(name, [a.shape, b.shape]),
      dtype: checkDType(name, sameDType(name, [a.dtype, b.dtype])),
    }),
    linearize: ({ inputs: [a, b], output }, i) => {
      const from = (i === 0 ? a : b).shape;
      const map = scaleMap(partials[i](a, b, output));
      return sameShape(from, output.shape) ? [map] : [broadcasting(from, output.shape), map];
    },
  };
  return (a, b) => {
    const dtype = a instanceof Tensor ? a.dtype : b instanceof Tensor ? b.dtype : "float64";
    return apply(op, [asTensor(a, dtype), asTensor(b, dtype)], null);
  };
}

const constant = (like: Tensor, value: number): Tensor => scalar(value, like.dtype);
const always =
  (value: number): Derivative =>
  (x) =>
    constant(x, value);

export const neg = unary("neg", always(-1));
export const square = unary("square", (x) => mul(x, 2));
export const reciprocal = unary("reciprocal", (_, y) => neg(square(y)));
export const exp = unary("exp", (_, y) => y);
export const expm1 = unary("expm1", (x) => exp(x));
export const log = unary("log", (x) => reciprocal(x));
export const log1p = unary("log1p", (x) => reciprocal(add(x, 1)));
export const sqrt = unary("sqrt", (_, y) => div(0.5, y));
export const rsqrt = unary("rsqrt", (x, y) => mul(div(y, x), -0.5));
export const cbrt = unary("cbrt", (_, y) => reciprocal(mul(square(y), 3)));
export const sin = unary("sin", (x) => cos(x));
export const cos = unary("cos", (x) => neg(sin(x)));
export const tan = unary("tan", (_, y) => add(square(y), 1));
export const asin = unary("asin", (x) => rsqrt(oneMinusSquare(x)));
export const acos = unary("acos", (x) => neg(rsqrt(oneMinusSquare(x))));
export const atan = unary("atan", (x) => reciprocal(add(square(x), 1)));
export const sinh = unary("sinh", (x) => cosh(x));
export const cosh = unary("cosh", (x) => sinh(x));
export const tanh = unary("tanh", (x) => square(reciprocal(cosh(x))));
export const asinh = unary("asinh", (x) => reciprocal(hypot(x, 1)));
export const acosh = unary("acosh", (x) => mul(rsqrt(sub(x, 1)), rsqrt(add(x, 1))));
export const atanh = unary("atanh", (x) => reciprocal(oneMinusSquare(x)));
export const sigmoid = unary("sigmoid", (x, y) => mul(y, sigmoid(neg(x))));
export const softplus = unary("softplus", (x) => sigmoid(x));
/** x * sigmoid(x) */
export const silu = unary("silu", (x) => mul(sigmoid(x), add(mul(x, sigmoid(neg(x))), 1)));
/** x * Phi(x), Phi the standard normal distribution function (Hendrycks & Gimpel 2016), in its exact form. */
export const gelu = unary("gelu", (x) =>
  add(mul(erfc(mul(x, -Math.SQRT1_2)), 0.5), mul(x, normalDensity(x))),
);
export const erf = unary("erf", (x) => mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI)));
export const erfc = unary("erfc", (x) => mul(exp(neg(square(x))), -2 / Math.sqrt(Math.PI)));
export const abs = unary("abs", (x) => sign(x));
export const sign = unary("sign", always(0));
export const floor = unary("floor", always(0));
export const relu = unary("relu", (x) => cast(greater(x, 0), x.dtype));
export const elu = unary("elu", (x) => where(greater(x, 0), 1, exp(minimum(x, 0))));
export const softsign = unary("softsign", (x) => square(reciprocal(add(abs(x), 1))));

export const add = binary("add", [always(1), always(1)]);
export const sub = binary("sub", [always(1), always(-1)]);
export const mul = binary("mul", [(_, b) => b, (a) => a]);
export const div = binary("div", [(_, b) => reciprocal(b), (_, b, y) => neg(div(y, b))]);
export const pow = binary("pow", [
  (a, b) => scale(b, pow(a, sub(b, 1))),
  // at a = 0 the limit from above is 0 wherever the power itself is finite
  (a, _, y) => where(equal(a, 0), 0, scale(y, log(a))),
]);
export const maximum = binary("maximum", [
  (a, b) => share(greater(a, b), a, b),
  (a, b) => share(less(a, b), a, b),
]);
export const minimum = binary("minimum", [
  (a, b) => share(less(a, b), a, b),
  (a, b) => share(greater(a, b), a, b),
]);
export const atan2 = binary("atan2", [
  (y, x) => div(div(x, hypot(y, x)), hypot(y, x)),
  (y, x) => neg(div(div(y, hypot(y, x)), hypot(y, x))),
]);
export const hypot = binary("hypot", [(a, _, y) => safeDivide(a, y), (_, b, y) => safeDivide(b, y)]);
/** a * b where zero times anything is zero, also against infinity and NaN. */
export const scale = binary("scale", [(_, b) => b, (a) => a]);

const clipOp: Op<{ low: number; high: number }> = {
  name: "clip",
  infer: ([x]) => ({ shape: x.shape, dtype: checkDType("clip", x.dtype) }),
  linearize: ({ inputs: [x], attrs: { low, high } }) => [
    scaleMap(cast(logicalAnd(greaterEqual(x, low), lessEqual(x, high)), x.dtype)),
  ],
};
/** x limited to [low, high]; the derivative is 1 inside, bounds included. */
export const clip = (x: Operand, low: number, high: number): Tensor =>
  apply(clipOp, [asTensor(x)], { low, high });

/** 1 - x*x; near 1 as a product, which keeps the value's digits, near 0 as it stands, which keeps the derivative's. */
const oneMinusSquare = (x: Tensor): Tensor =>
  where(less(abs(x), 0.5), sub(1, square(x)), mul(sub(1, x), add(x, 1)));
const normalDensity = (x: Tensor): Tensor => mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
/** 1 for the winner of a maximum or minimum, one half each at a tie. */
const share = (wins: Tensor, a: Tensor, b: Tensor): Tensor =>
  add(cast(wins, a.dtype), mul(cast(equal(a, b), a.dtype), 0.5));
/** a / y, and 0 where y is 0. */
const safeDivide = (a: Tensor, y: Tensor): Tensor => where(equal(y, 0), 0, div(a, y));
