import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as cellEntry from "../../src/entry/cells.js";
import * as learn from "../../src/entry/learn.js";
import { adam, sgd } from "../../src/entry/nn.js";
import { jepa, presets } from "../../src/entry/rjepa.js";
import { arbitraryTensor, checkGradients, expectTied } from "../../src/entry/testing.js";
import * as o from "../../src/index.js";

const {
  tensor,
  ones,
  zeros,
  random,
  ShapeError,
  DTypeError,
  ArgumentError,
  PlanError,
  LevelError,
  OnwardError,
} = o;
const T = tensor;
const key = random.key(1);
const hostile = (x: unknown): never => x as never;
const cyclic: unknown[] = [];
cyclic.push(cyclic);
const deep = (): unknown => {
  let list: unknown = 1;
  for (let i = 0; i < 1e5; i++) list = [list];
  return list;
};
const foreign = { [Symbol.for("onward.tensor")]: {}, shape: [2], dtype: "float64" };
const cell = cellEntry.cells.mingru({ input: 2, units: 2 });
const model = learn.stack([cell]);
const params = model.init(key);

const refused: [string, () => unknown, new (...args: never[]) => Error, string][] = [
  // operands
  [
    "an array",
    () => T([1, 2]).add(hostile([1, 2])),
    DTypeError,
    "add: expected a tensor or a number, got an array; make it a tensor with tensor([...])",
  ],
  ["null", () => o.add(hostile(null), 1), DTypeError, "add: expected a tensor or a number, got null"],
  ["a string", () => o.add(hostile("3"), 1), DTypeError, "add: expected a tensor or a number, got a string"],
  ["a boolean", () => o.add(hostile(true), 1), DTypeError, "add: expected a tensor or a number, got true"],
  [
    "a bigint",
    () => o.mul(T(1), hostile(3n)),
    DTypeError,
    "mul: expected a tensor or a number, got a bigint",
  ],
  ["undefined", () => o.scalar(hostile(undefined)), DTypeError, "scalar: expected a number, got undefined"],
  [
    "a structured clone",
    () => o.add(hostile(structuredClone({ ...T([1, 2]) })), 1),
    DTypeError,
    "add: expected a tensor or a number, got a structured clone of a tensor",
  ],
  [
    "another copy's tensor",
    () => o.tanh(hostile(foreign)),
    DTypeError,
    "tanh: expected a tensor or a number, got a tensor of another copy of the package",
  ],
  [
    "another copy's tensor in a tree",
    () => o.compile((x: o.Tensor) => x)(hostile(Object.create(foreign))),
    ShapeError,
    'compile: expected tensors in plain objects and arrays, got a tensor of another copy of the package at "0"',
  ],
  [
    "more than a function to differentiate",
    () =>
      (o.grad as (...args: unknown[]) => unknown)((x: o.Tensor, y: o.Tensor) => o.mul(x, y), { argnums: 1 }),
    ArgumentError,
    "grad: expected a function alone, which is differentiated by its first argument, got 2 arguments",
  ],
  ["a forged tensor", () => o.tanh(hostile(Object.create(o.Tensor.prototype))), DTypeError, "tanh"],
  [
    "the constructor",
    () => new (o.Tensor as unknown as new () => unknown)(),
    ArgumentError,
    "Tensor: expected a function that makes one",
  ],
  [
    "a comparison with an array",
    () => T([1]).greater(hostile([0])),
    DTypeError,
    "greater: expected a tensor or a number",
  ],
  // positions and axes
  [
    "gather at 1.5",
    () => T([1, 2]).gather([1.5]),
    DTypeError,
    "gather: expected integers as positions, got 1.5 at 0",
  ],
  [
    "gather at NaN",
    () => T([1, 2]).gather([Number.NaN]),
    DTypeError,
    "gather: expected integers as positions, got NaN at 0",
  ],
  [
    "gather at 2^32 + 1",
    () => T([1, 2]).gather([2 ** 32 + 1]),
    ShapeError,
    "gather: positions must lie in [0, 1] on axis 0, got 4294967297 at 0",
  ],
  [
    "pad by too many widths",
    () =>
      T([1, 2, 3]).pad([
        [0, 0],
        [1, 1],
      ]),
    ShapeError,
    "pad: expected at most 1 pairs of widths for [3], got 2",
  ],
  ["concat along axis 7", () => o.concat([T([1])], 7), ShapeError, "concat: axis must lie in [-1, 0], got 7"],
  ["concat of nothing", () => o.concat([]), ShapeError, "concat: expected at least one tensor, got none"],
  [
    "clip the wrong way round",
    () => T([1]).clip(5, 1),
    ArgumentError,
    "clip: expected numbers low <= high, got 5 and 1",
  ],
  [
    "slice by numbers",
    () => T([1, 2, 3]).slice(hostile(1)),
    ShapeError,
    "slice: expected an array of at most 1 ranges for [3], got 1",
  ],
  [
    "an axis that is a string",
    () => T([1]).sum(hostile("0")),
    ShapeError,
    "sum: expected an axis or an array of axes, got a string",
  ],
  [
    "stack of two shapes",
    () => o.stack([T([1]), T([1, 2])]),
    ShapeError,
    "stack: shapes must agree, got [1] and [2]",
  ],
  // keys
  [
    "foldIn of 1.5",
    () => random.foldIn(key, 1.5),
    ArgumentError,
    "random.foldIn: expected a whole number or a name, got 1.5",
  ],
  [
    "split into -1",
    () => random.split(key, -1),
    ArgumentError,
    "random.split: expected the number of keys to be a whole number from 0 to 1048576, got -1",
  ],
  [
    "split into 2^31",
    () => random.split(key, 2 ** 31),
    ArgumentError,
    "random.split: expected the number of keys",
  ],
  [
    "a seed for a key",
    () => random.normal(hostile(3), [2]),
    ArgumentError,
    "random.normal: expected a key of two 32-bit words, as random.key(seed) makes one, got 3",
  ],
  ["a key of halves", () => random.uniform([0.5, 1], [2]), ArgumentError, "random.uniform: expected a key"],
  // options, by name
  [
    "keepdims",
    () => T([1]).sum(0, hostile({ keepdims: true })),
    ArgumentError,
    'sum: expected options among keepDims, got "keepdims"',
  ],
  [
    "keepDims: 1",
    () => T([1]).sum(0, { keepDims: hostile(1) }),
    ArgumentError,
    "sum: expected keepDims to be true or false, got 1",
  ],
  [
    "float16",
    () => zeros([1], { dtype: hostile("float16") }),
    DTypeError,
    'zeros: expected a dtype of float64, float32, int32, bool, got "float16"',
  ],
  [
    "cast to float16",
    () => T([1]).cast(hostile("float16")),
    DTypeError,
    'cast: expected a dtype of float64, float32, int32, bool, got "float16"',
  ],
  [
    "options that are null",
    () => T([1]).sum(0, hostile(null)),
    ArgumentError,
    "sum: expected options as an object with keepDims, got null",
  ],
  [
    "options that are a Map",
    () => T([1]).sum(0, hostile(new Map())),
    ArgumentError,
    "sum: expected options as an object with keepDims, got a Map",
  ],
  [
    "adam({ lr })",
    () => adam(hostile({ lr: 1 })),
    ArgumentError,
    'adam: expected options among rate, scale, beta1, beta2, epsilon, got "lr"',
  ],
  [
    "sgd()",
    () => sgd(hostile(undefined)),
    ArgumentError,
    "sgd: expected rate to be a number or a function, got undefined",
  ],
  [
    "windw",
    () => learn.rfp(model, params, hostile({ windw: 2 })),
    ArgumentError,
    'rfp: expected options among credit, memoryLimit, compile, seed, window, got "windw"',
  ],
  [
    "window of bptt",
    () => learn.bptt(model, params, hostile({ window: 2 })),
    ArgumentError,
    'bptt: expected options among credit, memoryLimit, compile, seed, got "window"',
  ],
  [
    "a rule by its object",
    () => learn.rules.rtrl.start(model, params, hostile({ widow: 2 })),
    ArgumentError,
    'rtrl: expected options among credit, memoryLimit, compile, seed, got "widow"',
  ],
  [
    "unit",
    () => cellEntry.cells.mingru(hostile({ input: 2, unit: 4 })),
    ArgumentError,
    'mingru: expected options among input, units, stride, activation, got "unit"',
  ],
  [
    "plan({ step })",
    () => learn.plan(model, hostile({ step: 4 })),
    ArgumentError,
    'plan: expected options among batch, steps, dtype, sample, window, params, got "step"',
  ],
  [
    "stack of a kind",
    () => learn.stack([hostile(cellEntry.cells.gru)]),
    ArgumentError,
    "network: expected areas[0]",
  ],
  [
    "jepa({ step })",
    () => jepa(hostile({ preset: presets.content, step: 2 })),
    ArgumentError,
    'jepa: expected options among preset, steps, decay, got "step"',
  ],
  [
    "checkGradients({ tol })",
    () => checkGradients((x: o.Tensor) => x, [T(1)], hostile({ tol: 1 })),
    ArgumentError,
    'checkGradients: expected options among order, modes, tolerance, got "tol"',
  ],
  [
    "expectTied({ size })",
    () => expectTied(cell, hostile({ size: 1 })),
    ArgumentError,
    'expectTied: expected options among locality, sizes, got "size"',
  ],
  [
    "arbitraryTensor({ mim })",
    () => arbitraryTensor(hostile({ mim: 1 })),
    ArgumentError,
    'arbitraryTensor: expected options among shape, dtype, min, max, got "mim"',
  ],
  [
    "compile({ limits })",
    () => o.compile((x: o.Tensor) => x, hostile({ limits: 1 })),
    ArgumentError,
    'compile: expected options among limit, got "limits"',
  ],
  [
    "a model that is none",
    () => learn.rfp(hostile(null), params),
    ArgumentError,
    "rfp: expected the model to be an object, got null",
  ],
  // what would not fit
  [
    "a cyclic array",
    () => tensor(hostile(cyclic)),
    ShapeError,
    "tensor: expected arrays nested at most 64 deep, got deeper or cyclic ones",
  ],
  [
    "an array 100,000 deep",
    () => tensor(hostile(deep())),
    ShapeError,
    "tensor: expected arrays nested at most 64 deep",
  ],
  [
    "arange(2^31)",
    () => o.arange(2 ** 31),
    PlanError,
    "arange: expected at most 2147483647 entries in one array, got 2147483648 of float64, 17179869184 bytes",
  ],
  ["zeros([1e5, 1e5])", () => zeros([1e5, 1e5]), PlanError, "zeros: expected at most 2147483647 entries"],
  ["full([1e5, 1e5])", () => o.full([1e5, 1e5], 3), PlanError, "full: expected at most"],
  ["eye(1e6)", () => o.eye(1e6), PlanError, "eye: expected at most"],
  ["random.normal of 1e10", () => random.normal(key, [1e5, 1e5]), PlanError, "random: expected at most"],
  [
    "a broadcast of 1e10",
    () => o.broadcastTo(T(1), [1e5, 1e5]),
    PlanError,
    "broadcastTo: expected at most 2147483647 entries, got 10000000000",
  ],
  [
    "a sum that broadcasts to 1e10",
    () => ones([1e5, 1]).add(ones([1, 1e5])),
    PlanError,
    "add: expected at most",
  ],
  [
    "toArray of 1e8",
    () => o.broadcastTo(T(1), [1e8]).toArray(),
    PlanError,
    "toArray: expected at most 67108864 entries",
  ],
  [
    "a shape of 1,000 axes",
    () => zeros(new Array(1000).fill(1)),
    ShapeError,
    "zeros: expected at most 64 axes, got 1000",
  ],
];

describe.each(o.backendNames())("%s", (backend) => {
  const before = o.backendName();
  beforeAll(() => o.useBackend(backend));
  afterAll(() => o.useBackend(before));

  it.each(refused)("refuses %s in one sentence", (_, act, kind, sentence) => {
    let error: unknown = null;
    try {
      act();
    } catch (e) {
      error = e;
    }
    expect(error).toBeInstanceOf(kind);
    expect(error).toBeInstanceOf(OnwardError);
    const { message } = error as Error;
    expect(message).toContain(sentence);
    expect(message).not.toMatch(/\n|\[object /);
  });

  it("compares tensors of one entry by operators, and says what else to use", () => {
    const [ten, nine] = [T(10), T(9)] as unknown as [number, number];
    expect(ten > nine).toBe(true);
    expect(ten < nine).toBe(false);
    expect(ten >= nine).toBe(true);
    expect((T([[10]]) as unknown as number) > nine).toBe(true);
    expect(`${T([1, 2])}`).toBe("tensor float64 [2] [1, 2]");
    const [pair] = [T([1, 2])] as unknown as [number];
    expect(() => ten + nine).toThrow(DTypeError);
    expect(() => ten + nine).toThrow("tensor: expected .add(...) for + and .equal(...) for ==");
    expect(() => pair > nine).toThrow(ShapeError);
    expect(() => pair * 2).toThrow("a method such as .mul");
    // a plain number would have no derivative
    expect(() => o.grad((x: o.Tensor) => T((x as unknown as number) * 2))(T(1))).toThrow(LevelError);
    expect(() => o.grad((x: o.Tensor) => ((x as unknown as number) > 0 ? x : x))(T(1))).toThrow(
      ".item() to compare",
    );
    expect(
      o
        .grad((x: o.Tensor) => (x.item() > 0 ? x.mul(3) : x))(T(1))
        .item(),
    ).toBe(3);
  });

  it("keeps a shape that its giver changes afterwards", () => {
    const shape = [2, 2];
    const made = [zeros(shape), o.reshape(ones([4]), shape), o.broadcastTo(T(1), shape)];
    shape[0] = 5;
    for (const t of made) expect(t.shape).toEqual([2, 2]);
  });

  it("takes what is odd but right", () => {
    expect(T(Number.NaN).add(Number.POSITIVE_INFINITY).item()).toBeNaN();
    expect(T([1, 2]).sum(undefined, undefined).item()).toBe(3);
    expect(T([1, 2]).sum(0, { keepDims: undefined }).shape).toEqual([]);
    expect(T([1, 2]).sum(0, Object.assign(Object.create(null), { keepDims: true })).shape).toEqual([1]);
    expect(random.split(key, 0)).toEqual([]);
    expect(T([1, 2, 3]).gather(Int32Array.of(2, 0)).toArray()).toEqual([3, 1]);
  });
});

describe("what is a tensor", () => {
  it("is told by a brand that only the constructor gives", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const odd = [null, {}, [], proxy, foreign, Object.create(o.Tensor.prototype), new Proxy(T(1), {})];
    for (const value of odd) expect(o.isTensor(value)).toBe(false);
    expect(o.isTensor(T(1))).toBe(true);
    expect(T(1)).toBeInstanceOf(o.Tensor);
    expect((T(1) as unknown as Record<symbol, unknown>)[Symbol.for("onward.tensor")]).toBeDefined();
  });

  it("is asked of isTensor alone", () => {
    const root = new URL("../../src", import.meta.url).pathname;
    const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((f) => f.endsWith(".ts"));
    expect(files.length).toBeGreaterThan(200);
    const found = files.filter((f) =>
      /instanceof (?:\w+\.)?Tensor\w*\b/.test(readFileSync(join(root, f), "utf8")),
    );
    expect(found).toEqual([]);
  });
});
