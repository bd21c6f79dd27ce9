import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { jsBackend } from "../../src/backends/js/index.js";
import { encodings } from "../../src/backends/native/encodings.js";
import type { DType } from "../../src/core/dtype.js";
import { broadcastShapes, type Shape, sizeOf } from "../../src/core/shape.js";
import type { Operand } from "../../src/device/backend.js";
import { kernels as catalogue, pointwise } from "../../src/device/catalogue/catalogue.js";
import { binary, type Pointwise, unary } from "../../src/device/catalogue/pointwise.js";
import { structural } from "../../src/device/catalogue/structural.js";
import { addon, kernels, levels, missing, resultOf } from "../support/native.js";
import { layouts, operand, widened } from "../support/operands.js";
import { stored } from "../support/storage.js";
import { ulpsBetween } from "../support/ulps.js";

/** Run for every instruction set; where the addon is not built, the title says why it is skipped. */
const suite = (title: string, body: () => void): void => {
  if (missing !== null) describe.skip(`${title} (skipped: ${missing})`, body);
  for (const simd of levels)
    describe(`${title}, ${simd}`, () => {
      beforeAll(() => {
        run = kernels(1, simd).run;
      });
      body();
    });
};

const rows: Readonly<Record<string, Pointwise>> = pointwise;
/** Kernels that move entries, or pick one, give the same numbers. */
const exact = { apart: 0, apartOf: 0 };

/** Equal to as many units in the last place as the catalogue says. */
function expectClose(name: string, got: ArrayLike<number>, want: ArrayLike<number>, dtype: DType): void {
  if (got.length !== want.length) throw new Error(`${name}: ${got.length} entries, not ${want.length}`);
  for (let i = 0; i < want.length; i++) {
    if (dtype !== "float64" && dtype !== "float32") {
      if (got[i] !== want[i]) throw new Error(`${name}: ${got[i]}, not ${want[i]}, at ${i}`);
      continue;
    }
    // float32 results are those of float64, rounded, and may round to a neighbor
    const target = dtype === "float32" ? Math.fround(want[i]) : want[i];
    const { apart: bound, apartOf } = rows[name] ?? exact;
    const apart = ulpsBetween(got[i], target, dtype);
    const isNear = Math.abs(got[i] - target) <= bound * 2 ** -53 * apartOf;
    if (apart > (dtype === "float32" ? 1 : bound) && !isNear)
      throw new Error(`${name}: ${got[i]}, not ${target}, at ${i}: ${apart} units`);
    if (target === 0 && got[i] === 0 && !Object.is(got[i], target))
      throw new Error(`${name}: a zero of the other sign at ${i}`);
  }
}

/** Sizes where rows are short, long, and a little more than a vector or a buffer. */
const sizes = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0, 1, 2, 3, 4, 7) },
  { weight: 1, arbitrary: fc.constantFrom(17, 65, 600) },
);
const shapes: fc.Arbitrary<Shape> = fc
  .array(sizes, { maxLength: 4 })
  .filter((shape) => sizeOf(shape) < 20_000);
const floats = fc.constantFrom<DType>("float64", "float32");
/** Runs ops with the kernels of the instruction set under test. */
let run: ReturnType<typeof kernels>["run"];

/** Runs an op both ways on the same operands, the reference in float64. */
function bothWays(name: string, inputs: readonly Operand[], attrs: unknown, dtype: DType, shape: Shape) {
  const isFloat = dtype === "float32";
  const got = resultOf(dtype, shape);
  const want = resultOf(isFloat ? "float64" : dtype, shape);
  if (sizeOf(shape) > 0 && inputs.every((x) => sizeOf(x.shape) > 0)) run(name, inputs, attrs, got);
  else jsBackend.run(name, inputs, attrs, got);
  jsBackend.run(name, inputs.map(widened), attrs, want);
  return [got.data.host(), want.data.host()] as const;
}

suite("native pointwise kernels agree with the reference", () => {
  it.each(Object.entries(unary))("%s", (name, { dtypes }) => {
    fc.assert(
      fc.property(shapes, fc.constantFrom(...dtypes), layouts, (shape, dtype, layout) => {
        const [got, want] = bothWays(name, [operand(shape, dtype, layout)], null, dtype, shape);
        expectClose(name, got, want, dtype);
      }),
    );
  });

  /** The shape, with some axes of size 1 and some left out in front. */
  const thinned = (shape: Shape, code: number): Shape =>
    shape.map((n, i) => ((code >> i) & 1 ? 1 : n)).slice(code >> 4 <= shape.length ? code >> 4 : 0);

  it.each(Object.entries(binary))("%s", (name, { dtypes, isTest }) => {
    fc.assert(
      fc.property(
        shapes,
        fc.constantFrom(...dtypes),
        fc.tuple(layouts, layouts),
        fc.tuple(fc.nat(40), fc.nat(40)),
        (s, dtype, l, codes) => {
          const operands = codes.map((code, i) => operand(thinned(s, code), dtype, l[i]));
          const shape = broadcastShapes(
            name,
            operands.map((x) => x.shape),
          );
          const out = isTest ? "bool" : dtype;
          const [got, want] = bothWays(name, operands, null, out, shape);
          expectClose(name, got, want, out);
        },
      ),
    );
  });

  it("where, clip and timesPow", () => {
    fc.assert(
      fc.property(
        shapes,
        fc.constantFrom<DType>("float64", "float32", "int32"),
        fc.tuple(layouts, layouts, layouts),
        fc.tuple(fc.nat(40), fc.nat(40), fc.nat(40)),
        (s, dtype, l, codes) => {
          const [c, a, b] = codes.map((code, i) => operand(thinned(s, code), i === 0 ? "bool" : dtype, l[i]));
          const shape = broadcastShapes("where", [c.shape, a.shape, b.shape]);
          expectClose("where", ...bothWays("where", [c, a, b], null, dtype, shape), dtype);
          expectClose("clip", ...bothWays("clip", [a], { low: -0.7, high: 1.3 }, dtype, a.shape), dtype);
          if (dtype === "int32") return;
          const powers = broadcastShapes("timesPow", [a.shape, b.shape]);
          const [got, want] = bothWays("timesPow", [a, b, a], { less: 1 }, dtype, powers);
          expectClose("timesPow", got, want, dtype);
        },
      ),
    );
  });

  it("cast between all dtypes", () => {
    const dtypes = fc.constantFrom(...structural.cast.dtypes);
    fc.assert(
      fc.property(shapes, dtypes, dtypes, layouts, (shape, from, to, layout) => {
        const x = operand(shape, from, layout);
        const [got, want] = bothWays("cast", [x], { dtype: to }, to, shape);
        expectClose("cast", got, want, to);
      }),
    );
  });
});

/**
 * What summation in another order may change, for terms of a total size: each term passes at most log2(n) + 3 roundings
 * in float64; in float32 products are added up in float32, at most one rounding per term.
 */
function expectSums(
  name: string,
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  size: number,
  bound: number,
): void {
  for (let i = 0; i < want.length; i++)
    if (!(Math.abs(got[i] - want[i]) <= bound * size || got[i] === want[i]))
      throw new Error(`${name}: ${got[i]}, not ${want[i]}, at ${i}`);
}
const largest = (x: Operand): number =>
  Array.from(x.data.host()).reduce((a, b) => Math.max(a, Math.abs(b)), 0);
const roundoff = (dtype: DType): number => (dtype === "float32" ? 2 ** -24 : 2 ** -53);

suite("native reductions agree with the reference", () => {
  it("sum", () => {
    fc.assert(
      fc.property(
        shapes,
        fc.constantFrom(...structural.sum.dtypes),
        layouts,
        fc.nat(15),
        (shape, dtype, layout, mask) => {
          const x = operand(shape, dtype, layout, true);
          const axes = shape.map((_, i) => i).filter((i) => (mask >> i) & 1);
          const kept = shape.filter((_, i) => !axes.includes(i));
          const to = dtype === "bool" ? "int32" : dtype;
          const [got, want] = bothWays("sum", [x], { axes }, to, kept);
          if (to === "int32") expectClose("sum", got, want, to);
          else {
            const n = sizeOf(shape) / Math.max(1, sizeOf(kept));
            expectSums(
              "sum",
              got,
              want,
              n * largest(x),
              (to === "float32" ? 1 : 0) * roundoff(to) + 20 * 2 ** -53,
            );
          }
        },
      ),
    );
  });

  it("sum keeps its digits over a million terms, in both orders of memory", () => {
    const n = 2 ** 20;
    for (const dtype of ["float64", "float32"] as const) {
      const data = dtype === "float64" ? new Float64Array(4 * n) : new Float32Array(4 * n);
      data.fill(0.1);
      for (const strides of [
        [1, n],
        [4, 1],
      ]) {
        const shape = [n, 4];
        const out = resultOf(dtype, [4]);
        run("sum", [{ data: stored(data), shape, strides, offset: 0, dtype }], { axes: [0] }, out);
        // 0.1 in the dtype, added exactly: pairwise sums of equal terms lose at most 20 roundings of float64
        const exact = n * data[0];
        for (const v of out.data.host())
          expect(Math.abs(v - exact) / exact).toBeLessThan(
            20 * 2 ** -53 + (dtype === "float32" ? 2 ** -24 : 0),
          );
      }
    }
  });

  it("max and argmax, with NaN, infinities and zeros of both signs", () => {
    fc.assert(
      fc.property(
        shapes,
        fc.constantFrom(...structural.max.dtypes),
        layouts,
        fc.nat(15),
        (shape, dtype, layout, mask) => {
          const x = operand(shape, dtype, layout);
          const axes = shape.map((_, i) => i).filter((i) => (mask >> i) & 1);
          const kept = shape.filter((_, i) => !axes.includes(i));
          expectClose("max", ...bothWays("max", [x], { axes }, dtype, kept), dtype);
          if (axes.length === 0 || sizeOf(shape) === 0) return;
          const line = shape.filter((_, i) => i !== axes[0]);
          expectClose("argmax", ...bothWays("argmax", [x], { axis: axes[0] }, "int32", line), "int32");
        },
      ),
    );
  });

  it("cumsum", () => {
    fc.assert(
      fc.property(
        shapes,
        fc.constantFrom(...structural.cumsum.dtypes),
        layouts,
        fc.nat(3),
        fc.boolean(),
        (shape, dtype, layout, pick, reverse) => {
          fc.pre(shape.length > 0);
          const attrs = { axis: pick % shape.length, reverse };
          const x = operand(shape, dtype, layout, true);
          const to = dtype === "bool" ? "int32" : dtype;
          // the same additions in the same order
          expectClose("cumsum", ...bothWays("cumsum", [x], attrs, to, shape), to);
        },
      ),
    );
  });
});

suite("native products agree with the reference", () => {
  const labels = ["a", "b", "c", "d", "e"];
  const subset = fc.subarray(labels, { maxLength: 4 });

  it("contract, for any labels and layouts", () => {
    fc.assert(
      fc.property(
        fc.tuple(subset, subset),
        fc.nat(31),
        fc.array(fc.constantFrom(1, 2, 3, 5, 40), { minLength: 5, maxLength: 5 }),
        floats,
        fc.tuple(layouts, layouts),
        fc.boolean(),
        ([left, right], code, dims, dtype, l, mirrored) => {
          const size = (label: string): number => dims[labels.indexOf(label)];
          const both = left.filter((x) => right.includes(x));
          const needed = [...new Set([...left, ...right])].filter(
            (x) => !both.includes(x) || (code >> labels.indexOf(x)) & 1,
          );
          const outLabels = mirrored ? needed.reverse() : needed;
          fc.pre(sizeOf([...new Set([...left, ...right])].map(size)) < 200_000);
          const a = operand(left.map(size), dtype, l[0], true);
          const b = operand(right.map(size), dtype, l[1], true);
          const attrs = { aLabels: left, bLabels: right, outLabels };
          const [got, want] = bothWays("contract", [a, b], attrs, dtype, outLabels.map(size));
          const k = sizeOf(both.filter((x) => !outLabels.includes(x)).map(size));
          expectSums("contract", got, want, k * largest(a) * largest(b), (k + 1) * roundoff(dtype));
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each([
    [1, 1, 1],
    [5, 7, 3],
    [33, 65, 40],
    [4, 64, 257],
    [130, 300, 90],
    [257, 1, 300],
    [200, 520, 1],
  ])("matmul of %i x %i x %i, plain and transposed, with every BLAS", (m, k, n) => {
    const simd = addon.info().simd;
    for (const products of ["own", "openblas"]) {
      run = kernels(1, simd, products).run;
      for (const dtype of ["float64", "float32"] as const)
        for (const order of [0, 1, 2, 3]) {
          const layout = { flips: 0, step: 1, lead: order, seed: m };
          const a = operand([m, k], dtype, { ...layout, order: order & 1 }, true);
          const b = operand([k, n], dtype, { ...layout, order: order >> 1 }, true);
          const attrs = { aLabels: ["m", "k"], bLabels: ["k", "n"], outLabels: ["m", "n"] };
          const [got, want] = bothWays("contract", [a, b], attrs, dtype, [m, n]);
          expectSums("matmul", got, want, k * largest(a) * largest(b), (k + 1) * roundoff(dtype));
        }
    }
    run = kernels(1, simd).run;
  });

  it("conv2d and its transposes, with strides, padding and groups, on views", () => {
    fc.assert(
      fc.property(
        fc.record({
          B: fc.integer({ min: 1, max: 2 }),
          groups: fc.integer({ min: 1, max: 3 }),
          I: fc.integer({ min: 1, max: 3 }),
          // many outputs in long rows are computed without laying out patches
          O: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 3, max: 17 })),
          H: fc.integer({ min: 1, max: 12 }),
          W: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 4, max: 40 })),
          kernel: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
          stride: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 2 })),
          padding: fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 3 })),
        }),
        floats,
        fc.tuple(layouts, layouts, layouts),
        (c, dtype, l) => {
          const { stride, padding, groups } = c;
          const [kh, kw] = c.kernel;
          fc.pre(c.H + 2 * padding[0] >= kh && c.W + 2 * padding[1] >= kw);
          const image = [c.B, groups * c.I, c.H, c.W];
          const kernel = [groups * c.O, c.I, kh, kw];
          const result = [
            c.B,
            groups * c.O,
            Math.floor((c.H + 2 * padding[0] - kh) / stride[0]) + 1,
            Math.floor((c.W + 2 * padding[1] - kw) / stride[1]) + 1,
          ];
          const [x, k, y] = [image, kernel, result].map((shape, i) => operand(shape, dtype, l[i], true));
          const attrs = { stride, padding, groups };
          const compare = (name: string, a: Operand, b: Operand, shape: Shape, terms: number): void => {
            const [got, want] = bothWays(name, [a, b], attrs, dtype, shape);
            expectSums(name, got, want, terms * largest(a) * largest(b), (terms + 1) * roundoff(dtype));
          };
          compare("conv2d", x, k, result, c.I * kh * kw);
          compare("conv2dInput", y, k, image, c.O * kh * kw);
          compare("conv2dKernel", x, y, kernel, c.B * result[2] * result[3]);
        },
      ),
      { numRuns: 200 },
    );
  });
});

suite("native kernels that move entries agree with the reference", () => {
  it("take and put", () => {
    fc.assert(
      fc.property(
        shapes,
        fc.constantFrom(...structural.take.dtypes),
        layouts,
        fc.nat(3),
        fc.array(fc.nat(5), { maxLength: 2 }),
        fc.nat(100),
        (shape, dtype, layout, pick, indexShape, seed) => {
          fc.pre(shape.length > 0 && shape.length + indexShape.length <= 6);
          const axis = pick % shape.length;
          const n = shape[axis];
          fc.pre(n > 0);
          const at = Int32Array.from(
            { length: sizeOf(indexShape) },
            (_, i) => ((i * 7 + seed) % (n + 1)) - 1,
          );
          const attrs = { axis, index: { shape: indexShape, at }, size: n };
          const taken = [...shape.slice(0, axis), ...indexShape, ...shape.slice(axis + 1)];
          fc.pre(sizeOf(taken) < 50_000 && at.length > 0);
          const x = operand(shape, dtype, layout);
          expectClose("take", ...bothWays("take", [x], attrs, dtype, taken), dtype);
          if (!structural.put.dtypes.includes(dtype)) return;
          const y = operand(taken, dtype, layout, true);
          const [got, want] = bothWays("put", [y], attrs, dtype, shape);
          if (dtype === "int32") expectClose("put", got, want, dtype);
          else expectSums("put", got, want, at.length * largest(y), at.length * roundoff(dtype));
        },
      ),
    );
  });

  it("refuses positions beyond the axis", () => {
    const x = operand([3], "float64", { order: 0, flips: 0, step: 1, lead: 0, seed: 1 });
    const index = { shape: [2], at: Int32Array.of(0, 3) };
    expect(() => run("take", [x], { axis: 0, index, size: 3 }, resultOf("float64", [2]))).toThrow(
      "take: expected positions below 3, got 3",
    );
  });

  it("reshape and concat", () => {
    fc.assert(
      fc.property(
        shapes,
        fc.constantFrom(...structural.reshape.dtypes),
        fc.tuple(layouts, layouts, layouts),
        fc.nat(3),
        (shape, dtype, l, pick) => {
          const x = operand(shape, dtype, l[0]);
          expectClose("reshape", ...bothWays("reshape", [x], null, dtype, [sizeOf(shape)]), dtype);
          fc.pre(shape.length > 0);
          const axis = pick % shape.length;
          const parts = l.map((layout) => operand(shape, dtype, layout));
          const joined = shape.map((n, i) => (i === axis ? 3 * n : n));
          expectClose("concat", ...bothWays("concat", parts, { axis }, dtype, joined), dtype);
        },
      ),
    );
  });
});

suite("the native backend", () => {
  it("has an encoding for every kernel", () => {
    expect([...encodings.keys()].sort()).toEqual(Object.keys(catalogue).sort());
  });

  it.each(["own", "openblas"])("gives the same numbers for any number of threads, %s", (products) => {
    const layout = { order: 0, flips: 0, step: 1, lead: 0, seed: 3 };
    const big = operand([600, 700], "float32", layout, true);
    const tall = operand([700, 600], "float32", layout, true);
    const images = operand([4, 8, 24, 24], "float32", layout, true);
    const kernel = operand([8, 8, 3, 3], "float32", layout, true);
    const conv = { stride: [1, 1], padding: [1, 1], groups: 1 };
    const matmul = { aLabels: ["m", "k"], bLabels: ["k", "n"], outLabels: ["m", "n"] };
    const calls = (): number[][] => {
      const at = current;
      const compute = (name: string, inputs: Operand[], attrs: unknown, shape: Shape): number[] => {
        const out = resultOf("float32", shape);
        at.run(name, inputs, attrs, out);
        return Array.from(out.data.host());
      };
      return [
        compute("tanh", [big], null, big.shape),
        compute("sum", [big], { axes: [0, 1] }, []),
        compute("sum", [big], { axes: [0] }, [700]),
        compute("sum", [big], { axes: [1] }, [600]),
        compute("contract", [big, tall], matmul, [600, 600]),
        compute("conv2d", [images, kernel], conv, [4, 8, 24, 24]),
        compute("conv2dInput", [images, kernel], conv, [4, 8, 24, 24]),
        compute("conv2dKernel", [images, images], conv, [8, 8, 3, 3]),
      ];
    };
    const simd = addon.info().simd;
    let current = kernels(1, simd, products);
    const one = calls();
    for (const threads of [2, 3]) {
      current = kernels(threads, simd, products);
      expect(calls()).toEqual(one);
    }
    run = kernels(1, simd).run;
  });
});
