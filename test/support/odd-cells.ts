/** Small cells that keep or break ties, one reason each. */
import { type CellKind, defineCell, drive } from "../../src/cells/index.js";
import {
  add,
  div,
  einsum,
  mean,
  mul,
  select,
  sigmoid,
  slice,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
} from "../../src/index.js";

type Next = (p: Readonly<Record<string, Tensor>>, h: Tensor, x: Tensor, n: number) => Tensor;

/** A cell of one state h whose output is h. */
const simple = (
  name: string,
  shapes: (n: number, m: number) => Record<string, number[]>,
  next: Next,
): CellKind =>
  defineCell({
    name,
    equations: name,
    locality: "unit",
    states: ["h"],
    shapes: ({ input, units }) => shapes(units, input[0]),
    next: (p, { h }, x, g) => ({ h: next(p, h, x, g.units) }),
    output: (_, { h }) => h,
  });

const leak = (h: Tensor, u: Tensor): Tensor => add(mul(0.7, h), tanh(u));
const gated = (h: Tensor, z: Tensor, u: Tensor): Tensor =>
  add(mul(sub(1, sigmoid(z)), h), mul(sigmoid(z), tanh(u)));

export const plain = simple(
  "plain",
  (n, m) => ({ W: [n, m] }),
  (p, h, x) => leak(h, drive(x, p.W)),
);

/** One number for all units. */
export const scalarLeak = simple(
  "scalarLeak",
  (n, m) => ({ a: [], W: [n, m] }),
  (p, h, x) => gated(h, p.a, drive(x, p.W)),
);

/** The drive is divided by its root mean square over all units. */
export const rmsNorm = simple(
  "rmsNorm",
  (n, m) => ({ W: [n, m] }),
  (p, h, x) => {
    const u = drive(x, p.W);
    return leak(h, div(u, sqrt(add(mean(square(u), -1, { keepDims: true }), 0.1))));
  },
);

/** Every row of W is divided by its length. */
export const weightNorm = simple(
  "weightNorm",
  (n, m) => ({ W: [n, m], g: [n] }),
  (p, h, x) => {
    const length = sqrt(sum(square(p.W), 1, { keepDims: true }));
    return leak(h, mul(p.g, drive(x, div(p.W, length))));
  },
);

export const usedTwice = simple(
  "usedTwice",
  (n, m) => ({ W: [n, m] }),
  (p, h, x) => gated(h, drive(x, p.W), drive(square(x), p.W)),
);

/** Both gates in one matrix, cut in halves. */
export const fusedSliced = simple(
  "fusedSliced",
  (n, m) => ({ W: [2 * n, m] }),
  (p, h, x, n) => {
    const u = drive(x, p.W);
    return gated(h, slice(u, [null, [0, n]]), slice(u, [null, [n, 2 * n]]));
  },
);

/** Both gates in one tensor with an axis for the gate. */
export const fusedSelected = simple(
  "fusedSelected",
  (n, m) => ({ W: [2, n, m] }),
  (p, h, x) => {
    const u = einsum("bm,gnm->bgn", x, p.W);
    return gated(h, select(u, 1, 0), select(u, 1, 1));
  },
);

/** A drive through two numbers. */
export const lowRank = simple(
  "lowRank",
  (n, m) => ({ A: [n, 2], B: [2, m] }),
  (p, h, x) => leak(h, drive(drive(x, p.B), p.A)),
);

/** The input comes back to the first state after four steps, unit by unit or across units. */
const delayChain = (name: string, back: "unit" | "dense"): CellKind =>
  defineCell({
    name,
    equations: "s1' = tanh(W x + U s4); s2' = s1; s3' = s2; s4' = s3",
    locality: back,
    states: ["s1", "s2", "s3", "s4"],
    shapes: ({ input, units: n }) => ({ W: [n, ...input], U: back === "unit" ? [n] : [n, n] }),
    next: (p, { s1, s2, s3, s4 }, x) => ({
      s1: tanh(add(drive(x, p.W), back === "unit" ? mul(p.U, s4) : drive(s4, p.U))),
      s2: s1,
      s3: s2,
      s4: s3,
    }),
    output: (_, { s1, s4 }) => add(s1, s4),
  });
export const unitChain = delayChain("unitChain", "unit");
export const denseChain = delayChain("denseChain", "dense");

/** States that read each other: updated one after the other, the second would read a new value. */
export const swap = defineCell({
  name: "swap",
  equations: "h' = tanh(a⊙c + W x); c' = b⊙h",
  locality: "unit",
  states: ["h", "c"],
  shapes: ({ input, units: n }) => ({ W: [n, ...input], a: [n], b: [n] }),
  next: (p, { h, c }, x) => ({ h: tanh(add(mul(p.a, c), drive(x, p.W))), c: mul(p.b, h) }),
  output: (_, { h, c }) => add(h, mul(2, c)),
});

/** States that change places and nothing else, so that a trace in place would lose one of them. */
export const exchange = defineCell({
  name: "exchange",
  equations: "h' = c; c' = h + W x",
  locality: "unit",
  states: ["h", "c"],
  shapes: ({ input, units: n }) => ({ W: [n, ...input] }),
  next: (p, { h, c }, x) => ({ h: c, c: add(h, drive(x, p.W)) }),
  output: (_, { h, c }) => add(h, mul(2, c)),
});

/** A state across units: h mixes all of c at once. */
export const crossed = defineCell({
  name: "crossed",
  equations: "h' = tanh(U c + W x); c' = a⊙h",
  locality: "dense",
  states: ["h", "c"],
  shapes: ({ input, units: n }) => ({ W: [n, ...input], U: [n, n], a: [n] }),
  next: (p, { h, c }, x) => ({ h: tanh(add(drive(c, p.U), drive(x, p.W))), c: mul(p.a, h) }),
  output: (_, { h, c }) => add(h, mul(2, c)),
});

/** States that are added up as they are: no coefficient anywhere, neither on old states nor, for V, on anything. */
export const integrator = defineCell({
  name: "integrator",
  equations: "a' = b + W x + V 1, b' = a + b",
  locality: "unit",
  states: ["a", "b"],
  shapes: ({ input, units }) => ({ W: [units, input[0]], V: [units, 3] }),
  next: ({ W, V }, { a, b }, x) => ({ a: add(add(b, drive(x, W)), sum(V, [1])), b: add(a, b) }),
  output: (_, { a }) => a,
});

/** All units add up to each new state: a sum along which nothing varies once it is taken twice. */
export const totals = defineCell({
  name: "totals",
  equations: "h' = 1 Σ h + W x",
  locality: "dense",
  states: ["h"],
  shapes: ({ input, units }) => ({ W: [units, input[0]] }),
  next: ({ W }, { h }, x) => ({ h: add(drive(x, W), sum(h, 1, { keepDims: true })) }),
  output: (_, { h }) => h,
});
