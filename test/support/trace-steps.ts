import fc from "fast-check";
import { expect } from "vitest";
import { sizeOf, stridesOf } from "../../src/core/shape.js";
import { type HostStorage, hostZeros } from "../../src/device/host-storage.js";
import type { Strided, TraceContraction, TraceStep, TraceTerm } from "../../src/device/trace-step.js";
import { stored } from "./storage.js";

/** Every index of the given sizes. */
function indices(sizes: readonly number[]): number[][] {
  return sizes.reduce<number[][]>(
    (all, n) => all.flatMap((at) => Array.from({ length: n }, (_, i) => [...at, i])),
    [[]],
  );
}

const along = (index: readonly number[], strides: readonly number[]): number =>
  index.reduce((s, v, i) => s + v * strides[i], 0);
const times = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : a * b);
const read = (f: Strided, row: readonly number[], bound: readonly number[]): number =>
  f.data.host()[f.offset + along(row, f.rowStrides) + along(bound, f.boundStrides)];

/** Where the entries of a step's traces lie. */
function placesOf({ rows, inner, traceOffset, traceStrides }: TraceStep): ReadonlySet<number> {
  const places = new Set<number>();
  for (const row of indices(rows))
    for (let j = 0; j < inner; j++) places.add(traceOffset + along(row, traceStrides) + j);
  return places;
}

/** The bytes that lie around the traces in their storage: no step may change them. */
export function aroundOf(step: TraceStep): Buffer {
  const places = placesOf(step);
  return Buffer.concat(
    step.traces.map((t) => Buffer.from(t.host().filter((_, at) => !places.has(at)).buffer)),
  );
}

/** The definition of a trace step, entry by entry. */
export function reference(step: TraceStep): { traces: number[][]; gradient: number[] } {
  const { rows, inner } = step;
  const gradient = Array.from(step.gradient?.host() ?? []);
  const old = step.traces.map((t) => Array.from(t.host()));
  const places = placesOf(step);
  const traces = old.map((t) => t.map((v, at) => (places.has(at) ? 0 : v)));
  const contract = (c: TraceContraction | null, from: number[][]): void =>
    c?.vectors.forEach((vector, k) => {
      if (vector === null) return;
      for (const row of indices(rows))
        for (let j = 0; j < inner; j++)
          gradient[step.gradientOffset + along(row, step.gradientStrides) + j] += times(
            read(vector, row, []),
            from[k][step.traceOffset + along(row, step.traceStrides) + j],
          );
    });
  if (step.started) contract(step.before, old);
  for (const t of step.terms) {
    if (t.own !== null && !step.started) continue;
    for (const row of indices(t.rows))
      for (const bound of indices(t.bound))
        for (let j = 0; j < inner; j++) {
          const c = t.coefficient === null ? 1 : read(t.coefficient, row, bound);
          const at = t.outOffset + along(row, t.outStrides) + j;
          const within = t.base === null ? -1 : step.traces.indexOf(t.base.data);
          let b = 1;
          if (t.own !== null) b = old[t.own][step.traceOffset + along(row, step.traceStrides) + j];
          else if (t.base !== null)
            b = (within < 0 ? t.base.data.host() : old[within])[
              t.base.offset +
                along(row, t.base.rowStrides) +
                along(bound, t.base.boundStrides) +
                (t.base.constantInner ? 0 : j)
            ];
          traces[t.into][at] += times(c, b);
        }
  }
  contract(step.after, traces);
  return { traces, gradient };
}

/** Reproducible entries, zeros and now and then something infinite among them. */
function numbers(n: number, seed: number, wild: boolean): Float64Array {
  let state = seed * 2654435761 + 12345;
  return Float64Array.from({ length: n }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    const u = state / 2 ** 32;
    if (u < 0.12) return 0;
    if (wild && u > 0.97) return Number.POSITIVE_INFINITY;
    return 4 * u - 2;
  });
}

export interface Shape {
  readonly states: number;
  readonly batch: number;
  readonly value: number;
  readonly parameter: number;
  readonly bound: number;
  readonly inner: number;
  readonly started: boolean;
  readonly wild: boolean;
  readonly diagonal: boolean;
  readonly seed: number;
  /** Which terms there are; default: all but `old`. */
  readonly kinds?: readonly Kind[];
  /** Which rows have a gradient row of their own: those of a parameter index, of a value index, or none. */
  readonly shares?: "parameter" | "value" | "all";
  /** Whether coefficients and errors vary along the parameter's rows too. */
  readonly varied?: boolean;
  /**
   * What storage holds around a trace: entries before the first row, more rows of the parameter, more columns; and whether
   * the parameter's rows are its outermost axis.
   */
  readonly around?: {
    readonly first: number;
    readonly rows: number;
    readonly columns: number;
    readonly turned: boolean;
  };
}

/** Old rows scaled, one row for all states, sums over bound axes, constants, sums of constants, and sums over old rows. */
export type Kind = "own" | "drive" | "bound" | "constant" | "summed" | "old";
const kinds: readonly Kind[] = ["own", "drive", "bound", "constant", "summed", "old"];

/** A step with own, row, bound and (where value and parameter rows are of one size) diagonal terms. */
export function stepOf(s: Shape): TraceStep {
  const n = s.diagonal ? s.parameter : s.value;
  const rows = [s.batch, n, s.parameter];
  const around = s.around ?? { first: 0, rows: 0, columns: 0, turned: false };
  const [parameters, columns] = [s.parameter + around.rows, s.inner + around.columns];
  const lying = around.turned ? [parameters, s.batch, n, columns] : [s.batch, n, parameters, columns];
  const size = around.first + sizeOf(lying);
  const strides = stridesOf(lying);
  const [p0, p1, p2] = around.turned ? [strides[1], strides[2], strides[0]] : strides;
  let seed = s.seed;
  const data = (count: number): HostStorage => stored(numbers(count, seed++, s.wild));
  const whole = { rows, outOffset: around.first, outStrides: [p0, p1, p2] };
  const wide = s.varied ? s.parameter : 1;
  const perUnit = (): Strided => ({
    data: data(s.batch * n * wide + 2),
    offset: 2,
    rowStrides: [n * wide, wide, s.varied ? 1 : 0],
    boundStrides: [],
  });
  const has = (kind: Kind): boolean => s.kinds?.includes(kind) ?? kind !== "old";
  const traces = Array.from({ length: s.states }, () =>
    s.started || s.around ? data(size) : hostZeros("float64", size),
  );
  const drive: Strided = {
    data: data(s.batch * s.inner + 1),
    offset: 1,
    rowStrides: [s.inner, 0, 0],
    boundStrides: [],
  };
  const belowOf = (): Strided => ({
    data: data(s.bound * s.parameter * s.inner),
    offset: 0,
    rowStrides: [0, 0, s.inner],
    boundStrides: [s.parameter * s.inner],
  });
  // states may share what they are sums over
  let below = belowOf();
  const terms: TraceTerm[] = [];
  const add = (kind: Kind, term: TraceTerm): void => {
    if (has(kind)) terms.push(term);
  };
  for (let k = 0; k < s.states; k++) {
    for (let l = 0; l < s.states; l++)
      add("own", { ...whole, into: k, own: l, bound: [], coefficient: perUnit(), base: null });
    add("drive", {
      ...whole,
      into: k,
      own: null,
      bound: [],
      coefficient: perUnit(),
      base: { ...drive, constantInner: false },
    });
    const mixed = s.batch * n * s.parameter * s.bound;
    const coefficient: Strided = {
      data: data(mixed),
      offset: 0,
      rowStrides: [n * s.parameter * s.bound, s.parameter * s.bound, s.bound],
      boundStrides: [1],
    };
    if (s.seed % 2 === 1) below = belowOf();
    add("bound", {
      ...whole,
      into: k,
      own: null,
      bound: [s.bound],
      coefficient,
      base: { ...below, constantInner: false },
    });
    add("constant", {
      ...whole,
      into: k,
      own: null,
      bound: [],
      coefficient: k % 2 ? perUnit() : null,
      base: { ...perUnit(), constantInner: true },
    });
    add("summed", {
      ...whole,
      into: k,
      own: null,
      bound: [s.bound],
      coefficient,
      base: k % 2 ? null : { ...below, constantInner: true },
    });
    add("old", {
      ...whole,
      into: k,
      own: null,
      bound: [n],
      coefficient: { data: data(s.batch * n * n), offset: 0, rowStrides: [n * n, n, 0], boundStrides: [1] },
      base: {
        data: traces[(k + s.seed) % s.states],
        offset: around.first,
        rowStrides: [p0, 0, p2],
        boundStrides: [p1],
        constantInner: false,
      },
    });
    if (s.diagonal)
      terms.push({
        into: k,
        own: null,
        rows: [s.batch, n],
        outOffset: around.first,
        outStrides: [p0, p1 + p2],
        bound: [],
        coefficient: { data: data(s.batch * n), offset: 0, rowStrides: [n, 1], boundStrides: [] },
        base: { data: data(s.inner), offset: 0, rowStrides: [0, 0], boundStrides: [], constantInner: false },
      });
  }
  const errors = (): TraceContraction => ({
    vectors: Array.from({ length: s.states }, (_, k) => (k === 1 ? null : perUnit())),
  });
  const own = { parameter: [0, 0, s.inner], value: [0, s.inner, 0], all: [0, 0, 0] }[s.shares ?? "parameter"];
  return {
    traces,
    rows,
    inner: s.inner,
    traceOffset: around.first,
    traceStrides: [p0, p1, p2],
    terms,
    before: errors(),
    after: errors(),
    gradient: data(around.first + Math.max(n, s.parameter) * s.inner),
    gradientOffset: around.first,
    gradientStrides: own,
    started: s.started,
  };
}

/** The same step on `count` columns of its traces from column `from` on, with a gradient of its own. */
export function columnsOf(step: TraceStep, from: number, count: number): TraceStep {
  const moved = <F extends Strided>(f: F): F => ({ ...f, offset: f.offset + from });
  return {
    ...step,
    inner: count,
    traceOffset: step.traceOffset + from,
    terms: step.terms.map((t) => ({
      ...t,
      outOffset: t.outOffset + from,
      base: t.base === null || t.base.constantInner ? t.base : moved(t.base),
    })),
    gradient: step.gradient && stored(Float64Array.from(step.gradient.host().subarray(from))),
  };
}

/** Equal to rounding; sums whose parts cancel infinities are not a number in both. */
export function expectSame(a: ArrayLike<number>, b: readonly number[]): void {
  expect(a.length).toBe(b.length);
  for (let i = 0; i < b.length; i++) {
    if (Number.isFinite(b[i]))
      expect(Math.abs(a[i] - b[i])).toBeLessThanOrEqual(1e-11 * (1 + Math.abs(b[i])));
    else expect(Object.is(a[i], b[i])).toBe(true);
  }
}

export const shapes = (inner: fc.Arbitrary<number>): fc.Arbitrary<Shape> =>
  fc.record({
    states: fc.integer({ min: 1, max: 4 }),
    batch: fc.integer({ min: 1, max: 3 }),
    value: fc.integer({ min: 1, max: 5 }),
    parameter: fc.integer({ min: 1, max: 4 }),
    bound: fc.integer({ min: 1, max: 9 }),
    inner,
    started: fc.boolean(),
    wild: fc.boolean(),
    diagonal: fc.boolean(),
    seed: fc.nat(10_000),
    kinds: fc.oneof(
      fc.constantFrom<readonly Kind[]>(["own", "drive"], ["own", "constant"], ["old"]),
      fc.subarray([...kinds], { minLength: 1 }),
    ),
    shares: fc.constantFrom("parameter", "value", "all"),
    varied: fc.boolean(),
    around: fc.option(
      fc.record({
        first: fc.nat(5),
        rows: fc.nat(2),
        columns: fc.nat(9),
        turned: fc.boolean(),
      }),
      { nil: undefined },
    ),
  });
