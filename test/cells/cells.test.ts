import { describe, expect, it } from "vitest";
import { type CellKind, cellNamed, cells, drive } from "../../src/cells/index.js";
import { ArgumentError, DTypeError, ShapeError } from "../../src/core/errors.js";
import { random, type Tensor, zeros } from "../../src/index.js";
import { entries } from "../../src/tensor/read.js";

const kinds: readonly (readonly [string, CellKind])[] = Object.entries(cells);
const key = random.key(7);
const isSpatial = (kind: CellKind): boolean => kind.definition.spatial ?? false;
const vector = kinds.filter(([, kind]) => !isSpatial(kind));
const spatial = kinds.filter(([, kind]) => isSpatial(kind));
const values = (t: Tensor): number[] => Array.from(entries(t));
const spread = (x: readonly number[]): number => Math.sqrt(x.reduce((s, v) => s + v * v, 0) / x.length);

describe("cells", () => {
  it("have the names of the design, each its own", () => {
    const named = ["alif", "vanilla", "leaky", "indrnn", "mingru", "elstm", "lru", "gru", "lstm", "rgc"];
    expect(Object.keys(cells)).toEqual(
      expect.arrayContaining([...named, "rgcPointwise", "rgcDepthwise", "rgcConv"]),
    );
    for (const [name, kind] of kinds) {
      expect(kind.definition.name).toBe(name);
      expect(kind.name).toBe(name);
      expect(cellNamed(name)).toBe(kind);
    }
  });

  it("are not found under other names", () => {
    expect(() => cellNamed("minigru")).toThrow(ArgumentError);
    expect(() => cellNamed("minigru")).toThrow(/^cell: expected one of .*mingru.*, got "minigru"$/);
    expect(() => cellNamed("toString")).toThrow(ArgumentError);
  });
});

describe.each(kinds)("%s", (name, kind) => {
  const input = isSpatial(kind) ? [2, 4, 3] : [3];
  const cell = kind({ input, units: 5 });
  const x = random.normal(key, [2, ...input]);

  it("states its sizes", () => {
    expect(cell.name).toBe(name);
    expect(cell.geometry.input).toEqual(input);
    expect(cell.geometry.state).toEqual(isSpatial(kind) ? [5, 4, 3] : [5]);
    expect(cell.outputShape).toEqual(cell.geometry.state);
    expect(["unit", "channel", "dense"]).toContain(cell.locality);
    expect(kind.definition.equations).not.toBe("");
  });

  it("starts at zero states", () => {
    const state = cell.zeroState(2);
    expect(Object.keys(state)).toEqual(cell.states);
    for (const s of Object.values(state)) {
      expect(s.shape).toEqual([2, ...cell.geometry.state]);
      expect(s.dtype).toBe("float64");
      expect(values(s).every((v) => v === 0)).toBe(true);
    }
    expect(cell.zeroState(1, { dtype: "float32" })[cell.states[0]].dtype).toBe("float32");
  });

  it("has parameters of the shapes that it states, the same for the same key", () => {
    const params = cell.init(key);
    const shapes = Object.fromEntries(Object.entries(params).map(([k, t]) => [k, t.shape]));
    expect(shapes).toEqual(cell.shapes);
    const again = cell.init(key);
    const other = cell.init(random.key(8));
    for (const [k, t] of Object.entries(params)) {
      expect(values(again[k])).toEqual(values(t));
      if (values(t).some((v) => v !== 0)) expect(values(other[k])).not.toEqual(values(t));
    }
    for (const t of Object.values(cell.init(key, { dtype: "float32" }))) expect(t.dtype).toBe("float32");
    expect(() => cell.init(key, { dtype: "int32" })).toThrow(DTypeError);
  });

  it("draws matrices and kernels from N(0, 1/fan-in), each from its own stream", () => {
    const wide = kind({ input: isSpatial(kind) ? [16, 4, 4] : 60, units: 40 }).init(key);
    const matrices = Object.entries(wide).filter(([, t]) => t.rank >= 2);
    for (const [k, t] of matrices) {
      const fanIn = t.size / t.shape[0];
      expect(spread(values(t)) * Math.sqrt(fanIn), k).toBeCloseTo(1, 0);
      expect(Math.abs(spread(values(t)) * Math.sqrt(fanIn) - 1), k).toBeLessThan(0.15);
    }
    const firsts = matrices.map(([, t]) => values(t)[0]);
    expect(new Set(firsts).size).toBe(firsts.length);
  });

  it("steps from states and input to states and output of the same shapes", () => {
    const params = cell.init(key);
    const next = cell.next(params, cell.zeroState(2), x);
    expect(Object.keys(next).sort()).toEqual([...cell.states].sort());
    for (const s of Object.values(next)) expect(s.shape).toEqual([2, ...cell.geometry.state]);
    const y = cell.output(params, next, x);
    expect(y.shape).toEqual([2, ...cell.outputShape]);
    expect(values(y).every(Number.isFinite)).toBe(true);
    expect(values(y).some((v) => v !== 0)).toBe(true);
  });

  it("treats the streams of a batch alone", () => {
    const params = cell.init(key);
    const alone = (b: number): Tensor => {
      const one = x.slice([[b, b + 1]]);
      const next = cell.next(params, cell.next(params, cell.zeroState(1), one), one);
      return cell.output(params, next, one);
    };
    const next = cell.next(params, cell.next(params, cell.zeroState(2), x), x);
    const together = values(cell.output(params, next, x));
    const apart = [...values(alone(0)), ...values(alone(1))];
    together.forEach((v, i) => expect(v).toBeCloseTo(apart[i], 12));
  });

  it("refuses an input of another shape", () => {
    const [params, state] = [cell.init(key), cell.zeroState(2)];
    const wrong = [2, ...input.slice(0, -1), input[input.length - 1] + 1];
    expect(() => cell.next(params, state, zeros(wrong))).toThrow(ShapeError);
    expect(() => cell.next(params, state, zeros(wrong))).toThrow(
      `${name}: expected an input of shape [B,${input}], got [${wrong}]`,
    );
    expect(() => cell.next(params, state, zeros([2]))).toThrow(ShapeError);
  });

  it("refuses sizes that are none", () => {
    expect(() => kind({ input, units: 0 })).toThrow(ArgumentError);
    expect(() => kind({ input, units: 0 })).toThrow(`${name}: sizes must be integers >= 1, got`);
    expect(() => kind({ input: input.map(() => 0), units: 2 })).toThrow(ArgumentError);
    expect(() => kind({ input, units: 1.5 })).toThrow("units 1.5");
    expect(() => kind({ input, units: 2, stride: 0 })).toThrow("stride 0");
    expect(() => kind({ input, units: Number.NaN })).toThrow(ArgumentError);
  });
});

describe.each(vector)("%s, a vector cell,", (_, kind) => {
  it("takes m for [m]", () => {
    expect(kind({ input: 3, units: 2 }).geometry).toEqual(kind({ input: [3], units: 2 }).geometry);
  });

  it("reads [C, H, W] as it is, like its flattened form", () => {
    const [cell, flat] = [kind({ input: [2, 3, 4], units: 2 }), kind({ input: 24, units: 2 })];
    const params = cell.init(key);
    const flattened = Object.fromEntries(
      Object.entries(params).map(([k, t]) => [k, t.rank === 4 ? t.reshape([t.shape[0], 24]) : t]),
    );
    const x = random.normal(key, [2, 2, 3, 4]);
    const next = cell.next(params, cell.zeroState(2), x);
    const same = flat.next(flattened, flat.zeroState(2), x.reshape([2, 24]));
    for (const s of cell.states)
      values(next[s]).forEach((v, i) => expect(v).toBeCloseTo(values(same[s])[i], 12));
  });
});

describe.each(spatial)("%s, a convolutional cell,", (name, kind) => {
  it.each([
    [1, [4, 7, 5]],
    [2, [4, 4, 3]],
    [3, [4, 3, 2]],
    [9, [4, 1, 1]],
  ])("with stride %i keeps states of the size of its drive", (stride, state) => {
    const cell = kind({ input: [2, 7, 5], units: 4, stride });
    expect(cell.geometry.state).toEqual(state);
    const next = cell.next(cell.init(key), cell.zeroState(1), random.normal(key, [1, 2, 7, 5]));
    for (const s of Object.values(next)) expect(s.shape).toEqual([1, ...state]);
  });

  it("refuses a vector, as a size and as an input", () => {
    expect(() => kind({ input: 4, units: 2 })).toThrow(ShapeError);
    expect(() => kind({ input: [4], units: 2 })).toThrow(
      `${name}: expected an input of shape [C,H,W], got [4]`,
    );
    const cell = kind({ input: [2, 3, 3], units: 2 });
    expect(() => cell.next(cell.init(key), cell.zeroState(1), zeros([1, 18]))).toThrow(ShapeError);
  });
});

describe("lru", () => {
  const params = cells.lru({ input: 3, units: 500 }).init(key);
  const magnitude = values(params.nu).map((nu) => Math.exp(-Math.exp(nu)));
  const phase = values(params.theta).map(Math.exp);

  it("starts in the ring: |λ| in [0.6, 0.99], all of it", () => {
    expect(Math.min(...magnitude)).toBeGreaterThanOrEqual(0.6);
    expect(Math.max(...magnitude)).toBeLessThanOrEqual(0.99);
    expect(Math.min(...magnitude)).toBeLessThan(0.63);
    expect(Math.max(...magnitude)).toBeGreaterThan(0.98);
    // uniform in area: half of the units lie beyond the radius that halves the ring
    const half = Math.sqrt((0.6 ** 2 + 0.99 ** 2) / 2);
    expect(magnitude.filter((v) => v > half).length / magnitude.length).toBeCloseTo(0.5, 1);
  });

  it("starts with phases in [0, π/10]", () => {
    expect(Math.min(...phase)).toBeGreaterThan(0);
    expect(Math.max(...phase)).toBeLessThan(Math.PI / 10 + 1e-3);
    expect(Math.max(...phase)).toBeGreaterThan(0.3);
  });
});

describe("rgc", () => {
  it.each(["rgc", "rgcPointwise", "rgcDepthwise", "rgcConv"])(
    "%s squashes by ELU, or tanh when asked",
    (name) => {
      const input = name === "rgc" ? [3] : [3, 2, 2];
      const x = random.normal(key, [1, ...input]).mul(50);
      const largest = (activation?: "elu" | "tanh"): number => {
        const cell = cellNamed(name)({ input, units: 6, activation });
        const { h, c } = cell.next(cell.init(key), cell.zeroState(1), x);
        return Math.max(...values(h), ...values(c));
      };
      expect(largest()).toBeGreaterThan(1.5);
      expect(largest("elu")).toBe(largest());
      expect(largest("tanh")).toBeLessThanOrEqual(1);
    },
  );
});

describe("drive", () => {
  it("is a matrix product", () => {
    const [x, w] = [random.normal(key, [2, 3]), random.normal(random.key(1), [4, 3])];
    expect(drive(x, w).shape).toEqual([2, 4]);
    const expected = values(x.matmul(w.transpose()));
    values(drive(x, w)).forEach((v, i) => expect(v).toBeCloseTo(expected[i], 13));
  });
});
