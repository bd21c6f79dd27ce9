/** Cells of random operations: whatever a user may write as the next state. */
import fc from "fast-check";
import { type CellKind, defineCell, drive, type StateDefinition } from "../../src/cells/index.js";
import {
  add,
  cast,
  concat,
  conv2d,
  cumsum,
  div,
  einsum,
  exp,
  flip,
  gather,
  greater,
  logsumexp,
  matmul,
  max,
  maximum,
  maxPool2d,
  mean,
  mul,
  pad,
  permute,
  prod,
  reshape,
  scalar,
  select,
  sigmoid,
  slice,
  softmax,
  sqrt,
  square,
  stack,
  stopGradient,
  sub,
  sum,
  type Tensor,
  tanh,
  transpose,
  where,
} from "../../src/index.js";

type Params = Readonly<Record<string, Tensor>>;

/** Parameters that every random cell has, used or not. n is even or 1. */
const shapes = (n: number, m: number) => ({
  W: [n, m],
  G: [2, n, m],
  F: [2 * n, m],
  U: [n, n],
  V: [n, n],
  T: [n, n, n],
  u: [n],
  a: [],
  e: [1],
  K: [1, 1, 3, 3],
});

const halves = (v: Tensor): Tensor => {
  const [b, n] = v.shape;
  return n % 2 === 0 ? permute(reshape(v, [b, 2, n / 2]), [0, 2, 1]) : reshape(v, [b, n, 1]);
};
const keep = { keepDims: true } as const;
/** [B, n] to [B, n]. */
const unary: readonly ((v: Tensor, p: Params) => Tensor)[] = [
  tanh,
  sigmoid,
  (v) => flip(v, 1),
  (v) => softmax(v, 1),
  (v) => cumsum(v, 1),
  (v) => cumsum(v, 1, { reverse: true }),
  (v) => div(v, sqrt(add(mean(square(v), 1, keep), 0.3))),
  (v) => sub(v, max(v, 1, keep)),
  (v) => add(v, logsumexp(v, 1, keep)),
  (v) => mul(v, prod(tanh(v), 1, keep)),
  (v) => reshape(halves(v), v.shape),
  (v) => add(v, reshape(sum(halves(v), 2, keep), [v.shape[0], -1]).slice([null, [0, 1]])),
  (v) =>
    gather(
      v,
      Array.from({ length: v.shape[1] }, (_, i) => (i * i + 1) % v.shape[1]),
      1,
    ),
  (v) => concat([slice(v, [null, [v.shape[1] - 1, v.shape[1]]]), slice(v, [null, [0, v.shape[1] - 1]])], 1),
  (v) =>
    slice(
      pad(v, [
        [0, 0],
        [1, 0],
      ]),
      [null, [0, v.shape[1]]],
    ),
  (v) => mul(v, reshape(select(v, 1, 0), [v.shape[0], 1])),
  (v) => select(stack([v, mul(2, v)], 1), 1, 1),
  (v) => sum(stack([v, square(v)], 2), 2),
  (v) => mul(v, stopGradient(sigmoid(v))),
  (v, p) => drive(v, p.U),
  (v, p) => matmul(v, p.U),
  (v, p) => matmul(v, matmul(p.U, p.V)),
  (v, p) => matmul(v, softmax(p.V, 1)),
  (v, p) => drive(v, add(p.U, transpose(p.U))),
  (v, p) => add(v, select(p.V, 0, 0)),
  (v, p) => add(v, sum(square(p.U), 1)),
  (v, p) => mul(v, mean(p.V, 0)),
  (v, p) => mul(p.u, v),
  (v, p) => add(mul(p.u, v), p.u),
  (v, p) => mul(sigmoid(p.a), v),
  (v, p) => add(v, p.e),
  (v, p) => mul(v, flip(p.u)),
  (v, p) => mul(v, div(p.u, sqrt(add(sum(square(p.u)), 1)))),
  (v, p) => add(v, mul(p.u, mean(v, 1, keep))),
  (v, p) => einsum("bi,bj,nij->bn", tanh(v), v, p.T),
  (v, p) => einsum("bi,iij->bj", v, p.T),
  (v, p) => einsum("bi,ijj->bi", v, p.T),
  (v, p) => {
    const [b, n] = v.shape;
    return reshape(conv2d(reshape(v, [b, 1, 1, n]), p.K, { padding: 1 }), [b, n]);
  },
  (v) => {
    const [b, n] = v.shape;
    const row = pad(reshape(v, [b, 1, 1, n]), [
      [0, 0],
      [0, 0],
      [0, 0],
      [1, 1],
    ]);
    return reshape(maxPool2d(row, [1, 3], { stride: 1 }), [b, n]);
  },
  (v, p) => drive(drive(v, p.U), p.V),
  (v, p) => mul(v, exp(mul(p.a, 0.1))),
];

const binary: readonly ((v: Tensor, w: Tensor, p: Params) => Tensor)[] = [
  add,
  mul,
  (v, w) => sub(v, mul(0.5, w)),
  (v, w) => div(v, add(1, square(w))),
  maximum,
  (v, w) => where(greater(v, w), v, mul(0.3, w)),
  (v, w) => add(mul(sub(1, sigmoid(w)), v), mul(sigmoid(w), tanh(v))),
  (v, w) => sum(mul(reshape(v, [...v.shape, 1]), reshape(w, [w.shape[0], 1, w.shape[1]])), 2),
  (v, w, p) => einsum("bi,bj,ijk->bk", v, tanh(w), p.T),
  (v, w, p) => add(mul(p.u, v), drive(w, p.V)),
];

/** The input [B, m] to a drive [B, n]. */
const drives: readonly ((x: Tensor, p: Params) => Tensor)[] = [
  (x, p) => drive(x, p.W),
  (x, p) => add(drive(x, p.W), p.u),
  (x, p) => drive(x, div(p.W, sqrt(add(sum(square(p.W), 1, keep), 0.1)))),
  (x, p) => drive(x, div(p.W, sqrt(add(sum(square(p.W)), 0.1)))),
  (x, p) => drive(drive(x, p.W), p.U),
  (x, p) => add(drive(x, p.W), drive(square(x), p.W)),
  (x, p) => select(einsum("bm,gnm->bgn", x, p.G), 1, 1),
  (x, p) => {
    const g = einsum("bm,gnm->bgn", x, p.G);
    return mul(sigmoid(select(g, 1, 0)), select(g, 1, 1));
  },
  (x, p) => sum(einsum("bm,gnm->bgn", x, p.G), 1),
  (x, p) => {
    const f = drive(x, p.F);
    const n = p.u.size;
    return mul(sigmoid(slice(f, [null, [0, n]])), slice(f, [null, [n, 2 * n]]));
  },
  (x, p) => reshape(mean(reshape(drive(x, p.F), [x.shape[0], 2, p.u.size]), 1), [x.shape[0], p.u.size]),
  (x, p) => drive(x, add(p.W, select(p.G, 0, 1))),
  (x, p) => drive(x, flip(p.W, 0)),
  (x, p) => drive(x, matmul(p.U, p.W)),
];

export const menu = { unary: unary.length, binary: binary.length, drives: drives.length } as const;

/** Instructions on a stack of values that starts as [h, c, drive of x]: which operation, and where its operands lie. */
export interface Program {
  readonly drive: number;
  readonly steps: readonly { readonly pick: number; readonly first: number; readonly second: number }[];
}

/** What the instructions make of a stack of values, each [B, n]. */
function run({ steps }: Program, values: Tensor[], p: Params): Tensor[] {
  for (const { pick, first, second } of steps) {
    const v = values[values.length - 1 - (first % values.length)];
    const w = values[values.length - 1 - (second % values.length)];
    const at = pick % (unary.length + binary.length);
    values.push(at < unary.length ? unary[at](v, p) : binary[at - unary.length](v, w, p));
  }
  return values;
}

/** A cell of two states, each of which ends as a bounded mixture of its program's values. */
export function randomCell(program: Program): CellKind {
  return defineCell({
    name: "random",
    equations: JSON.stringify(program),
    locality: "dense",
    states: ["h", "c"],
    shapes: ({ input, units }) => shapes(units, input[0]),
    next: (p, { h, c }, x) => {
      const values = run(program, [h, c, drives[program.drive % drives.length](x, p)], p);
      const [last, other] = [values[values.length - 1], values[values.length - 2]];
      return { h: tanh(add(last, mul(0.3, h))), c: add(mul(0.5, c), tanh(add(other, mul(0.3, values[2])))) };
    },
    output: (p, { h, c }) => add(h, mul(p.u, c)),
  });
}

/** What a state is, how a value [B, n] is read from it, and what it becomes of itself and such a value. */
interface Form extends StateDefinition {
  read(s: Tensor, v: Tensor): Tensor;
  write(v: Tensor, old: Tensor): Tensor;
}

const forms = {
  units: { read: (s) => s, write: (v, old) => tanh(add(v, mul(0.3, old))) },
  pace: {
    shape: [1],
    read: (s, v) => mul(v, s),
    write: (v, old) => add(mul(0.5, old), tanh(mean(v, 1, keep))),
  },
  tone: {
    shape: [],
    read: (s, v) => add(v, reshape(s, [-1, 1])),
    write: (v, old) => tanh(add(mul(0.4, old), sum(v, 1))),
  },
  pair: {
    shape: ({ units }) => [2, units],
    read: (s) => add(select(s, 1, 0), mul(0.5, select(s, 1, 1))),
    write: (v, old) => stack([tanh(add(v, mul(0.2, select(old, 1, 1)))), select(old, 1, 0)], 1),
  },
  lanes: {
    shape: ({ units }) => [units, 2],
    read: (s) => sum(s, 2),
    write: (v, old) => tanh(add(mul(0.5, old), reshape(v, [...v.shape, 1]))),
  },
  /** Depends on nothing: its influence is zero. */
  still: { shape: [3], read: (s, v) => add(v, sum(s, 1, keep)), write: (_, old) => add(mul(0.9, old), 0.1) },
  count: {
    shape: [],
    dtype: "int32",
    read: (s, v) => mul(v, add(1, mul(0.1, reshape(cast(s, v.dtype), [-1, 1])))),
    write: (_, old) => add(old, scalar(1, "int32")),
  },
  mask: { dtype: "bool", read: (s, v) => where(s, v, mul(0.3, v)), write: (v) => greater(v, 0) },
} satisfies Record<string, Form>;

export type FormName = keyof typeof forms;
export const formNames = Object.keys(forms) as FormName[];

/** A cell of random operations whose states are of these forms, given back in an order that `turn` moves. */
export function mixedCell(program: Program, names: readonly FormName[], turn: number): CellKind {
  const chosen = names.map((name, i) => [`${name}${i}`, forms[name] as Form] as const);
  return defineCell({
    name: "mixed",
    equations: JSON.stringify({ program, names }),
    pure: true,
    locality: "dense",
    states: Object.fromEntries(chosen.map(([name, { shape, dtype }]) => [name, { shape, dtype }])),
    shapes: ({ input, units }) => shapes(units, input[0]),
    next: (p, s, x) => {
      const u = drives[program.drive % drives.length](x, p);
      const values = run(program, [...chosen.map(([name, form]) => form.read(s[name], u)), u], p);
      const found = chosen.map(([name, form], i) => {
        const v = values[values.length - 1 - (i % values.length)];
        return [name, form.write(tanh(v), s[name])] as const;
      });
      const by = turn % found.length;
      return Object.fromEntries([...found.slice(by), ...found.slice(0, by)].reverse());
    },
    output: (p, s, x) =>
      chosen.reduce((y, [name, form]) => add(mul(p.u, form.read(s[name], y)), mul(0.5, y)), drive(x, p.W)),
  });
}

const index = fc.nat({ max: 999 });
export const arbitraryProgram: fc.Arbitrary<Program> = fc.record({
  drive: index,
  steps: fc.array(fc.record({ pick: index, first: fc.nat({ max: 3 }), second: fc.nat({ max: 3 }) }), {
    minLength: 1,
    maxLength: 6,
  }),
});
