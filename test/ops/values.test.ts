import { describe, expect, it } from "vitest";
import { jsBackend } from "../../src/backends/js/index.js";
import { nativeBackend } from "../../src/backends/native/backend.js";
import type { DType } from "../../src/core/dtype.js";
import { DTypeError, ShapeError } from "../../src/core/errors.js";
import { type Backend, withBackend } from "../../src/device/backend.js";
import { pointwise as rows } from "../../src/device/catalogue/catalogue.js";
import * as o from "../../src/index.js";
import { type Tensor, tensor } from "../../src/index.js";
import * as pointwise from "../../src/ops/pointwise.js";
import { scale } from "../../src/ops/scale.js";
import { putIndex } from "../../src/ops/take.js";
import { addon, missing } from "../support/native.js";

/** Both backends, the addon also for the smallest ops; where it is not built, a title says why. */
const backends: [string, Backend][] = [["js", jsBackend]];
if (missing === null) backends.push(["native", nativeBackend(addon, jsBackend, { threads: 1, least: 0 })]);
else it.skip(`native values (skipped: ${missing})`, () => {});

const on = (title: string, body: (backend: string) => void): void => {
  describe(title, () => {
    for (const [name, backend] of backends) it(name, () => withBackend(backend, () => body(name)));
  });
};

const [inf, nan] = [Number.POSITIVE_INFINITY, Number.NaN];
const list = (t: Tensor): number[] => Array.from(t.toTypedArray());
const int = (values: ArrayLike<number>, shape = [values.length]): Tensor =>
  tensor(Int32Array.from(values), { shape });
const wrap = (x: bigint): number => Number(BigInt.asIntN(32, x));
const isNonZero = (i: number): boolean => i % 3 !== 0;

const ends = [0, 1, -1, 7, -7, 46340, 46341, 65536, -65536, 123456789, 987654321, 2 ** 31 - 1, -(2 ** 31)];
/** Integers of the whole range. */
const scattered = Array.from({ length: 60 * 50 }, (_, i) => Math.imul(i, 1103515245) ^ (i << 7)).map(
  (v) => v | 1,
);
const matrix = (): Tensor => int(scattered, [60, 50]);
const columns = Array.from({ length: 50 }, (_, j) => scattered.filter((_, i) => i % 50 === j));

describe("int32 wraps around, as 32-bit integers do", () => {
  on("products, sums and differences of two", () => {
    const left = ends.flatMap((a) => ends.map(() => a));
    const right = ends.flatMap(() => ends);
    const by = (f: (a: bigint, b: bigint) => bigint): number[] =>
      left.map((a, i) => wrap(f(BigInt(a), BigInt(right[i]))));
    expect(o.mul(int([123456789]), int([987654321])).toArray()).toEqual([-67153019]);
    const [column, row] = [int(ends, [ends.length, 1]), int(ends)];
    for (const [f, exact] of [
      [o.mul, by((a, b) => a * b)],
      [o.add, by((a, b) => a + b)],
      [o.sub, by((a, b) => a - b)],
    ] as const) {
      expect(list(f(int(left), int(right)))).toEqual(exact);
      // along strides, and broadcast
      expect(list(f(column, row))).toEqual(exact);
      expect(list(f(row.flip(), column.flip()).flip())).toEqual(list(f(row, column)));
    }
    expect(list(o.mul(int(ends), -7))).toEqual(ends.map((v) => wrap(BigInt(v) * -7n)));
  });

  on("square, negative and absolute value", () => {
    const of = (f: (a: bigint) => bigint): number[] => ends.map((v) => wrap(f(BigInt(v))));
    const twice = o.stack([int(ends), int(ends)], 1);
    expect(list(o.square(int(ends)))).toEqual(of((v) => v * v));
    expect(list(o.square(o.select(twice, 1, 1)))).toEqual(of((v) => v * v));
    expect(list(o.neg(int(ends)))).toEqual(of((v) => -v));
    expect(list(o.abs(int(ends)))).toEqual(of((v) => (v < 0n ? -v : v)));
  });

  on("prod, sum and cumsum", () => {
    const fold = (values: readonly number[], f: (a: bigint, b: bigint) => bigint, start: bigint): number =>
      wrap(values.reduce((a, b) => f(a, BigInt(b)), start));
    const x = matrix();
    expect(list(o.prod(x, 0))).toEqual(columns.map((c) => fold(c, (a, b) => a * b, 1n)));
    expect(list(o.sum(x, 0))).toEqual(columns.map((c) => fold(c, (a, b) => a + b, 0n)));
    expect(list(o.sum(o.transpose(x), 1))).toEqual(columns.map((c) => fold(c, (a, b) => a + b, 0n)));
    expect(o.prod(x).item()).toBe(fold(scattered, (a, b) => a * b, 1n));
    const running = columns.map((c) => c.map((_, i) => fold(c.slice(0, i + 1), (a, b) => a + b, 0n)));
    expect(o.transpose(o.cumsum(x, 0)).toArray()).toEqual(running);
    expect(list(o.einsum("ij->j", x))).toEqual(list(o.sum(x, 0)));
  });

  on("a contraction of more axes than a plan of the addon has", () => {
    // no two neighbors can be taken as one axis, and none is left for rows or columns
    const [left, right, out] = ["cgifbedhkja", "dbkafjhegci", "djbh"];
    const shape = [...left].map(() => 2);
    const [x, y] = [1, 2].map((seed) => o.random.normal(o.random.key(seed), shape));
    const order = (from: string, to: string) => [...to].map((l) => from.indexOf(l));
    const summed = [...left].flatMap((l, i) => (out.includes(l) ? [] : [i]));
    const kept = [...left].filter((l) => out.includes(l)).join("");
    const want = o.permute(o.sum(o.mul(x, o.permute(y, order(right, left))), summed), order(kept, out));
    const found = o.einsum(`${left},${right}->${out}`, x, y);
    // sums of 128 products of normal numbers
    expect(o.max(o.abs(o.sub(found, want))).item()).toBeLessThan(1e-12);
  });

  on("sums beyond what float64 counts", () => {
    const n = 5_000_001; // n times the largest integer lies above 2^53, and is odd
    const [most, right] = [2 ** 31 - 1, wrap(BigInt(n) * (2n ** 31n - 1n))];
    const x = o.full([n, 2], most, { dtype: "int32" });
    expect(list(o.sum(x, 0))).toEqual([right, right]);
    expect(list(o.sum(o.full([2, n], most, { dtype: "int32" }), 1))).toEqual([right, right]);
    expect(o.sum(o.full([n], most, { dtype: "int32" })).item()).toBe(right);
    expect(o.cumsum(o.full([n], most, { dtype: "int32" }), 0).toTypedArray()[n - 1]).toBe(right);
  });

  on("max and min reach the ends", () => {
    const [low, high] = [-(2 ** 31), 2 ** 31 - 1];
    expect([o.max(int(ends)).item(), o.min(int(ends)).item()]).toEqual([high, low]);
    expect([o.max(int([low, low])).item(), o.min(int([high, high])).item()]).toEqual([low, high]);
    expect(list(o.min(matrix(), 0))).toEqual(columns.map((c) => Math.min(...c)));
    expect(o.min(int([3, 5])).dtype).toBe("int32");
  });
});

describe("booleans", () => {
  const truth = (n: number): Tensor => tensor(Array.from({ length: n }, (_, i) => isNonZero(i)));
  const counts = Array.from({ length: 900 }, (_, i) => i - Math.floor(i / 3));

  on("are counted in int32 by sum, cumsum and prod", () => {
    const x = truth(900);
    const results = [
      o.sum(x),
      o.cumsum(x),
      o.cumsum(x, 0, { reverse: true }),
      o.prod(x),
      o.prod(o.zeros([0], { dtype: "bool" })),
    ];
    expect(results.map((t) => t.dtype)).toEqual(results.map(() => "int32"));
    expect(results[0].item()).toBe(600);
    expect(list(results[1])).toEqual(counts);
    expect(list(results[2])).toEqual(counts.map((c, i) => 600 - c + Number(isNonZero(i))));
    expect([results[3].item(), results[4].item()]).toEqual([0, 1]);
    expect(o.prod(tensor([true, true])).item()).toBe(1);
    expect(list(o.cumsum(o.reshape(x, [30, 30]), 0)).slice(-3)).toEqual([0, 30, 30]);
  });

  on("have a largest and a smallest", () => {
    const x = tensor([
      [true, false],
      [true, true],
    ]);
    expect([o.max(x, 1), o.min(x, 1)].map((t) => [t.dtype, list(t)])).toEqual([
      ["bool", [1, 1]],
      ["bool", [0, 1]],
    ]);
    expect(o.argmax(x, 1).toArray()).toEqual([0, 0]);
  });

  on("are not added up in place", () => {
    expect(() => putIndex(tensor([true, true]), 0, { shape: [2], at: Int32Array.of(0, 0) }, 1)).toThrow(
      new DTypeError('put: expected numbers to add up, got bool; convert with .cast("int32")'),
    );
  });
});

describe("every op either has a meaning for integers and booleans or refuses them in words", () => {
  const functions: Readonly<Record<string, unknown>> = { ...pointwise, scale };
  const float =
    /^\w+: expected (float64 or float32|numbers), got (int32|bool); convert with \.cast\("float64"\)$/;
  const refused = (name: string, f: () => Tensor): void => {
    let came: unknown;
    try {
      came = f().dtype;
    } catch (error) {
      came = error;
    }
    expect(came, name).toBeInstanceOf(DTypeError);
    expect((came as DTypeError).message, name).toMatch(float);
  };
  const operands: Readonly<Record<string, () => Tensor>> = {
    int32: () => int(ends),
    bool: () => tensor(ends.map((_, i) => isNonZero(i))),
  };

  for (const dtype of ["int32", "bool"] as const)
    on(`pointwise, ${dtype}`, () => {
      const x = operands[dtype]();
      for (const [name, f] of Object.entries(functions)) {
        const op = f as (...xs: unknown[]) => Tensor;
        const call = (): Tensor => (name === "clip" ? op(x, 0, 1) : op(...Array(op.length).fill(x)));
        if (rows[name as keyof typeof rows].dtypes.includes(dtype)) expect(call().dtype, name).toBe(dtype);
        else refused(`${name} of ${dtype}`, call);
      }
    });

  on("reductions and contractions", () => {
    const kept: Readonly<Record<string, readonly [DType, DType]>> = {
      sum: ["int32", "int32"],
      cumsum: ["int32", "int32"],
      prod: ["int32", "int32"],
      max: ["int32", "bool"],
      min: ["int32", "bool"],
      argmax: ["int32", "int32"],
    };
    const all: Readonly<Record<string, (x: Tensor) => Tensor>> = {
      sum: (x) => o.sum(x),
      cumsum: (x) => o.cumsum(x),
      prod: (x) => o.prod(x),
      max: (x) => o.max(x),
      min: (x) => o.min(x),
      argmax: (x) => o.argmax(x),
      mean: (x) => o.mean(x),
      variance: (x) => o.variance(x),
      norm: (x) => o.norm(x),
      logsumexp: (x) => o.logsumexp(x),
      softmax: (x) => o.softmax(x),
      logSoftmax: (x) => o.logSoftmax(x),
      dot: (x) => o.dot(x, x),
      outer: (x) => o.outer(x, x),
      matmul: (x) => o.matmul(x, x),
      conv2d: (x) => o.conv2d(o.reshape(x, [1, 1, 1, -1]), o.reshape(x, [1, 1, 1, -1])),
      avgPool2d: (x) => o.avgPool2d(o.reshape(x, [1, 1, 1, -1]), 1),
    };
    for (const [name, f] of Object.entries(all))
      Object.values(operands).forEach((x, i) => {
        if (kept[name]) expect(f(x()).dtype, name).toBe(kept[name][i]);
        else refused(name, () => f(x()));
      });
  });

  on("casts to int32 as documented: toward zero, modulo 2^32, NaN and infinities to 0", () => {
    const x = tensor([1.9, -1.9, 2 ** 31, -(2 ** 31) - 1, 2 ** 32 + 5, 1e16, nan, inf, -inf]);
    expect(list(o.cast(x, "int32"))).toEqual([1, -1, -(2 ** 31), 2 ** 31 - 1, 5, 1874919424, 0, 0, 0]);
    expect(list(o.cast(tensor([0, -0, nan, 5e-324, -inf]), "bool"))).toEqual([0, 0, 1, 1, 1]);
  });
});

describe("powers follow IEEE 754", () => {
  const points = [
    [1, inf],
    [1, -inf],
    [1, nan],
    [-1, inf],
    [-1, -inf],
    [nan, 0],
    [1, 0],
  ];
  on("1 to any power, -1 to an infinite one, and any number to 0 are 1", () => {
    for (const dtype of ["float64", "float32"] as const) {
      const [a, b] = [0, 1].map((i) => o.cast(tensor(points.map((p) => p[i])), dtype));
      expect(list(o.pow(a, b))).toEqual(points.map(() => 1));
    }
    expect(list(o.pow(tensor([-1, 2, 0.5, -2, 0]), tensor([nan, inf, inf, -inf, -inf])))).toEqual([
      nan,
      inf,
      0,
      0,
      inf,
    ]);
  });

  on("and so do their derivatives, by every mode and order", () => {
    // with respect to a and b; then to a, a; a, b and b, a
    const right: readonly (readonly [readonly [number, number], readonly number[]])[] = [
      [
        [1, inf],
        [inf, 0, inf, 1, 1],
      ],
      [
        [1, -inf],
        [-inf, 0, inf, 1, 1],
      ],
      [
        [1, nan],
        [nan, 0, nan, 1, 1],
      ],
      [
        [-1, inf],
        [inf, nan, inf, nan, nan],
      ],
    ];
    const f = (a: Tensor, b: Tensor): Tensor => o.pow(a, b).sum();
    const along = (g: (a: Tensor, b: Tensor) => Tensor, i: 0 | 1) => (a: Tensor, b: Tensor) =>
      i === 0
        ? o
            .grad((x: Tensor) => g(x, b))(a)
            .sum()
        : o
            .grad((x: Tensor) => g(a, x))(b)
            .sum();
    const forward = (g: (a: Tensor, b: Tensor) => Tensor, i: 0 | 1) => (a: Tensor, b: Tensor) =>
      o.jvp((x: Tensor) => (i === 0 ? g(x, b) : g(a, x)), [i === 0 ? a : b], [tensor([1])]).tangent;
    for (const [[a, b], want] of right)
      for (const d of [along, forward]) {
        const got = [d(f, 0), d(f, 1), d(d(f, 0), 0), d(d(f, 0), 1), d(d(f, 1), 0)].map((g) =>
          g(tensor([a]), tensor([b])).item(),
        );
        expect(got, `${a} to ${b}`).toEqual(want);
      }
  });
});

describe("an axis without entries", () => {
  const none = (): Tensor => o.zeros([2, 0]);
  on("gives -∞ to logsumexp and nothing to softmax and logSoftmax, as their derivatives", () => {
    expect(o.logsumexp(none(), 1).toArray()).toEqual([-inf, -inf]);
    expect(o.logsumexp(none(), 1, { keepDims: true }).shape).toEqual([2, 1]);
    expect(o.logsumexp(none()).item()).toBe(-inf);
    expect(o.logsumexp(o.zeros([0], { dtype: "float32" })).dtype).toBe("float32");
    for (const f of [o.softmax, o.logSoftmax]) {
      expect(f(none(), 1).shape).toEqual([2, 0]);
      expect(o.grad((x: Tensor) => f(x, 1).sum())(none()).shape).toEqual([2, 0]);
    }
    expect(o.grad((x: Tensor) => o.logsumexp(x, 1).sum())(none()).shape).toEqual([2, 0]);
    expect(o.jvp((x: Tensor) => o.logsumexp(x, 1), [none()], [none()]).tangent.toArray()).toEqual([0, 0]);
    // other axes without entries are no matter
    expect(o.softmax(o.zeros([0, 3]), 1).shape).toEqual([0, 3]);
    expect(o.max(o.zeros([0, 3]), 1).shape).toEqual([0]);
  });

  on("has no extremum, which the op says under its own name", () => {
    for (const [name, f] of Object.entries({ max: o.max, min: o.min, argmax: o.argmax }))
      for (const dtype of ["float64", "int32", "bool"] as const) {
        const x = o.zeros([2, 0], { dtype });
        expect(() => f(x, 1), name).toThrow(
          new ShapeError(`${name}: expected at least one entry along each reduced axis, got [2,0]`),
        );
      }
  });

  on("has the sum 0, the product 1, the norm 0 and no mean", () => {
    expect([o.sum, o.prod, o.norm, o.mean, o.variance].map((f) => f(o.zeros([0])).item())).toEqual([
      0,
      1,
      0,
      nan,
      nan,
    ]);
  });
});

describe("random numbers", () => {
  const n = 300_000;
  it("uniform ones of float32 stay below 1, and are those of float64 rounded toward zero", () => {
    const key = o.random.key(63);
    const [wide, narrow] = [
      o.random.uniform(key, [n]).toTypedArray(),
      o.random.uniform(key, [n], { dtype: "float32" }).toTypedArray(),
    ];
    // this entry is nearer to 1 than to any other number of float32
    expect(Math.fround(wide[285276])).toBe(1);
    expect(narrow[285276]).toBe(1 - 2 ** -24);
    for (let i = 0; i < n; i++) {
      const spacing = narrow[i] === 0 ? 2 ** -149 : 2 ** (Math.floor(Math.log2(narrow[i])) - 23);
      if (!(narrow[i] <= wide[i] && wide[i] < narrow[i] + spacing && wide[i] < 1))
        throw new Error(`${narrow[i]} for ${wide[i]} at ${i}`);
    }
  });

  it("normal ones are finite", () => {
    for (const dtype of ["float64", "float32"] as const)
      expect(o.random.normal(o.random.key(63), [n], { dtype }).toTypedArray().every(Number.isFinite)).toBe(
        true,
      );
  });
});

describe("long sums keep their digits", () => {
  const n = 1_000_000;
  /** As docs/precision.md has it, relative to the sum of the absolute terms, all of one sign here. */
  const bound = (terms: number): number => (terms + Math.log2(n)) * 2 ** -53;
  /** n times 0.1, added exactly: 0.1 in binary is m / 2^55 for an integer m. */
  const tenth = Number((BigInt(n) * BigInt(0.1 * 2 ** 55) * 2n ** 20n) / 2n ** 55n) / 2 ** 20;
  const off = (t: Tensor, right: number): number =>
    Math.max(...list(t).map((v) => Math.abs(v - right) / Math.abs(right)));

  on("over any axis, contiguous or not", () => {
    const x = o.full([n, 2], 0.1);
    const y = o.full([1000, 2, 1000, 1], 0.1);
    expect(off(o.sum(x, 0), tenth)).toBeLessThan(bound(192));
    expect(off(o.sum(o.transpose(x), 1), tenth)).toBeLessThan(bound(192));
    expect(off(o.sum(y, [0, 2]), tenth)).toBeLessThan(bound(192));
    expect(off(o.sum(o.permute(y, [1, 0, 3, 2]), [1, 3]), tenth)).toBeLessThan(bound(192));
    // short rows, many of them
    expect(off(o.sum(o.full([n / 2, 3, 2], 0.1), [0, 2]), tenth)).toBeLessThan(bound(192));
    expect(off(o.sum(x), 2 * tenth)).toBeLessThan(bound(192));
    expect(off(o.mean(x, 0), 0.1)).toBeLessThan(bound(193));
    expect(off(o.logsumexp(x, 0), 0.1 + Math.log(n))).toBeLessThan(bound(192));
    expect(off(o.norm(x, 0), 0.1 * Math.sqrt(n))).toBeLessThan(bound(192));
  });

  it("in contractions of js", () =>
    withBackend(jsBackend, () => {
      const [a, b] = [o.full([2, n], 0.1), o.full([n, 3], 1)];
      expect(off(o.matmul(a, b), tenth)).toBeLessThan(bound(512));
      expect(off(o.matmul(o.full([6, n], 0.1), o.full([n, 5], 1)), tenth)).toBeLessThan(bound(512));
      expect(off(o.dot(o.full([n], 0.1), o.ones([n])), tenth)).toBeLessThan(bound(512));
      const image = o.full([1, 1, 1000, 1000], 0.1);
      expect(off(o.conv2d(image, o.ones([1, 1, 1000, 1000])), tenth)).toBeLessThan(bound(512));
    }));

  on("the sums of columns are those of each column alone", () => {
    const x = o.random.normal(o.random.key(5), [7, 300, 3, 5]);
    const exact = (values: readonly number[]): number =>
      // 2^60 times a number of at most 2^10 in size with digits down to 2^-60
      Number(values.reduce((s, v) => s + BigInt(Math.round(v * 2 ** 52)), 0n)) / 2 ** 52;
    for (const axes of [[0, 1], [1, 3], [0, 1, 3], [1], [0, 2, 3]]) {
      const got = o.sum(x, axes);
      const others = [0, 1, 2, 3].filter((a) => !axes.includes(a));
      const rows = o.reshape(o.permute(x, [...others, ...axes]), [got.size, -1]).toArray() as number[][];
      list(got).forEach((v, i) => {
        const size = rows[i].reduce((s, r) => s + Math.abs(r), 0);
        // entries are rounded to 2^-52 above
        expect(Math.abs(v - exact(rows[i]))).toBeLessThan(rows[i].length * 2 ** -53 + bound(192) * size);
      });
    }
  });

  on("float32 entries that go to one place are added up in float64", () => {
    const ct = o.concat([o.full([1], 2 ** 24, { dtype: "float32" }), o.ones([4096], { dtype: "float32" })]);
    const gradient = o.grad((x: Tensor) =>
      o
        .gather(
          x,
          Array.from({ length: 4097 }, () => 1),
        )
        .mul(ct)
        .sum(),
    )(o.zeros([3], { dtype: "float32" }));
    // in float32, 2^24 + 1 is 2^24
    expect(gradient.toArray()).toEqual([0, 2 ** 24 + 4096, 0]);
  });

  on("the mean of equal entries is that entry, and their variance 0", () => {
    for (let count = 1; count <= 200; count++) {
      const x = o.ones([count, 3]);
      expect(o.mean(x, 0).toArray(), `${count}`).toEqual([1, 1, 1]);
      expect(o.variance(x, 0).toArray(), `${count}`).toEqual([0, 0, 0]);
    }
  });
});

it("a negative zero prints its sign", () => {
  expect(String(tensor([-0, 0, 1]))).toBe("tensor float64 [3] [-0, 0, 1]");
  expect(String(o.neg(tensor(0)))).toBe("tensor float64 [] -0");
  expect(String(int([-0]))).toBe("tensor int32 [1] [0]");
});
