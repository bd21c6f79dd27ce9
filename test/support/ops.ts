import type { Pointwise } from "../../src/device/catalogue/pointwise.js";
import * as catalogue from "../../src/device/catalogue/pointwise.js";
import type { Tensor } from "../../src/index.js";
import * as onward from "../../src/index.js";
import { unsum } from "../../src/ops/reduce.js";
import { scale } from "../../src/ops/scale.js";
import { putIndex, takeIndex } from "../../src/ops/take.js";
import { copy } from "../../src/ops/views.js";

/** One differentiable op as a function of float tensors, with where its inputs may lie. */
export interface OpCase {
  readonly name: string;
  readonly f: (...xs: Tensor[]) => Tensor;
  readonly shapes: readonly (readonly number[])[];
  /** Range of the entries; the default is [-2, 2]. */
  readonly domain?: readonly [number, number];
}

const o = { ...onward, copy, putIndex, scale, takeIndex, unsum };
const shape = [2, 1, 3];

/** Every public op of a table of the catalogue, once for each interval within which it is smooth. */
const smoothCases = (
  rows: Readonly<Record<string, Pointwise>>,
  shapes: readonly OpCase["shapes"][],
): OpCase[] =>
  Object.entries(rows).flatMap(([name, { smooth }]) => {
    const f = (o as unknown as Readonly<Record<string, OpCase["f"] | undefined>>)[name];
    if (f === undefined) return [];
    return smooth.flatMap((domain) => shapes.map((s) => ({ name, f, shapes: s, domain })));
  });

const unary: OpCase[] = [
  ...smoothCases(catalogue.unary, [[shape]]),
  { name: "clip", f: (x) => o.clip(x, -0.5, 1), shapes: [shape], domain: [-0.4, 0.9] },
  { name: "clip", f: (x) => o.clip(x, -0.5, 0.1), shapes: [shape], domain: [0.2, 0.9] },
];

const pairs = [
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 1], [3]],
  [[], [2, 1]],
  [
    [1, 1],
    [2, 3],
  ],
];
const binary: OpCase[] = smoothCases(catalogue.binary, pairs);

/** Keeps two operands apart, so that finite differences do not cross a tie. */
const apart = (x: Tensor): Tensor => o.add(o.mul(x, 0.1), 1);
const selections: OpCase[] = [
  { name: "maximum", f: (a, b) => o.maximum(a, apart(b)), shapes: [[2, 3], [3]], domain: [2, 3] },
  {
    name: "minimum",
    f: (a, b) => o.minimum(a, apart(b)),
    shapes: [
      [2, 1],
      [2, 3],
    ],
    domain: [2, 3],
  },
  { name: "where", f: (a, b) => o.where(o.greater(a, 0.5), a, b), shapes: [[2, 3], [3]], domain: [0.6, 2] },
  {
    name: "where",
    f: (a, b) => o.where(o.greater(a, 5), a, b),
    shapes: [
      [2, 1],
      [2, 3],
    ],
  },
];

/** Entries that differ by position, so that extrema are unique. */
const spread = (x: Tensor): Tensor =>
  o.add(
    o.mul(x, 0.01),
    o.tensor(
      Float64Array.from({ length: x.size }, (_, i) => ((i * 7) % 11) / 2),
      { shape: x.shape },
    ),
  );
const reductions: OpCase[] = [
  ...(["sum", "mean", "variance", "logsumexp", "norm", "prod"] as const).flatMap((name): OpCase[] => [
    { name, f: (x) => o[name](x), shapes: [[2, 1, 3]], domain: [0.3, 2] },
    { name, f: (x) => o[name](x, [0, 2]), shapes: [[2, 1, 3]], domain: [0.3, 2] },
    { name, f: (x) => o[name](x, -1, { keepDims: true }), shapes: [[2, 5]], domain: [0.3, 2] },
  ]),
  { name: "max", f: (x) => o.max(spread(x), 1), shapes: [[2, 4]] },
  { name: "min", f: (x) => o.min(spread(x), [0, 1]), shapes: [[2, 4]] },
  { name: "softmax", f: (x) => o.softmax(x, 1), shapes: [[2, 3]] },
  { name: "logSoftmax", f: (x) => o.logSoftmax(x, 0), shapes: [[2, 3]] },
  { name: "cumsum", f: (x) => o.cumsum(x, 1), shapes: [[2, 3]] },
  { name: "cumsum", f: (x) => o.cumsum(x, 0, { reverse: true }), shapes: [[3, 2]] },
];

const products: OpCase[] = [
  {
    name: "matmul",
    f: (a, b) => o.matmul(a, b),
    shapes: [
      [2, 3],
      [3, 4],
    ],
  },
  {
    name: "matmul",
    f: (a, b) => o.matmul(a, b),
    shapes: [
      [2, 1, 3, 2],
      [3, 2, 1],
    ],
  },
  { name: "matmul", f: (a, b) => o.matmul(a, b), shapes: [[3], [3, 2]] },
  { name: "matmul", f: (a, b) => o.matmul(a, b), shapes: [[2, 3], [3]] },
  {
    name: "contract",
    f: (a, b) => o.einsum("ij,jk->ki", a, b),
    shapes: [
      [2, 3],
      [3, 2],
    ],
  },
  {
    name: "einsum",
    f: (a, b) => o.einsum("bi,oi->bo", a, b),
    shapes: [
      [2, 3],
      [4, 3],
    ],
  },
  {
    name: "einsum",
    f: (a, b) => o.einsum("bij,bjk->bik", a, b),
    shapes: [
      [2, 1, 3],
      [2, 3, 2],
    ],
  },
  { name: "einsum", f: (a) => o.einsum("ii->i", a), shapes: [[3, 3]] },
  { name: "einsum", f: (a) => o.einsum("ij->", a), shapes: [[2, 3]] },
  { name: "einsum", f: (a, b, c) => o.einsum("i,ij,j->", a, b, c), shapes: [[2], [2, 3], [3]] },
  { name: "dot", f: (a, b) => o.dot(a, b), shapes: [[3], [3]] },
  { name: "outer", f: (a, b) => o.outer(a, b), shapes: [[3], [2]] },
  {
    name: "conv2d",
    f: (x, k) => o.conv2d(x, k, { padding: 1 }),
    shapes: [
      [2, 2, 3, 4],
      [3, 2, 3, 3],
    ],
  },
  {
    name: "conv2d",
    f: (x, k) => o.conv2d(x, k, { stride: [2, 1], padding: [1, 0] }),
    shapes: [
      [1, 2, 5, 4],
      [2, 2, 3, 2],
    ],
  },
  {
    name: "conv2d",
    f: (x, k) => o.conv2d(x, k, { groups: 2 }),
    shapes: [
      [1, 4, 3, 3],
      [2, 2, 2, 2],
    ],
  },
  {
    name: "conv2d",
    f: (x, k) => o.conv2d(x, k, { groups: 3, padding: 1 }),
    shapes: [
      [2, 3, 2, 2],
      [3, 1, 3, 3],
    ],
  },
  { name: "avgPool2d", f: (x) => o.avgPool2d(x, 2), shapes: [[1, 2, 4, 5]] },
  { name: "maxPool2d", f: (x) => o.maxPool2d(spread(x), [2, 1], { stride: 1 }), shapes: [[1, 2, 3, 3]] },
];

const moves: OpCase[] = [
  { name: "reshape", f: (x) => o.reshape(x, [3, -1]), shapes: [[2, 1, 3]] },
  { name: "copy", f: (x) => o.copy(x), shapes: [[2, 3]] },
  { name: "flatten", f: (x) => o.flatten(x), shapes: [[2, 1, 3]] },
  { name: "permute", f: (x) => o.permute(x, [2, 0, 1]), shapes: [[2, 1, 3]] },
  { name: "transpose", f: (x) => o.transpose(x), shapes: [[2, 3]] },
  { name: "broadcastTo", f: (x) => o.broadcastTo(x, [2, 4, 3]), shapes: [[1, 3]] },
  { name: "squeeze", f: (x) => o.squeeze(x, 1), shapes: [[2, 1, 3]] },
  { name: "expandDims", f: (x) => o.expandDims(x, 1), shapes: [[2, 3]] },
  {
    name: "slice",
    f: (x) =>
      o.slice(x, [
        [0, 2],
        [1, 5, 2],
      ]),
    shapes: [[3, 5]],
  },
  { name: "slice", f: (x) => o.slice(o.transpose(x), [null, [-2, -1]]), shapes: [[3, 5]] },
  { name: "select", f: (x) => o.select(x, 1, -1), shapes: [[2, 3]] },
  { name: "gather", f: (x) => o.gather(x, [2, 0, 2], 1), shapes: [[2, 3]] },
  {
    name: "gather",
    f: (x) =>
      o.gather(
        x,
        o.tensor(
          [
            [1, 1],
            [0, 2],
          ],
          { dtype: "int32" },
        ),
        0,
      ),
    shapes: [[3, 2]],
  },
  { name: "flip", f: (x) => o.flip(x, [0]), shapes: [[3, 2]] },
  {
    name: "pad",
    f: (x) =>
      o.pad(x, [
        [1, 0],
        [0, 2],
      ]),
    shapes: [[2, 3]],
  },
  {
    name: "concat",
    f: (a, b) => o.concat([a, b, a], 1),
    shapes: [
      [2, 3],
      [2, 1],
    ],
  },
  {
    name: "stack",
    f: (a, b) => o.stack([a, b], -1),
    shapes: [
      [2, 3],
      [2, 3],
    ],
  },
  {
    name: "takeIndex",
    f: (x) => o.takeIndex(x, 0, { shape: [2, 2], at: Int32Array.of(1, -1, 0, 1) }),
    shapes: [[2, 3]],
  },
  {
    name: "putIndex",
    f: (x) => o.putIndex(x, 0, { shape: [3], at: Int32Array.of(1, -1, 1) }, 2),
    shapes: [[3, 2]],
  },
  { name: "unsum", f: (x) => o.unsum(x, [1], [2, 3]), shapes: [[2]] },
  {
    name: "cast",
    f: (x) =>
      o
        .cast(o.cast(o.mul(x, 1), "float32"), "float64")
        .mul(0)
        .add(x),
    shapes: [[2]],
  },
];

export const opCases: readonly OpCase[] = [
  ...unary,
  ...binary,
  ...selections,
  ...reductions,
  ...products,
  ...moves,
];

/** Exported functions that have no derivative. */
export const withoutDerivative: ReadonlySet<string> = new Set([
  "argmax",
  ...Object.entries<Pointwise>({ ...catalogue.unary, ...catalogue.binary }).flatMap(([name, { isTest }]) =>
    isTest ? [name] : [],
  ),
]);
