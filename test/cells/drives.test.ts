import { describe, expect, it } from "vitest";
import { groupsOf } from "../../src/cells/drives/_norm.js";
import { type Drive, drives, reciprocalGatedCircuit } from "../../src/cells/index.js";
import { ArgumentError, DTypeError, ShapeError } from "../../src/core/errors.js";
import { sizeOf } from "../../src/core/shape.js";
import { random, type Tensor, tensor, zeros } from "../../src/index.js";
import { entries } from "../../src/tensor/read.js";

/** A picture [C][H][W] as plain numbers, and a kernel [O][I][k][k]. */
type Picture = number[][][];
type Params = Readonly<Record<string, Tensor>>;

const key = random.key(7);
const nested = (t: Tensor): unknown => {
  const values = Array.from(entries(t));
  const cut = (shape: readonly number[], at: number): unknown =>
    shape.length === 0
      ? values[at]
      : Array.from({ length: shape[0] }, (_, i) => cut(shape.slice(1), at + i * sizeOf(shape.slice(1))));
  return cut(t.shape, 0);
};
const paramsOf = ({ shapes }: Drive): Params =>
  Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, random.normal(random.foldIn(key, name), shape)]),
  );
const grid = (C: number, H: number, W: number, at: (c: number, y: number, x: number) => number): Picture =>
  Array.from({ length: C }, (_, c) =>
    Array.from({ length: H }, (_, y) => Array.from({ length: W }, (_, x) => at(c, y, x))),
  );

/** Sums, one product at a time. */
function slowConv(x: Picture, k: Tensor, stride: number): Picture {
  const kernel = nested(k) as number[][][][];
  const side = kernel[0][0].length;
  const [H, W] = [x[0].length, x[0][0].length];
  return grid(kernel.length, Math.ceil(H / stride), Math.ceil(W / stride), (o, y, z) => {
    let sum = 0;
    kernel[o].forEach((rows, c) => {
      for (let i = 0; i < side; i++)
        for (let j = 0; j < side; j++) {
          const [row, column] = [y * stride + i - (side - 1) / 2, z * stride + j - (side - 1) / 2];
          sum += rows[i][j] * (x[c][row]?.[column] ?? 0);
        }
    });
    return sum;
  });
}

function slowNorm(x: Picture, scale: Tensor, bias: Tensor, groups: number): Picture {
  const wide = x.length / groups;
  const [s, b] = [entries(scale), entries(bias)];
  const of = Array.from({ length: groups }, (_, g) => {
    const all = x.slice(g * wide, (g + 1) * wide).flat(2);
    const mean = all.reduce((sum, v) => sum + v, 0) / all.length;
    const variance = all.reduce((sum, v) => sum + (v - mean) ** 2, 0) / all.length;
    return { mean, deviation: Math.sqrt(variance + 1e-5) };
  });
  return grid(x.length, x[0].length, x[0][0].length, (c, y, z) => {
    const { mean, deviation } = of[Math.floor(c / wide)];
    return (s[c] * (x[c][y][z] - mean)) / deviation + b[c];
  });
}

const slowRelu = (x: Picture): Picture => x.map((c) => c.map((row) => row.map((v) => Math.max(0, v))));
const slowAdd = (a: Picture, b: Picture): Picture =>
  a.map((c, i) => c.map((row, y) => row.map((v, x) => v + b[i][y][x])));

function slowLayer(p: Params, name: string, x: Picture, stride: number, groups: number): Picture {
  return slowNorm(slowConv(x, p[`K${name}`], stride), p[`scale${name}`], p[`bias${name}`], groups);
}

/** What a drive gives for one stream, and what plain loops give. */
function expectSame(drive: Drive, slow: (p: Params, x: Picture) => Picture): void {
  const p = paramsOf(drive);
  const x = random.normal(random.key(3), [2, ...drive.inputShape]);
  const y = drive.apply(p, x);
  expect(y.shape).toEqual([2, ...drive.outputShape]);
  const [pictures, found] = [nested(x) as Picture[], nested(y) as Picture[]];
  pictures.forEach((picture, b) => {
    const expected = slow(p, picture).flat(2);
    // sums of a few hundred products, normalized, in float64
    found[b].flat(2).forEach((v, i) => expect(v).toBeCloseTo(expected[i], 10));
  });
}

describe("drives", () => {
  it.each([
    [1, 1, [7, 5]],
    [3, 2, [4, 3]],
    [5, 3, [3, 2]],
  ])("conv of side %i and stride %i is the sum of its products", (size, stride, [h, w]) => {
    const drive = drives.conv({ input: [2, 7, 5], units: 3, size, stride });
    expect(drive.outputShape).toEqual([3, h, w]);
    expectSame(drive, ({ K }, x) => slowConv(x, K, stride));
  });

  it("linear reads all of its input, or the means of channels", () => {
    const x = random.normal(key, [2, 3, 2, 2]);
    const all = drives.linear({ input: [3, 2, 2], units: 4 });
    const pooled = drives.linear({ input: [3, 2, 2], units: 4, pool: true });
    expect(all.shapes).toEqual({ K: [4, 3, 2, 2] });
    expect(pooled.shapes).toEqual({ K: [4, 3] });
    const [p, q] = [all, pooled].map(paramsOf);
    const flat = x.reshape([2, 12]).matmul(p.K.reshape([4, 12]).transpose());
    const means = x.reshape([2, 3, 4]).mean(2).matmul(q.K.transpose());
    for (const [y, expected] of [
      [all.apply(p, x), flat],
      [pooled.apply(q, x), means],
    ])
      entries(y).forEach((v, i) => expect(v).toBeCloseTo(entries(expected)[i], 12));
    expect(drives.linear({ input: 5, units: 2 }).inputShape).toEqual([5]);
  });

  it("residual adds what two convolutions make of a picture to it", () => {
    expectSame(drives.residual({ input: [32, 3, 2], units: 32, blocks: 2 }), (p, x) => {
      let y = x;
      for (const i of [1, 2]) {
        const inner = slowRelu(slowLayer(p, `${i}a`, y, 1, 2));
        y = slowRelu(slowAdd(slowLayer(p, `${i}b`, inner, 1, 2), y));
      }
      return y;
    });
    expectSame(drives.residual({ input: [2, 5, 4], units: 3, stride: 2 }), (p, x) => {
      const inner = slowRelu(slowLayer(p, "1a", x, 2, 1));
      return slowRelu(slowAdd(slowLayer(p, "1b", inner, 1, 1), slowLayer(p, "1s", x, 2, 1)));
    });
  });

  it("bottleneck does so with three, of which the middle one is narrow and strides", () => {
    expectSame(drives.bottleneck({ input: [3, 5, 4], units: 8, blocks: 2, stride: 2 }), (p, x) => {
      const body = (i: number, y: Picture, stride: number): Picture => {
        const a = slowRelu(slowLayer(p, `${i}a`, y, 1, 1));
        return slowLayer(p, `${i}c`, slowRelu(slowLayer(p, `${i}b`, a, stride, 1)), 1, 1);
      };
      const first = slowRelu(slowAdd(body(1, x, 2), slowLayer(p, "1s", x, 2, 1)));
      return slowRelu(slowAdd(body(2, first, 1), first));
    });
    const { shapes } = drives.bottleneck({ input: [3, 5, 4], units: 8, blocks: 2, stride: 2 });
    expect(Object.keys(shapes).filter((name) => name.startsWith("K"))).toEqual([
      "K1a",
      "K1b",
      "K1c",
      "K1s",
      "K2a",
      "K2b",
      "K2c",
    ]);
    expect(shapes.K1b).toEqual([2, 2, 3, 3]);
  });

  it("stem takes maxima of kernels of 7, and quarters the picture", () => {
    expectSame(drives.stem({ input: [2, 9, 8], units: 4 }), (p, x) => {
      const y = slowRelu(slowLayer(p, "", x, 2, 1));
      return grid(4, 3, 2, (c, row, column) => {
        let most = 0;
        for (let i = -1; i <= 1; i++)
          for (let j = -1; j <= 1; j++)
            most = Math.max(most, y[c][2 * row + i]?.[2 * column + j] ?? Number.NEGATIVE_INFINITY);
        return most;
      });
    });
  });

  it("make ResNet-50 without its classifier: 23,508,032 parameters", () => {
    let drive = drives.stem({ input: [3, 224, 224], units: 64 });
    const trunk = [drive];
    [3, 4, 6, 3].forEach((blocks, i) => {
      const { outputShape: input } = drive;
      drive = drives.bottleneck({ input, units: 256 * 2 ** i, blocks, stride: i === 0 ? 1 : 2 });
      trunk.push(drive);
    });
    const shapes = trunk.flatMap((d) => Object.values(d.shapes));
    const count = (rank: (n: number) => boolean) =>
      shapes.filter((s) => rank(s.length)).reduce((n, s) => n + sizeOf(s), 0);
    expect(drive.outputShape).toEqual([2048, 7, 7]);
    expect(count((rank) => rank === 4)).toBe(23454912);
    expect(count((rank) => rank === 1)).toBe(53120);
    expect(count(() => true)).toBe(23508032);
  });

  it("normalize groups of 16 channels or more", () => {
    expect([1, 3, 15, 16, 24, 31, 32, 48, 64, 2048].map(groupsOf)).toEqual([1, 1, 1, 1, 1, 1, 2, 3, 4, 128]);
  });

  it("start as He et al. have it, with normalizations that leave things as they are", () => {
    const drive = drives.residual({ input: [8, 4, 4], units: 40 });
    const cell = reciprocalGatedCircuit({ drive, shared: true });
    const p = cell.init(key);
    const values = Array.from(entries(p.K1b));
    const spread = Math.sqrt(values.reduce((s, v) => s + v * v, 0) / values.length);
    expect(spread * Math.sqrt((40 * 9) / 2)).toBeCloseTo(1, 1);
    expect(entries(p.scale1b).every((v) => v === 1)).toBe(true);
    expect(entries(p.bias1b).every((v) => v === 0)).toBe(true);
    expect(values[0]).not.toBe(entries(p.K1a)[0]);
  });

  it("keep streams apart", () => {
    const drive = drives.residual({ input: [3, 4, 4], units: 5, stride: 2 });
    const p = paramsOf(drive);
    const x = random.normal(key, [3, 3, 4, 4]);
    const together = entries(drive.apply(p, x));
    const apart = [0, 1, 2].flatMap((b) => [...entries(drive.apply(p, x.slice([[b, b + 1]])))]);
    together.forEach((v, i) => expect(v).toBeCloseTo(apart[i], 12));
  });

  it("refuse what does not fit", () => {
    const input = [3, 4, 4];
    expect(() => drives.conv({ input: [4], units: 2 })).toThrow(
      new ShapeError("conv drive: expected an input of shape [C,H,W], got [4]"),
    );
    expect(() => drives.conv({ input, units: 2, size: 2 })).toThrow(
      new ArgumentError("conv drive: expected size to be an odd whole number of at least 1, got 2"),
    );
    expect(() => drives.residual({ input, units: 2, blocks: 0 })).toThrow(ArgumentError);
    expect(() => drives.bottleneck({ input, units: 6 })).toThrow(
      new ArgumentError("bottleneck drive: expected units as a multiple of 4, got 6"),
    );
    expect(() => drives.stem({ input, units: 1.5 })).toThrow(ArgumentError);
    expect(() => drives.linear({ input: 4, units: 2, pool: true })).toThrow(ShapeError);
    const drive = drives.conv({ input, units: 2 });
    expect(() => drive.apply(paramsOf(drive), zeros([1, 3, 4, 5]))).toThrow(
      new ShapeError("conv: expected an input of shape [B,3,4,4], got [1,3,4,5]"),
    );
    expect(() => drive.apply({}, zeros([1, 3, 4, 4]))).toThrow(DTypeError);
  });
});

describe("reciprocalGatedCircuit", () => {
  const input = [3, 4, 4];
  const conv = drives.conv({ input, units: 2, stride: 2 });
  const dense = drives.linear({ input, units: 2 });

  it("takes a drive apart for each state, or one for both", () => {
    const apart = reciprocalGatedCircuit({ drive: drives.residual({ input, units: 3 }) });
    expect(Object.keys(apart.shapes)).toEqual(
      expect.arrayContaining(["K1ah", "K1ac", "scale1bh", "bh", "bc"]),
    );
    const shared = reciprocalGatedCircuit({ drive: conv, shared: true });
    expect(Object.keys(shared.shapes).sort()).toEqual(
      ["K", "bh", "bc", "wcc", "whc", "whh", "wch", "gcc", "ghc", "ghh", "gch"].sort(),
    );
    // with one kernel twice, drives apart are a shared one
    const two = reciprocalGatedCircuit({ drive: conv });
    const { K, ...p } = shared.init(key);
    const x = random.normal(key, [2, ...input]);
    const steps = (cell: typeof two, params: Params) =>
      [1, 2].reduce((state) => cell.next(params, state, x), cell.zeroState(2));
    const [one, other] = [steps(shared, { K, ...p }), steps(two, { ...p, Kh: K, Kc: K })];
    for (const s of ["h", "c"] as const) expect([...entries(one[s])]).toEqual([...entries(other[s])]);
  });

  it("has the gates that fit what drives it", () => {
    expect(reciprocalGatedCircuit({ drive: dense }).locality).toBe("unit");
    expect(reciprocalGatedCircuit({ drive: conv }).shapes.wcc).toEqual([2]);
    expect(reciprocalGatedCircuit({ drive: conv, gates: "depthwise" }).shapes.wcc).toEqual([2, 1, 3, 3]);
    expect(reciprocalGatedCircuit({ drive: conv, gates: "conv" }).locality).toBe("dense");
    expect(() => reciprocalGatedCircuit({ drive: dense, gates: "conv" })).toThrow(
      new ShapeError(
        "reciprocalGatedCircuit: expected a drive that gives [C,H,W] for conv gates, got [2] from linear",
      ),
    );
    expect(() => reciprocalGatedCircuit({ drive: conv, gates: "vector" })).toThrow(ShapeError);
  });

  it("takes a drive of one's own, whatever the shapes", () => {
    const scalar = tensor([1, -1]).reshape([2, 1, 1]);
    const own: Drive = {
      name: "own",
      inputShape: [3],
      outputShape: [2, 1, 3],
      shapes: { a: [3] },
      apply: ({ a }, x) => x.mul(a).reshape([-1, 1, 1, 3]).mul(scalar),
    };
    const cell = reciprocalGatedCircuit({ drive: own });
    expect(cell.name).toBe("rgcPointwise(own)");
    expect(cell.outputShape).toEqual([2, 1, 3]);
    const { h } = cell.next(cell.init(key), cell.zeroState(2), random.normal(key, [2, 3]));
    expect(h.shape).toEqual([2, 2, 1, 3]);
    expect(() => reciprocalGatedCircuit({ drive: { ...own, shapes: { bh: [3] } }, shared: true })).toThrow(
      new ArgumentError(
        "reciprocalGatedCircuit: expected a drive whose parameters are called otherwise than the circuit's own, got bh",
      ),
    );
  });
});
