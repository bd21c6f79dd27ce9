import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as o from "../../src/index.js";
import { cast, grad, jvp, type Tensor, tensor, vjp } from "../../src/index.js";
import * as pointwise from "../../src/ops/pointwise.js";
import { scale } from "../../src/ops/scale.js";
import { float32Bounds, float32SumBounds } from "../../src/testing/index.js";
import { type Elementwise, first } from "../support/readings.js";

const numbers = 64;
const runs = { numRuns: 40 };

/** Bit patterns of the whole range, and as many numbers where functions bend. */
const floats = fc
  .array(
    fc.oneof(fc.float({ noNaN: true }), fc.float({ min: -4, max: 4 }), fc.float({ min: -110, max: 110 })),
    {
      minLength: numbers,
      maxLength: numbers,
    },
  )
  .map((v) => tensor(Float32Array.from(v)));

/** One unit in the last place of float32 at x: 2^-149 below the normal numbers. */
const ulp = (x: number): number =>
  2 ** (Math.max(-126, x === 0 ? -126 : Math.floor(Math.log2(Math.abs(x)))) - 23);
/** What rounds to a finite float32 at most: half a step beyond the largest. */
const overflow = 2 ** 128 - 2 ** 103;

/** The largest error in units in the last place, and where; and how many entries have a value to be compared with. */
function worst(got: Tensor, want: Tensor, inside: Tensor): { error: number; at: number; compared: number } {
  const [g, w, v] = [got, want, inside].map((t) => t.toTypedArray());
  let [found, compared] = [{ error: 0, at: -1 }, 0];
  for (let i = 0; i < g.length; i++) {
    if (Number.isNaN(v[i]) || Number.isNaN(w[i])) continue;
    compared++;
    // an error of the bound may carry a result over the edge, or keep it from there
    const edge = Math.abs(Math.abs(w[i]) / overflow - 1) < 2 ** -20;
    const both = Math.abs(w[i]) >= overflow && g[i] === Math.sign(w[i]) * Number.POSITIVE_INFINITY;
    const error = edge || both ? 0 : Math.abs(g[i] - w[i]) / ulp(w[i]);
    if (!(error <= found.error)) found = { error, at: i };
  }
  return { ...found, compared };
}

const wide = (x: Tensor): Tensor => cast(x, "float64");

describe("float32 pointwise ops stay within their bounds of float64, over the whole range", () => {
  const functions: Readonly<Record<string, unknown>> = { ...pointwise, scale };
  const clip: Elementwise = (x) => pointwise.clip(x, -0.5, 0.75);

  it("has a bound for every op", () => {
    expect(Object.keys(float32Bounds).sort()).toEqual(Object.keys(functions).sort());
  });

  it.each(Object.keys(float32Bounds))("%s", (name) => {
    const f = name === "clip" ? clip : (functions[name] as Elementwise);
    const { value, derivative } = float32Bounds[name];
    const count = name === "clip" ? 1 : f.length;
    let compared = 0;
    fc.assert(
      fc.property(fc.tuple(...Array.from({ length: count }, () => floats)), (xs) => {
        const precise = xs.map(wide);
        const inside = f(...precise);
        const report = (what: string, bound: number, got: Tensor, want: Tensor): void => {
          const { error, at, ...more } = worst(got, want, inside);
          compared += more.compared;
          if (error > bound)
            throw new Error(
              `${what} at ${precise.map((x) => x.toTypedArray()[at])}: ${error} units in the last place, not ${bound}`,
            );
        };
        report("value", value, f(...xs), inside);
        xs.forEach((_, i) => {
          const want = first(f, precise, i).forward;
          for (const [reading, got] of Object.entries(first(f, xs, i)))
            report(reading, derivative, got, want);
        });
      }),
      runs,
    );
    // where nothing has a value nothing is compared: some numbers of every run have one
    expect(compared).toBeGreaterThan(5 * runs.numRuns);
  });
});

/** How an op of the second table is called, and what its errors are relative to. */
interface SumCase {
  readonly shapes: readonly (readonly number[])[];
  readonly f: Elementwise;
  /** Scales of the value and of the pullback of `ct`; left out for what is linear in each argument. */
  readonly scale?: (x: Tensor) => Tensor;
  readonly slope?: (x: Tensor, ct: Tensor) => Tensor;
}

const keep = { keepDims: true };
/** 1 + max x - x along the last axis: how much a rounded argument of exp counts. */
const depth = (x: Tensor): Tensor => x.max(-1, keep).sub(x).add(1);

const sums: Readonly<Record<string, SumCase>> = {
  sum: { shapes: [[3, 200]], f: (x) => x.sum(1) },
  cumsum: { shapes: [[3, 50]], f: (x) => x.cumsum(1) },
  mean: { shapes: [[3, 200]], f: (x) => x.mean(1) },
  matmul: {
    shapes: [
      [3, 90],
      [90, 5],
    ],
    f: (a, b) => o.matmul(a, b),
  },
  einsum: {
    shapes: [
      [4, 3, 20],
      [5, 3, 20],
    ],
    f: (a, b) => o.einsum("aij,bij->ab", a, b),
  },
  conv2d: {
    shapes: [
      [2, 3, 6, 6],
      [4, 3, 3, 3],
    ],
    f: (x, k) => o.conv2d(x, k, { padding: 1 }),
  },
  avgPool2d: { shapes: [[1, 2, 6, 6]], f: (x) => o.avgPool2d(x, 3) },
  max: {
    shapes: [[3, 20]],
    f: (x) => x.max(1),
    scale: (x) => x.max(1).abs(),
    slope: (x, ct) => pull((v) => v.max(1), x, ct).abs(),
  },
  prod: {
    shapes: [[3, 7]],
    f: (x) => x.prod(1),
    scale: (x) => x.prod(1).abs().mul(7),
    slope: (x, ct) =>
      pull((v) => v.prod(1), x, ct)
        .abs()
        .mul(7),
  },
  norm: {
    shapes: [[3, 50]],
    f: (x) => x.norm(1),
    scale: (x) => x.norm(1),
    slope: (x, ct) => x.abs().div(x.norm(1, keep)).mul(ct.abs().expandDims(1)),
  },
  variance: {
    shapes: [[3, 50]],
    f: (x) => x.variance(1),
    scale: (x) => x.abs().add(x.abs().mean(1, keep)).square().mean(1),
    slope: (x, ct) =>
      x
        .abs()
        .add(x.abs().mean(1, keep))
        .mul(2 / 50)
        .mul(ct.abs().expandDims(1)),
  },
  logsumexp: {
    shapes: [[3, 12]],
    f: (x) => x.logsumexp(1),
    scale: (x) => x.abs().max(1).add(1),
    slope: (x, ct) => x.softmax(1).mul(depth(x)).mul(ct.abs().expandDims(1)),
  },
  softmax: {
    shapes: [[3, 12]],
    f: (x) => x.softmax(1),
    scale: (x) => x.softmax(1).mul(depth(x)),
    slope: (x, ct) => {
      const p = x.softmax(1);
      const mixed = p.mul(depth(x)).mul(ct.abs()).sum(1, keep);
      return p.mul(depth(x)).mul(ct.abs().add(mixed));
    },
  },
  logSoftmax: {
    shapes: [[3, 12]],
    f: (x) => x.logSoftmax(1),
    scale: depth,
    slope: (x, ct) => ct.abs().add(x.softmax(1).mul(depth(x)).mul(ct.abs().sum(1, keep))),
  },
};

const pull = (f: Elementwise, x: Tensor, ct: Tensor): Tensor => vjp(f, x).pullback(ct)[0];

/** Entries of mixed signs over six decades, within which nothing over- or underflows. */
const spread = (shape: readonly number[], decades: number): fc.Arbitrary<Tensor> => {
  const n = shape.reduce((a, b) => a * b, 1);
  const entry = fc.tuple(fc.double({ min: -decades, max: decades, noNaN: true }), fc.boolean());
  return fc.array(entry, { minLength: n, maxLength: n }).map((list) =>
    tensor(
      Float32Array.from(list, ([e, minus]) => (minus ? -1 : 1) * 10 ** e),
      { shape },
    ),
  );
};

describe("float32 reductions and contractions stay within their bounds of float64", () => {
  // the bounds are those of the reference, which adds up products of float32 in float64; native products, as a BLAS
  // does, add them up in float32
  const usual = o.backendName();
  beforeAll(() => o.useBackend("js"));
  afterAll(() => o.useBackend(usual));

  it("has a case for every bound", () => {
    expect(Object.keys(sums).sort()).toEqual(Object.keys(float32SumBounds).sort());
  });

  it.each(Object.keys(float32SumBounds))("%s", (name) => {
    const { shapes, f, scale, slope } = sums[name];
    const { value, derivative } = float32SumBounds[name];
    // powers of seven entries, and exponentials, stay within float32 for smaller arguments
    const decades = name === "prod" || /soft|log/.test(name) ? 1.5 : 3;
    const within = (what: string, bound: number, got: Tensor, want: Tensor, size: Tensor): void => {
      const [g, w, s] = [got, want, size].map((t) => t.toTypedArray());
      for (let i = 0; i < g.length; i++) {
        // half a step of the subnormal grid, where even that is larger
        const error = Math.max(0, Math.abs(g[i] - w[i]) - 2 ** -149) / (2 ** -24 * s[i] || 1);
        // 0.001 for what float64 itself adds
        if (!(error <= bound + 0.001))
          throw new Error(`${what} entry ${i}: ${g[i]}, not ${w[i]}: ${error} units, not ${bound}`);
      }
    };
    const out = f(...shapes.map((s) => o.ones(s))).shape;
    const all = fc.tuple(
      fc.tuple(...shapes.map((s) => spread(s, decades))),
      fc.tuple(...shapes.map((s) => spread(s, 1))),
      spread(out, 1),
    );
    fc.assert(
      fc.property(all, ([xs, ts, ct]) => {
        const [x, t, c] = [xs.map(wide), ts.map(wide), wide(ct)];
        const sizes = x.map((v) => v.abs());
        within("value", value, f(...xs), f(...x), scale ? scale(x[0]) : f(...sizes));
        const [got, want] = [vjp(f, ...xs).pullback(ct), vjp(f, ...x).pullback(c)];
        const slopes = slope ? [slope(x[0], c)] : vjp(f, ...sizes).pullback(c.abs());
        xs.forEach((_, i) => within(`pullback ${i}`, derivative, got[i], want[i], slopes[i]));
        if (slope) return;
        xs.forEach((_, i) => {
          const along = (list: Tensor[]): Tensor[] => list.map((v, j) => (i === j ? v : null) as Tensor);
          const tangent = jvp(f, xs, along(ts)).tangent;
          within(
            `tangent ${i}`,
            Math.max(value, derivative),
            tangent,
            jvp(f, x, along(t)).tangent,
            jvp(f, sizes, along(t.map((v) => v.abs()))).tangent,
          );
        });
      }),
      { numRuns: 15 },
    );
  });

  it("are bounds that float32 needs: its numbers differ from those of float64", () => {
    // without this a test that computed in float64 twice would pass
    const x = tensor(Float32Array.of(0.1, 0.2, 0.3));
    const gap = Math.abs(grad((v: Tensor) => v.square().sum())(x).toTypedArray()[0] - 0.2);
    expect(gap).toBeGreaterThan(1e-9);
  });
});
