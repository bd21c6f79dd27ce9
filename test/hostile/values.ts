/** Values that no function expects, with valid ones mixed in so that calls get deep. */
import * as o from "../../src/index.js";

/** What hostile getters and callbacks throw: the caller's own error, which may pass through. */
export class Hostile extends Error {}
const hostile = (): never => {
  throw new Hostile("on purpose");
};

export interface Random {
  /** In [0, n). */
  below(n: number): number;
  chance(p: number): boolean;
  pick<T>(list: readonly T[]): T;
}

/** Mulberry32. */
export function randomOf(seed: number): Random {
  let a = seed >>> 0;
  const next = (): number => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    below: (n) => Math.floor(next() * n),
    chance: (p) => next() < p,
    pick: (list) => list[Math.floor(next() * list.length)],
  };
}

/** Small, or impossible: what lies between would be slow and prove nothing. */
const numbers = [
  0,
  -0,
  1,
  2,
  3,
  4,
  -1,
  -2,
  0.5,
  1.5,
  -2.5,
  1e-300,
  1e300,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  2 ** 31,
  2 ** 31 - 1,
  -(2 ** 31),
  2 ** 32,
  2 ** 32 + 1,
  2 ** 53,
  2 ** 64,
  7,
  16,
];
const strings = [
  "",
  "a",
  "h",
  "W",
  "float64",
  "float32",
  "int32",
  "bool",
  "float16",
  "rfp",
  "tbptt(2)",
  "nano",
  "mingru",
  "js",
  "bi,oi->bo",
  "ij,jk->ik",
  "i->",
  "->",
  "\0",
  "\n",
  "\u001b[31m",
  "__proto__",
  "constructor",
  "toString",
  "../x",
  "3",
  "exact",
  "unit",
  "uniform",
  "{}",
  '{"format":"onward-rjepa-1"}',
  "x".repeat(100_000),
];
const names = [
  "dtype",
  "shape",
  "keepDims",
  "keepdims",
  "axis",
  "stride",
  "padding",
  "groups",
  "reverse",
  "window",
  "credit",
  "compile",
  "seed",
  "rate",
  "lr",
  "beta1",
  "epsilon",
  "limit",
  "batch",
  "steps",
  "unit",
  "units",
  "input",
  "target",
  "loss",
  "readout",
  "__proto__",
  "toString",
  "a.b",
  "0",
  "length",
  "then",
  "order",
  "memoryLimit",
  "sampler",
  "runs",
];
export const shapes = [
  [],
  [0],
  [1],
  [2],
  [3],
  [2, 3],
  [3, 2],
  [2, 2],
  [1, 1],
  [0, 3],
  [2, 1, 2],
  [1, 2, 4, 4],
];

function cyclic(): unknown[] {
  const list: unknown[] = [1];
  list.push(list);
  return list;
}
function cyclicFirst(): unknown[] {
  const list: unknown[] = [];
  list.push(list);
  return list;
}
function cyclicObject(): unknown {
  const tree: Record<string, unknown> = { a: o.ones([2]) };
  tree.self = tree;
  return tree;
}
function deep(levels: number): unknown {
  let list: unknown = 1;
  for (let i = 0; i < levels; i++) list = [list];
  return list;
}
function deepObject(levels: number): unknown {
  let tree: unknown = 1;
  for (let i = 0; i < levels; i++) tree = { a: tree };
  return tree;
}
function revoked(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}
const detached = (): Float64Array => {
  const data = Float64Array.of(1, 2);
  structuredClone(data, { transfer: [data.buffer] });
  return data;
};
/** A tensor of a level that has ended. */
export function escaped(): o.Tensor {
  let out: o.Tensor | null = null;
  const keep = (x: o.Tensor): o.Tensor => {
    out = x;
    return x.sum();
  };
  o.grad(keep)(o.tensor([1, 2]));
  return out as unknown as o.Tensor;
}
function escapedForward(): o.Tensor {
  let out: o.Tensor | null = null;
  o.jvp(
    (x: o.Tensor) => {
      out = x;
      return x;
    },
    [o.tensor([1, 2])],
    [o.tensor([1, 1])],
  );
  return out as unknown as o.Tensor;
}

class Instance {
  a = 1;
}

const odd: readonly (() => unknown)[] = [
  () => null,
  () => undefined,
  () => true,
  () => false,
  () => 3n,
  () => Symbol("odd"),
  () => Symbol.iterator,
  () => new Date(0),
  () => new Map([["a", o.ones([2])]]),
  () => new Set([1]),
  () => Promise.resolve(1),
  () => /x/,
  () => new Instance(),
  () => Instance,
  () => new Error("odd"),
  () => globalThis,
  () => Object.create(null),
  () => Object.create(o.Tensor.prototype),
  () => ({ [Symbol.for("onward.tensor")]: true, shape: [2], dtype: "float64" }),
  () => ({ shape: [2], dtype: "float64", value: { kind: "dense", data: [1, 2], strides: [1], offset: 0 } }),
  () => structuredClone({ ...o.tensor([1, 2]) }),
  () => ({ valueOf: hostile, toString: hostile, toJSON: hostile }),
  () => ({ [Symbol.toPrimitive]: hostile }),
  () => ({ length: 2 ** 40 }),
  () => ({ length: -1, 0: 1 }),
  () => ({
    get length() {
      return hostile();
    },
  }),
  () => ({
    get shape() {
      return hostile();
    },
    get dtype() {
      return hostile();
    },
  }),
  () => ({ [Symbol.iterator]: hostile }),
  () => new Proxy({}, { get: hostile }),
  () => new Proxy({}, { get: () => undefined, has: () => true, getPrototypeOf: () => o.Tensor.prototype }),
  () => new Proxy([], { get: hostile }),
  () => new Proxy([1, 2], {}),
  () => new Proxy(o.tensor([1, 2]), {}),
  () => new Proxy(() => 1, {}),
  () => revoked({}),
  () => revoked([]),
  () => cyclic(),
  () => cyclicFirst(),
  () => cyclicObject(),
  () => deep(100_000),
  () => deep(70),
  () => deepObject(20_000),
  () => new Array(2 ** 32 - 1),
  () => new Array(5),
  () => [[1, 2], [3]],
  () => [1, [2]],
  () => [[1], 2],
  () => [null],
  () => ["1"],
  () => [1n],
  () => [Symbol("odd")],
  () => Float64Array.of(1, 2, 3),
  () => Float32Array.of(1, 2),
  () => Int32Array.of(0, 1),
  () => Uint8Array.of(0, 1),
  () => Uint8Array.of(7),
  () => Uint16Array.of(1),
  () => BigInt64Array.of(1n),
  () => new DataView(new ArrayBuffer(8)),
  () => new ArrayBuffer(8),
  () => new Float64Array(new SharedArrayBuffer(16)),
  () => detached(),
  () => Buffer.from([0, 1]),
];

/** What a callback of ours throws is ours, unless it is what the library said. */
export function guarded(f: (...args: unknown[]) => unknown): (...args: unknown[]) => unknown {
  return (...args) => {
    try {
      return f(...args);
    } catch (error) {
      if (error instanceof o.OnwardError) throw error;
      throw new Hostile("in a callback");
    }
  };
}
type Chain = o.Tensor & Record<string, (...args: unknown[]) => o.Tensor>;
const callbacks = [
  (x: unknown) => x,
  () => undefined,
  () => 1,
  () => o.scalar(1),
  hostile,
  async () => 1,
  (x: unknown) => (x as Chain).sum(),
  (x: unknown) => (x as Chain).mul(2),
  (x: unknown, y: unknown) => o.add(x as o.Tensor, y as o.Tensor),
  (x: unknown) => [x, { a: x }],
  () => new Map(),
  (x: unknown) => (x as Chain).item(),
  (c: unknown, x: unknown) => [c, x],
];

export function tensorOf(r: Random): o.Tensor {
  const shape = r.pick(shapes);
  const dtype = r.chance(0.6) ? "float64" : r.pick(["float32", "int32", "bool"] as const);
  const t = o.full(shape, dtype === "bool" ? r.below(2) : r.pick([0, 1, 2, -3]), { dtype });
  switch (r.below(8)) {
    case 0:
      return t.transpose();
    case 1:
      return o.broadcastTo(o.scalar(1, dtype), shape);
    case 2:
      return r.chance(0.3) ? (r.chance(0.5) ? escaped() : escapedForward()) : t;
    case 3:
      return dtype === "float64" ? o.random.normal(o.random.key(r.below(9)), shape) : t;
    default:
      return t;
  }
}

export function optionsOf(r: Random): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (let n = r.below(3); n >= 0; n--)
    Object.defineProperty(out, r.pick(names), {
      value: anyOf(r, 1),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  if (r.chance(0.03))
    Object.defineProperty(out, r.pick(names), { get: hostile, enumerable: true, configurable: true });
  return out;
}

/** Anything at all. */
export function anyOf(r: Random, depth = 0): unknown {
  const roll = r.below(100);
  if (roll < 26) return tensorOf(r);
  if (roll < 44) return r.pick(numbers);
  if (roll < 50) return r.pick(strings);
  if (roll < 58) return Array.from({ length: r.below(4) }, () => r.pick(numbers));
  if (roll < 62) return [r.below(3), r.below(3)];
  if (roll < 66) return o.random.key(r.below(5));
  if (roll < 71) return guarded(r.pick(callbacks) as (...args: unknown[]) => unknown);
  if (roll < 75 && depth < 2) return Array.from({ length: r.below(4) }, () => anyOf(r, depth + 1));
  if (roll < 81 && depth < 2) return optionsOf(r);
  return r.pick(odd)();
}
