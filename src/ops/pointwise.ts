/**
 * Pointwise ops: each with its derivative, all on one page.
 * Derivatives are written with the same public ops, so that they nest; they keep their digits in the tails
 * (no `1 - y*y` for tanh) and follow the conventions of the design's "Edge values".
 */
import { requireFloat, sameDType } from "../core/dtype.js";
import { ArgumentError } from "../core/errors.js";
import { kindOf } from "../core/kinds.js";
import { broadcastShapes, sameShape } from "../core/shape.js";
import { apply } from "../tensor/apply.js";
import { broadcasting, scale as scaleMap } from "../tensor/linear-map.js";
import type { Op } from "../tensor/op.js";
import type { Tensor } from "../tensor/tensor.js";
import { cast } from "./cast.js";
import { equal, greater, greaterEqual, less, lessEqual, logicalAnd } from "./compare.js";
import { operand, scalar } from "./create.js";
import { binary, type Derivative, type Operand, unary } from "./elementwise.js";
import { scale } from "./scale.js";
import { where } from "./select.js";

export type { Operand };

const constant = (like: Tensor, value: number): Tensor => scalar(value, like.dtype);
/* @__NO_SIDE_EFFECTS__ */
function always(value: number): Derivative {
  return (x) => constant(x, value);
}

export const neg = unary("neg", always(-1));
export const square = unary("square", (x) => mul(x, 2));
export const reciprocal = unary("reciprocal", (_, y) => neg(square(y)));
export const exp = unary("exp", (_, y) => y);
export const expm1 = unary("expm1", (x) => exp(x));
export const log = unary("log", (x) => reciprocal(x));
export const log1p = unary("log1p", (x) => reciprocal(add(x, 1)));
export const sqrt = unary("sqrt", (_, y) => div(0.5, y));
export const rsqrt = unary("rsqrt", (x, y) => div(mul(y, -0.5), x));
export const cbrt = unary("cbrt", (_, y) => reciprocal(mul(square(y), 3)));
export const sin = unary("sin", (x) => cos(x));
export const cos = unary("cos", (x) => neg(sin(x)));
export const tan = unary("tan", (_, y) => add(square(y), 1));
export const asin = unary("asin", (x) => rsqrt(oneMinusSquare(x)));
export const acos = unary("acos", (x) => neg(rsqrt(oneMinusSquare(x))));
export const atan = unary("atan", (x) => square(reciprocal(hypot(x, 1))));
export const sinh = unary("sinh", (x) => cosh(x));
export const cosh = unary("cosh", (x) => sinh(x));
export const tanh = unary("tanh", (x) => sechSquare(x));
export const asinh = unary("asinh", (x) => reciprocal(hypot(x, 1)));
export const acosh = unary("acosh", (x) => mul(rsqrt(sub(x, 1)), rsqrt(add(x, 1))));
export const atanh = unary("atanh", (x) => reciprocal(oneMinusSquare(x)));
export const sigmoid = unary("sigmoid", (x) => mul(sechSquare(mul(x, 0.5)), 0.25));
export const softplus = unary("softplus", (x) => sigmoid(x));
/** x * sigmoid(x) */
export const silu = unary("silu", (x) => siluSlope(x));
/** x * Phi(x), Phi the standard normal distribution function (Hendrycks & Gimpel 2016), in its exact form. */
export const gelu = unary("gelu", (x) => geluSlope(x));
export const erf = unary("erf", (x) => mul(bell(x), 2 / Math.sqrt(Math.PI)));
export const erfc = unary("erfc", (x) => mul(bell(x), -2 / Math.sqrt(Math.PI)));
export const abs = unary("abs", (x) => sign(x));
export const sign = unary("sign", null);
export const floor = unary("floor", null);
export const relu = unary("relu", (x) => cast(greater(x, 0), x.dtype));
export const elu = unary("elu", (x) => where(greater(x, 0), 1, exp(minimum(x, 0))));
export const softsign = unary("softsign", (x) => square(reciprocal(add(abs(x), 1))));

export const add = binary("add", [always(1), always(1)]);
export const sub = binary("sub", [always(1), always(-1)]);
export const mul = binary("mul", [(_, b) => b, (a) => a]);
export const div = binary("div", [(_, b) => reciprocal(b), (a, b) => neg(overTwice(a, b))]);
export const pow = binary("pow", [(a, b) => timesPow(b, a, b, 1), (a, b) => logPow(a, b)]);
export const maximum = binary("maximum", [
  (a, b) => share(greater(a, b), a, b),
  (a, b) => share(less(a, b), a, b),
]);
export const minimum = binary("minimum", [
  (a, b) => share(less(a, b), a, b),
  (a, b) => share(greater(a, b), a, b),
]);
export const atan2 = binary("atan2", [(y, x) => overSquare(x, y), (y, x) => neg(overSquare(y, x))]);
/** sqrt(a * a + b * b); its derivative at (0, 0) is 0. */
export const hypot = binary("hypot", [(a, b) => direction(a, b), (a, b) => direction(b, a)]);

const clipOp: Op<{ low: number; high: number }> = {
  name: "clip",
  infer: ([x]) => ({ shape: x.shape, dtype: requireFloat("clip", x.dtype) }),
  linearize: ({ inputs: [x], attrs: { low, high } }) => [
    scaleMap(cast(logicalAnd(greaterEqual(x, low), lessEqual(x, high)), x.dtype)),
  ],
};
/** x limited to [low, high]; the derivative is 1 inside, bounds included. @throws ArgumentError unless low <= high */
export const clip = (x: Operand, low: number, high: number): Tensor => {
  const t = operand("clip", x, "float64");
  if (typeof low !== "number" || typeof high !== "number" || !(low <= high))
    throw new ArgumentError(`clip: expected numbers low <= high, got ${kindOf(low)} and ${kindOf(high)}`);
  return apply(clipOp, [t], { low, high });
};

/** 1 - x*x; near 1 as a product, which keeps the value's digits, near 0 as it stands, which keeps the derivative's. */
const oneMinusSquare = (x: Tensor): Tensor =>
  where(less(abs(x), 0.5), sub(1, square(x)), mul(sub(1, x), add(x, 1)));
/** 1 for the winner of a maximum or minimum, one half each at a tie. */
const share = (wins: Tensor, a: Tensor, b: Tensor): Tensor =>
  add(cast(wins, a.dtype), mul(cast(equal(a, b), a.dtype), 0.5));

// Derivatives that keep their digits only as ops of their own: a factor below the normal numbers has lost digits that
// another factor, or a further derivative, would need. So products of tiny factors are formed from their square roots.

/** sech(x)²; sigmoid'(x) is a quarter of it at x / 2. */
const sechSquare = unary("sechSquare", (x, y) => mul(mul(tanh(x), y), -2));
/** exp(-x²) */
const bell = unary("bell", (x) => twice(mul(x, -2), exp(mul(square(x), -0.5))));
/** silu'(x) = s + x s (1 - s), s = sigmoid(x); (1 - s) s = 1 / (2 cosh(x / 2))². */
const siluSlope = unary("siluSlope", (x) => {
  const half = mul(x, 0.5);
  return twice(sub(2, mul(x, tanh(half))), mul(reciprocal(cosh(half)), 0.5));
});
/** gelu'(x) = Phi(x) + x phi(x), with the density phi = Phi'; phi' = -x phi. */
const geluSlope = unary("geluSlope", (x) =>
  twice(sub(2, square(x)), mul(exp(mul(square(x), -0.25)), (2 * Math.PI) ** -0.25)),
);
/** c * h * h, which no factor underflows before the product does. */
const twice = (c: Tensor, h: Tensor): Tensor => scale(scale(c, h), h);

/** a / b² */
const overTwice = binary("overTwice", [
  (_, b) => square(reciprocal(b)),
  (a, b) => mul(div(overTwice(a, b), b), -2),
]);

/** a / hypot(a, b), scaled so that nothing over- or underflows; 0 at (0, 0). */
const direction = binary("direction", [
  // (b / h)² / h, where the square must not underflow, nor b / h² overflow
  (a, b) => {
    const other = direction(b, a);
    const small = less(abs(other), 1e-10);
    return unlessZero(a, b, where(small, mul(other, overSquare(b, a)), overLength(square(other), a, b)));
  },
  (a, b, y) =>
    where(
      less(abs(a), abs(b)),
      neg(scale(overSquare(a, b), direction(b, a))),
      unlessZero(a, b, neg(scale(overSquare(b, a), y))),
    ),
]);
/** a / (a² + b²); NaN at (0, 0). */
const overSquare = binary("overSquare", [
  // (b - a)(b + a) / (a² + b²)²
  (a, b) => {
    const [x, y] = [mul(a, room(a, b)), mul(b, room(a, b))];
    const ratios = mul(overLength(sub(y, x), x, y), overLength(add(x, y), x, y));
    return overLength(overLength(ratios, a, b), a, b);
  },
  (a, b) => mul(scale(overSquare(a, b), overSquare(b, a)), -2),
]);
/** t / hypot(a, b), also where the length itself overflows. */
const overLength = (t: Tensor, a: Tensor, b: Tensor): Tensor => {
  const by = room(a, b);
  return div(mul(t, by), hypot(mul(a, by), mul(b, by)));
};
/** A factor that keeps sums of a and b from overflowing: 1, or 1/4 near the end of the range. */
const room = (a: Tensor, b: Tensor): Tensor =>
  where(greater(maximum(abs(a), abs(b)), a.dtype === "float32" ? 2 ** 125 : 2 ** 1020), constant(a, 0.25), 1);
const unlessZero = (a: Tensor, b: Tensor, t: Tensor): Tensor =>
  where(logicalAnd(equal(a, 0), equal(b, 0)), 0, t);

/** log(a) a^b; 0 at a = 0: the limit from above wherever the power itself is finite. */
const logPow = binary("logPow", [
  (a, b) => where(equal(a, 0), pow(a, sub(b, 1)), timesPow(add(timesLog(b, a), 1), a, b, 1)),
  (a, b) => where(equal(a, 0), 0, timesPow(square(log(a)), a, b)),
]);
/** c log(a) with a strong zero; a negative a has no real power beside this one: NaN, also where c is 0. */
const timesLog = (c: Tensor, a: Tensor): Tensor => where(less(a, 0), log(a), scale(c, log(a)));
const timesPowOp: Op<{ readonly less: number }> = {
  name: "timesPow",
  infer: ([c, a, b]) => ({
    shape: broadcastShapes("pow", [c.shape, a.shape, b.shape]),
    dtype: sameDType("pow", [c.dtype, a.dtype, b.dtype]),
  }),
  linearize: ({ inputs, output, attrs: { less: k } }, i) => {
    const [c, a, b] = inputs;
    const by = [
      () => pow(a, sub(b, k)),
      () => timesPow(scale(c, sub(b, k)), a, b, k + 1),
      () => where(equal(a, 0), 0, timesPow(timesLog(c, a), a, b, k)),
    ][i];
    const from = inputs[i].shape;
    return sameShape(from, output.shape)
      ? [scaleMap(by())]
      : [broadcasting(from, output.shape), scaleMap(by())];
  },
};
/**
 * c * a^(b - less) with a strong zero c, also where the power alone over- or underflows. The difference is left to the
 * kernel, which need not round it to float32.
 */
const timesPow = (c: Tensor, a: Tensor, b: Tensor, less = 0): Tensor =>
  apply(timesPowOp, [c, a, b], { less });
