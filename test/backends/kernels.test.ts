import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jsBackend } from "../../src/backends/js/index.js";
import type { DType } from "../../src/core/dtype.js";
import { hostZeros } from "../../src/device/host-storage.js";
import * as onward from "../../src/index.js";
import { conv2d, einsum, type Tensor, tensor } from "../../src/index.js";
import { scale } from "../../src/ops/scale.js";
import { putIndex, takeIndex } from "../../src/ops/take.js";

const o = { ...onward, putIndex, scale, takeIndex };

// these are the reference's figures, bit for bit; the native kernels are held against it in native.test.ts
const usual = o.backendName();
beforeAll(() => o.useBackend("js"));
afterAll(() => o.useBackend(usual));

/** A tensor that is a view: permuted, cut out of a larger one with steps and an offset, or stretched. */
const views: fc.Arbitrary<Tensor> = fc
  .record({
    shape: fc.array(fc.constantFrom(0, 1, 2, 3, 4), { minLength: 0, maxLength: 4 }),
    seed: fc.nat(1000),
    order: fc.nat(23),
    cut: fc.boolean(),
    stretch: fc.boolean(),
  })
  .map(({ shape, seed, order, cut, stretch }) => {
    const big = cut ? shape.map((n) => 2 * n + 1) : shape;
    const size = big.reduce((a, b) => a * b, 1);
    const special = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    let x = tensor(
      Float64Array.from({ length: size }, (_, i) =>
        (i * 31 + seed) % 23 === 0 ? special[(i + seed) % 5] : Math.sin(i * 1.7 + seed) * 3,
      ),
      { shape: big },
    );
    if (cut)
      x = o.slice(
        x,
        shape.map((n): onward.Range => [1, 1 + 2 * n, 2]),
      );
    const axes = shape.map((_, i) => i);
    for (let i = axes.length - 1, code = order; i > 0; i--) {
      const j = code % (i + 1);
      code = Math.floor(code / (i + 1));
      [axes[i], axes[j]] = [axes[j], axes[i]];
    }
    x = o.permute(x, axes);
    return stretch ? o.broadcastTo(x, [2, ...x.shape]) : x;
  });

const same = (a: number, b: number): boolean => Object.is(a, b) || a === b;

function expectEntries(t: Tensor, expected: readonly number[]): void {
  const got = t.toTypedArray();
  expect(got.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) if (!same(got[i], expected[i])) expect(got[i]).toBe(expected[i]);
}

/** Entries in row-major order through nested arrays: a path of its own. */
function listed(t: Tensor): number[] {
  const visit = (node: unknown): number[] => (Array.isArray(node) ? node.flatMap(visit) : [node as number]);
  return visit(t.toArray());
}

const functions: Readonly<Record<string, unknown>> = { ...o };

describe("pointwise kernels on views", () => {
  const unary: Record<string, (x: number) => number> = {
    neg: (x) => -x,
    square: (x) => x * x,
    exp: Math.exp,
    relu: (x) => (Number.isNaN(x) ? x : Math.max(x, 0)),
    sign: Math.sign,
  };
  it.each(Object.entries(unary))("%s", (name, f) => {
    fc.assert(
      fc.property(views, (x) => {
        expectEntries((functions[name] as (x: Tensor) => Tensor)(x), listed(x).map(f));
      }),
    );
  });

  const binary: Record<string, (a: number, b: number) => number> = {
    add: (a, b) => a + b,
    sub: (a, b) => a - b,
    mul: (a, b) => a * b,
    div: (a, b) => a / b,
    scale: (a, b) => (a === 0 || b === 0 ? 0 : a * b),
    maximum: Math.max,
    minimum: Math.min,
    less: (a, b) => Number(a < b),
    equal: (a, b) => Number(a === b),
  };
  it.each(Object.entries(binary))("%s, of equal shapes and broadcast", (name, f) => {
    const op = functions[name] as (a: Tensor, b: Tensor) => Tensor;
    fc.assert(
      fc.property(views, fc.nat(15), (x, drop) => {
        const y = o.add(x.flip(), 1);
        expectEntries(
          op(x, y),
          listed(x).map((v, i) => f(v, listed(y)[i])),
        );
        // axes of size one on one side
        const thin = o.slice(
          y,
          y.shape.map((n, i): onward.Range | null => ((drop >> i) & 1 && n > 0 ? [0, 1] : null)),
        );
        const wide = listed(o.broadcastTo(thin, x.shape));
        expectEntries(
          op(x, thin),
          listed(x).map((v, i) => f(v, wide[i])),
        );
        expectEntries(
          op(thin, x),
          listed(x).map((v, i) => f(wide[i], v)),
        );
      }),
    );
  });

  it("where", () => {
    fc.assert(
      fc.property(views, (x) => {
        expectEntries(
          o.where(x.greater(0.5), x, -7),
          listed(x).map((v) => (v > 0.5 ? v : -7)),
        );
      }),
    );
  });

  it("round float32 results once", () => {
    const x = tensor([0.1, 1e-30, 3e38], { dtype: "float32" });
    expectEntries(
      x.mul(x),
      Array.from(x.toTypedArray()).map((v) => Math.fround(v * v)),
    );
  });
});

describe("reductions on views", () => {
  it("sum, max, cumsum and argmax", () => {
    fc.assert(
      fc.property(views, fc.nat(3), (raw, pick) => {
        fc.pre(raw.rank > 0);
        const x = o.where(raw.greater(-1e9).logicalAnd(raw.less(1e9)), raw, 0);
        const axis = pick % x.rank;
        const [outer, n, inner] = [x.shape.slice(0, axis), x.shape[axis], x.shape.slice(axis + 1)].map((s) =>
          typeof s === "number" ? s : s.reduce((a, b) => a * b, 1),
        );
        const all = listed(x);
        const lines = Array.from({ length: outer * inner }, (_, j) =>
          Array.from({ length: n }, (_u, i) => all[(Math.floor(j / inner) * n + i) * inner + (j % inner)]),
        );
        o.sum(x, axis)
          .toTypedArray()
          .forEach((v, j) =>
            expect(v).toBeCloseTo(
              lines[j].reduce((a, b) => a + b, 0),
              12,
            ),
          );
        if (n > 0) {
          expectEntries(
            o.max(x, axis),
            lines.map((l) => Math.max(...l)),
          );
          expectEntries(
            o.argmax(x, axis),
            lines.map((l) => l.indexOf(Math.max(...l))),
          );
        }
        const running = o.cumsum(x, axis, { reverse: true });
        const last = n > 0 ? o.select(running, axis, 0) : null;
        last?.toTypedArray().forEach((v, j) =>
          expect(v).toBeCloseTo(
            lines[j].reduce((a, b) => a + b, 0),
            12,
          ),
        );
      }),
    );
  });

  it("keep their digits over a million terms", () => {
    const n = 1_000_000;
    const total = tensor(new Float64Array(n).fill(0.1)).sum().item();
    expect(Math.abs(total - n / 10) / (n / 10)).toBeLessThan(1e-14);
  });

  it("pass NaN on", () => {
    expect(tensor([1, Number.NaN, 3]).max().item()).toBeNaN();
    expect(tensor([1, Number.NaN, 3]).argmax(0).item()).toBe(1);
  });
});

describe("contractions", () => {
  const labels = ["a", "b", "c", "d", "e"];
  const sizes: Record<string, number> = { a: 2, b: 3, c: 1, d: 5, e: 4 };
  const subset = fc.subarray(labels, { minLength: 0, maxLength: 4 });

  it("are their definition, for any labels and any layout", () => {
    fc.assert(
      fc.property(subset, subset, fc.boolean(), fc.nat(100), (left, right, mirrored, seed) => {
        const both = [...new Set([...left, ...right])];
        const out = both.filter((_, i) => ((seed >> i) & 1) === 1);
        if (mirrored) out.reverse();
        const draw = (ls: readonly string[], k: number): Tensor => {
          const turned = o.random.normal(
            o.random.key(seed + k),
            [...ls].reverse().map((l) => sizes[l]),
          );
          return o.permute(
            turned,
            ls.map((_, i) => ls.length - 1 - i),
          );
        };
        const [x, y] = [draw(left, 1), draw(right, 2)];
        const z = einsum(`${left.join("")},${right.join("")}->${out.join("")}`, x, y);
        const at = (t: Tensor, ls: readonly string[], index: Record<string, number>): number => {
          let node: unknown = t.toArray();
          for (const l of ls) node = (node as unknown[])[index[l]];
          return node as number;
        };
        const total = new Map<string, number>();
        const visit = (i: number, index: Record<string, number>): void => {
          if (i === both.length) {
            const where = out.map((l) => index[l]).join();
            total.set(where, (total.get(where) ?? 0) + at(x, left, index) * at(y, right, index));
            return;
          }
          for (let v = 0; v < sizes[both[i]]; v++) visit(i + 1, { ...index, [both[i]]: v });
        };
        visit(0, {});
        const found = z.toTypedArray();
        // sums of at most 120 products of normal numbers
        [...sortedIndices(out.map((l) => sizes[l]))].forEach((where, i) =>
          expect(Math.abs(found[i] - (total.get(where) as number))).toBeLessThan(1e-12),
        );
      }),
      { numRuns: 60 },
    );
  });

  function* sortedIndices(shape: readonly number[], prefix: readonly number[] = []): Generator<string> {
    if (prefix.length === shape.length) yield prefix.join();
    else for (let i = 0; i < shape[prefix.length]; i++) yield* sortedIndices(shape, [...prefix, i]);
  }

  it.each([
    [1, 1, 1],
    [5, 7, 3],
    [33, 65, 40],
    [4, 64, 257],
  ])("matmul of %i x %i x %i", (m, k, n) => {
    const [a, b] = [o.random.normal(o.random.key(1), [m, k]), o.random.normal(o.random.key(2), [k, n])];
    const [x, y] = [a.toTypedArray(), b.toTypedArray()];
    a.matmul(b)
      .toTypedArray()
      .forEach((v, at) => {
        let total = 0;
        for (let i = 0; i < k; i++) total += x[Math.floor(at / n) * k + i] * y[i * n + (at % n)];
        expect(Math.abs(v - total)).toBeLessThan(1e-12 * k);
      });
  });

  it("over nothing are zero, and of nothing are empty", () => {
    expect(
      o
        .zeros([2, 0])
        .matmul(o.zeros([0, 3]))
        .toArray(),
    ).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect(o.zeros([0, 2]).matmul(o.zeros([2, 3])).shape).toEqual([0, 3]);
  });
});

describe("convolutions", () => {
  it("are their definition, with stride, padding and groups, on views", () => {
    fc.assert(
      fc.property(
        fc.record({
          B: fc.integer({ min: 1, max: 2 }),
          groups: fc.integer({ min: 1, max: 3 }),
          I: fc.integer({ min: 1, max: 2 }),
          O: fc.integer({ min: 1, max: 2 }),
          H: fc.integer({ min: 2, max: 6 }),
          W: fc.integer({ min: 2, max: 5 }),
          kh: fc.integer({ min: 1, max: 3 }),
          kw: fc.integer({ min: 1, max: 2 }),
          sh: fc.integer({ min: 1, max: 3 }),
          sw: fc.integer({ min: 1, max: 2 }),
          ph: fc.integer({ min: 0, max: 2 }),
          pw: fc.integer({ min: 0, max: 1 }),
        }),
        (c) => {
          fc.pre(c.H + 2 * c.ph >= c.kh && c.W + 2 * c.pw >= c.kw);
          const x = o.random.normal(o.random.key(1), [c.W, c.H, c.I * c.groups, c.B]).permute([3, 2, 1, 0]);
          const k = o.random.normal(o.random.key(2), [c.O * c.groups, c.I, c.kh, c.kw]);
          const y = conv2d(x, k, { stride: [c.sh, c.sw], padding: [c.ph, c.pw], groups: c.groups });
          const [X, K, Y] = [x, k, y].map((t) => t.toArray() as unknown as number[][][][]);
          Y.forEach((maps, b) =>
            maps.forEach((map, q) =>
              map.forEach((row, i) =>
                row.forEach((v, j) => {
                  let total = 0;
                  for (let ci = 0; ci < c.I; ci++)
                    for (let u = 0; u < c.kh; u++)
                      for (let w = 0; w < c.kw; w++)
                        total +=
                          (X[b][Math.floor(q / c.O) * c.I + ci][i * c.sh + u - c.ph]?.[j * c.sw + w - c.pw] ??
                            0) * K[q][ci][u][w];
                  expect(Math.abs(v - total)).toBeLessThan(1e-12);
                }),
              ),
            ),
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("moving entries", () => {
  it("take, put and concat on views", () => {
    fc.assert(
      fc.property(views, fc.nat(3), (x, pick) => {
        fc.pre(x.rank > 0);
        const axis = pick % x.rank;
        const n = x.shape[axis];
        fc.pre(n > 0);
        const index = { shape: [2, 2], at: Int32Array.of(n - 1, -1, 0, 0) };
        const taken = o.takeIndex(x, axis, index);
        const parts = [n - 1, -1, 0, 0].map((p) =>
          p < 0 ? o.select(x, axis, 0).mul(0).greater(9).cast("float64") : o.select(x, axis, p),
        );
        const expected = o.reshape(o.stack(parts, axis), taken.shape);
        expectEntries(taken, listed(expected));
        const finite = o.where(x.greater(-1e9).logicalAnd(x.less(1e9)), x, 0);
        const back = o.putIndex(o.takeIndex(finite, axis, index), axis, index, n);
        const counts = Array.from({ length: n }, (_, i) => (i === 0 ? 2 : 0) + (i === n - 1 ? 1 : 0));
        const weights = o.tensor(counts).reshape(x.shape.map((_, i) => (i === axis ? n : 1)));
        back.toTypedArray().forEach((v, i) => expect(v).toBeCloseTo(listed(finite.mul(weights))[i], 12));
        expectEntries(
          o.slice(
            o.concat([x, x.flip(axis)], axis),
            x.shape.map((m, i): onward.Range => (i === axis ? [0, m] : [0, m])),
          ),
          listed(x),
        );
      }),
    );
  });

  it("cast between all types", () => {
    const x = tensor([0, -1.5, 2.9, 300]);
    const to = (dtype: DType): number[] => Array.from(x.cast(dtype).toTypedArray());
    expect(to("int32")).toEqual([0, -1, 2, 300]);
    expect(to("bool")).toEqual([0, 1, 1, 1]);
    expect(to("float32")).toEqual([0, -1.5, Math.fround(2.9), 300]);
  });
});

it("names an op that it does not know", () => {
  expect(() =>
    jsBackend.run("nope", [], null, { data: hostZeros("float64", 1), shape: [], dtype: "float64" }),
  ).toThrow(/got "nope"/);
});
