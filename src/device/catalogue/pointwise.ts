import type { DType } from "../../core/dtype.js";
import { cheap, costly, perResult, root } from "./cost.js";
import { all, booleans, floats, type Kernel, numbers } from "./kernel.js";

/** A row of a kernel that computes each entry of its result from one entry of each operand. */
export interface Pointwise extends Kernel {
  /**
   * How the addon computes it in float32: in float32, where that gives what float64 would, rounded (`exact`); with shorter
   * series in float64 (`narrow`); or as in float64 (`double`).
   */
  readonly single: Single;
  /** Units in the last place of float64 by which backends differ at most; of 1, where a result is smaller than `apartOf`. */
  readonly apart: number;
  readonly apartOf: number;
  /** Whether the result is a boolean, whatever the operands are: there is no derivative. */
  readonly isTest: boolean;
  /** Intervals of all operands within which the op is defined and smooth, where its derivatives are tested. */
  readonly smooth: readonly Interval[];
}
export type Single = "exact" | "narrow" | "double";
export type Interval = readonly [low: number, high: number];

const everywhere: readonly Interval[] = [[-2, 2]];
const positive: readonly Interval[] = [[0.2, 3]];
const sides: readonly Interval[] = [
  [0.2, 3],
  [-3, -0.1],
];
const inside: readonly Interval[] = [[-0.9, 0.9]];
const quadrant: readonly Interval[] = [[0.3, 2]];

/** Kernels of float32 compute in float64 and round once; 0.001 is far above what float64 itself may add to the half. */
const once = 0.501;

const common = { work: perResult, fills: true, isTest: false, apartOf: 0 };

/** An op that users call. */
const op = (
  dtypes: readonly DType[],
  least: number,
  single: Single,
  value: number,
  derivative: number,
  apart: number,
  smooth: readonly Interval[],
): Pointwise => ({ ...common, dtypes, least, single, float32: { value, derivative }, apart, smooth });

/** A part of derivatives and of other ops. */
const part = (
  dtypes: readonly DType[],
  least: number,
  single: Single,
  apart: number,
  apartOf = 0,
): Pointwise => ({ ...common, dtypes, least, single, float32: null, apart, apartOf, smooth: [] });

/** A comparison, or logic. */
const test = (dtypes: readonly DType[], single: Single): Pointwise => ({
  ...part(dtypes, cheap, single, 0),
  isTest: true,
});

/**
 * Of one operand. Arithmetic is the same on all backends. Functions are 2 units apart, each within one of the truth or little
 * more, and further where one is made of several others, whose errors add up: an exponential of half the argument is squared (silu; sinh and cosh near the
 * largest numbers), two exponentials and a quotient are multiplied (erfc, gelu).
 *
 * A derivative in float32 that is a kernel of its own is rounded once; others are the sum of their roundings, which the
 * comments list: k of them make a relative error of at most k 2^-24, which is at most k units in the last place.
 */
// biome-ignore format: a table is read by its columns
export const unary = {
  //             dtypes   least   single    value derivative apart smooth
  neg:        op(numbers, cheap,  "exact",  0,    0,         0,    everywhere),
  square:     op(numbers, cheap,  "exact",  once, 0,         0,    everywhere),
  abs:        op(numbers, cheap,  "double", 0,    0,         0,    sides),
  sign:       op(numbers, cheap,  "double", 0,    0,         0,    positive),
  floor:      op(floats,  root,   "double", 0,    0,         0,    [[0.2, 0.8]]),
  relu:       op(floats,  cheap,  "exact",  0,    0,         0,    positive),
  elu:        op(floats,  costly, "double", once, once,      2,    sides),
  reciprocal: op(floats,  root,   "exact",  once, 3,         0,    positive), // y counted twice, y²
  sqrt:       op(floats,  root,   "exact",  once, 2,         0,    positive), // y, 0.5 / y
  rsqrt:      op(floats,  root,   "double", once, 2,         0,    positive), // y, y / x
  cbrt:       op(floats,  costly, "double", once, 5,         2,    positive), // y counted twice, y², 3 y², 1 / that
  exp:        op(floats,  costly, "narrow", once, once,      2,    everywhere),
  expm1:      op(floats,  costly, "double", once, once,      2,    everywhere),
  log:        op(floats,  costly, "double", once, once,      2,    positive),
  log1p:      op(floats,  costly, "double", once, 2,         2,    positive), // x + 1, 1 / that
  sin:        op(floats,  costly, "double", once, once,      2,    everywhere),
  cos:        op(floats,  costly, "double", once, once,      2,    everywhere),
  tan:        op(floats,  costly, "double", once, 4,         2,    inside), // y counted twice, y², y² + 1
  asin:       op(floats,  costly, "double", once, 3,         2,    inside), // 1 - x, 1 + x and their product, counted half; 1 / sqrt
  acos:       op(floats,  costly, "double", once, 3,         2,    inside),
  atan:       op(floats,  costly, "double", once, 5,         2,    everywhere), // hypot(x, 1) and 1 / that counted twice, the square
  sinh:       op(floats,  costly, "double", once, once,      4,    everywhere),
  cosh:       op(floats,  costly, "double", once, once,      4,    everywhere),
  tanh:       op(floats,  costly, "narrow", once, once,      2,    everywhere),
  asinh:      op(floats,  costly, "double", once, 2,         4,    everywhere), // hypot(x, 1), 1 / that
  acosh:      op(floats,  costly, "double", once, 4,         4,    [[1.2, 4]]), // x - 1, x + 1, counted half; 1 / sqrt of each; the product
  atanh:      op(floats,  costly, "double", once, 4,         4,    inside), // 1 - x, 1 + x, their product, 1 / that
  sigmoid:    op(floats,  costly, "narrow", once, 1,         2,    everywhere), // below the normal numbers rounded twice, by the quarter of sech²
  softplus:   op(floats,  costly, "double", once, once,      2,    everywhere),
  silu:       op(floats,  costly, "double", once, once,      8,    everywhere),
  gelu:       op(floats,  costly, "double", once, once,      10,   everywhere),
  erf:        op(floats,  costly, "double", once, 3,         2,    everywhere), // exp(-x²), the constant, their product
  erfc:       op(floats,  costly, "double", once, 3,         8,    everywhere),
  softsign:   op(floats,  cheap,  "double", once, 5,         0,    positive), // |x| + 1 and 1 / that counted twice, the square

  // slopes that cross zero, where digits cancel, are compared to the size of what cancels
  sechSquare: part(floats, costly, "narrow", 6),
  bell:       part(floats, costly, "double", 2),
  siluSlope:  part(floats, costly, "double", 8, 1),
  geluSlope:  part(floats, costly, "double", 8, 1),

  logicalNot: test(booleans, "double"),
} satisfies Readonly<Record<string, Pointwise>>;

/**
 * Of two operands, which are broadcast. The parts are more than 2 units apart where a quotient of a quotient is taken
 * (overSquare), or a power is multiplied by two halves (logPow).
 */
// biome-ignore format: a table is read by its columns
export const binary = {
  //               dtypes   least   single    value derivative apart smooth
  add:          op(numbers, cheap,  "exact",  once, 0,         0,    everywhere),
  sub:          op(numbers, cheap,  "exact",  once, 0,         0,    everywhere),
  mul:          op(numbers, cheap,  "exact",  once, 0,         0,    everywhere),
  scale:        op(floats,  cheap,  "exact",  once, 0,         0,    quadrant),
  div:          op(floats,  root,   "exact",  once, once,      0,    quadrant),
  maximum:      op(numbers, cheap,  "exact",  0,    0,         0,    []),
  minimum:      op(numbers, cheap,  "exact",  0,    0,         0,    []),
  pow:          op(floats,  costly, "double", once, once,      2,    quadrant),
  hypot:        op(floats,  costly, "double", once, once,      2,    quadrant),
  atan2:        op(floats,  costly, "double", once, once,      2,    quadrant),

  overTwice:    part(floats, cheap,  "double", 2),
  direction:    part(floats, costly, "double", 2),
  overSquare:   part(floats, costly, "double", 6),
  logPow:       part(floats, costly, "double", 8),

  equal:        test(all, "exact"),
  notEqual:     test(all, "exact"),
  less:         test(all, "exact"),
  lessEqual:    test(all, "exact"),
  greater:      test(all, "exact"),
  greaterEqual: test(all, "exact"),
  logicalAnd:   test(booleans, "double"),
  logicalOr:    test(booleans, "double"),
} satisfies Readonly<Record<string, Pointwise>>;

/** Of a condition and two operands; and with numbers beside their operands, which the op has under these names. */
// biome-ignore format: a table is read by its columns
export const others = {
  clip:     { ...op(floats, cheap, "double", 0, 0, 0, []),  operands: 1, attributes: ["low", "high"] },
  where:    { ...part(all, cheap, "double", 0),             operands: 3, attributes: [] },
  timesPow: { ...part(floats, costly, "double", 8),         operands: 3, attributes: ["less"] },
} satisfies Readonly<Record<string, Other>>;

interface Other extends Pointwise {
  readonly operands: 1 | 3;
  readonly attributes: readonly string[];
}

export type UnaryName = keyof typeof unary;
export type BinaryName = keyof typeof binary;
