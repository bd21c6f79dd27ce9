import type { TypedArray } from "../../core/dtype.js";
import { sizeOf, stridesOf } from "../../core/shape.js";
import type { Operand, Result } from "../../device/backend.js";
import type { BinaryName, UnaryName } from "../../device/catalogue/pointwise.js";
import { arrayOf } from "../../device/host-storage.js";
import * as special from "./special.js";
import { broadcastStrides, eachRow, nestOf } from "./walk.js";

type Function1 = (x: number) => number;
type Function2 = (a: number, b: number) => number;
type Function3 = (a: number, b: number, c: number) => number;

/** The value of every pointwise op of one argument. */
export const unary: Readonly<Record<UnaryName, Function1>> = {
  neg: (x) => -x,
  square: (x) => x * x,
  reciprocal: (x) => 1 / x,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  cbrt: Math.cbrt,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  sigmoid: special.sigmoid,
  softplus: special.softplus,
  silu: special.silu,
  gelu: special.gelu,
  erf: special.erf,
  erfc: special.erfc,
  abs: Math.abs,
  sign: Math.sign,
  floor: Math.floor,
  relu: special.relu,
  elu: special.elu,
  softsign: special.softsign,
  sechSquare: special.sechSquare,
  bell: special.bell,
  siluSlope: special.siluSlope,
  geluSlope: special.geluSlope,
  logicalNot: (x) => (x ? 0 : 1),
};

/** The value of every pointwise op of two arguments, but for those with a loop of their own. */
export const binary: Readonly<Record<Exclude<BinaryName, keyof typeof loops>, Function2>> = {
  div: (a, b) => a / b,
  pow: special.power,
  maximum: (a, b) => (a > b || Number.isNaN(a) ? a : b),
  minimum: (a, b) => (a < b || Number.isNaN(a) ? a : b),
  atan2: Math.atan2,
  hypot: Math.hypot,
  overTwice: special.overTwice,
  direction: special.direction,
  overSquare: special.overSquare,
  logPow: special.logPow,
  equal: (a, b) => (a === b ? 1 : 0),
  notEqual: (a, b) => (a !== b ? 1 : 0),
  less: (a, b) => (a < b ? 1 : 0),
  lessEqual: (a, b) => (a <= b ? 1 : 0),
  greater: (a, b) => (a > b ? 1 : 0),
  greaterEqual: (a, b) => (a >= b ? 1 : 0),
  logicalAnd: (a, b) => a & b,
  logicalOr: (a, b) => a | b,
};

/** out[o + j] = a[i + j sa] op b[k + j sb], for j below n. */
type Loop2 = (
  out: TypedArray,
  o: number,
  a: TypedArray,
  i: number,
  sa: number,
  b: TypedArray,
  k: number,
  sb: number,
  n: number,
) => void;

/** The most frequent ops have loops of their own, which the engine compiles apart. */
export const loops = {
  add: (out, o, a, i, sa, b, k, sb, n) => {
    for (let j = 0; j < n; j++) out[o + j] = a[i + j * sa] + b[k + j * sb];
  },
  sub: (out, o, a, i, sa, b, k, sb, n) => {
    for (let j = 0; j < n; j++) out[o + j] = a[i + j * sa] - b[k + j * sb];
  },
  mul: (out, o, a, i, sa, b, k, sb, n) => {
    for (let j = 0; j < n; j++) out[o + j] = a[i + j * sa] * b[k + j * sb];
  },
  // zero wins over infinity and NaN
  scale: (out, o, a, i, sa, b, k, sb, n) => {
    for (let j = 0; j < n; j++) {
      const [x, y] = [a[i + j * sa], b[k + j * sb]];
      out[o + j] = x === 0 || y === 0 ? 0 : x * y;
    }
  },
} satisfies { readonly [N in BinaryName]?: Loop2 };

/** Products of integers wrap around, which those of float64 do only where they are exact. */
const multiplyIntegers: Loop2 = (out, o, a, i, sa, b, k, sb, n) => {
  for (let j = 0; j < n; j++) out[o + j] = Math.imul(a[i + j * sa], b[k + j * sb]);
};

export const runMul = (inputs: readonly Operand[], out: Result): void =>
  runLoop(out.dtype === "int32" ? multiplyIntegers : loops.mul, inputs, out);

export const runSquare = ([x]: readonly Operand[], out: Result): void =>
  map(out.dtype === "int32" ? (v) => Math.imul(v, v) : unary.square, x, out);

function map(f: Function1, x: Operand, out: Result): void {
  const [data, into] = [arrayOf(x.data), arrayOf(out.data)];
  const nest = nestOf(x.shape, [stridesOf(x.shape), x.strides]);
  const inner = nest.sizes.length - 1;
  const [n, step] = [nest.sizes[inner], nest.strides[1][inner]];
  eachRow(nest, (at) => {
    const [o, i] = [at[0], at[1] + x.offset];
    for (let j = 0; j < n; j++) into[o + j] = f(data[i + j * step]);
  });
}

export function runUnary(f: Function1, [x]: readonly Operand[], out: Result): void {
  map(f, x, out);
}

export function runBinary(f: Function2, [a, b]: readonly Operand[], out: Result): void {
  runLoop(
    (into, o, x, i, sa, y, k, sb, n) => {
      for (let j = 0; j < n; j++) into[o + j] = f(x[i + j * sa], y[k + j * sb]);
    },
    [a, b],
    out,
  );
}

export function runLoop(loop: Loop2, [a, b]: readonly Operand[], out: Result): void {
  const { shape } = out;
  const into = arrayOf(out.data);
  const x = arrayOf(a.data);
  const y = arrayOf(b.data);
  if (simple(a, shape) && simple(b, shape)) {
    loop(into, 0, x, a.offset, a.shape.length ? 1 : 0, y, b.offset, b.shape.length ? 1 : 0, sizeOf(shape));
    return;
  }
  const nest = nestOf(shape, [stridesOf(shape), broadcastStrides(a, shape), broadcastStrides(b, shape)]);
  const inner = nest.sizes.length - 1;
  const [n, sa, sb] = [nest.sizes[inner], nest.strides[1][inner], nest.strides[2][inner]];
  eachRow(nest, (at) => loop(into, at[0], x, at[1] + a.offset, sa, y, at[2] + b.offset, sb, n));
}

/** A scalar, or contiguous and of the result's shape: one loop without any setup. */
function simple(x: Operand, shape: readonly number[]): boolean {
  if (x.shape.length === 0) return true;
  if (x.shape.length !== shape.length) return false;
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (x.shape[i] !== shape[i] || x.strides[i] !== step) return false;
    step *= shape[i];
  }
  return true;
}

export const runWhere = (inputs: readonly Operand[], out: Result): void =>
  runTernary((condition, a, b) => (condition ? a : b), inputs, out);

export const runTimesPow = (inputs: readonly Operand[], { less }: { less: number }, out: Result): void =>
  runTernary((c, a, b) => special.timesPow(c, a, b - less), inputs, out);

function runTernary(f: Function3, operands: readonly Operand[], out: Result): void {
  const nest = nestOf(out.shape, [
    stridesOf(out.shape),
    ...operands.map((x) => broadcastStrides(x, out.shape)),
  ]);
  const inner = nest.sizes.length - 1;
  const [x, y, z] = operands;
  const [into, u, v, w] = [out, x, y, z].map(({ data }) => arrayOf(data));
  const [, sx, sy, sz] = nest.strides.map((s) => s[inner]);
  eachRow(nest, (at) => {
    const [o, i, k, l] = [at[0], at[1] + x.offset, at[2] + y.offset, at[3] + z.offset];
    for (let j = 0; j < nest.sizes[inner]; j++) into[o + j] = f(u[i + j * sx], v[k + j * sy], w[l + j * sz]);
  });
}

export function runClip(
  [x]: readonly Operand[],
  { low, high }: { low: number; high: number },
  out: Result,
): void {
  map((v) => (v < low ? low : v > high ? high : v), x, out);
}

/** Copies with conversion; to bool, everything but zero is one. */
export function runCast([x]: readonly Operand[], out: Result): void {
  map(out.dtype === "bool" ? (v) => (v !== 0 ? 1 : 0) : (v) => v, x, out);
}
