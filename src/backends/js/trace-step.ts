import type { TypedArray } from "../../core/dtype.js";
import { arrayOf, HostStorage } from "../../device/host-storage.js";
import type { Storage } from "../../device/storage.js";
import type { Strided, TraceContraction, TraceStep, TraceTerm } from "../../device/trace-step.js";
import { accumulate, mixOne, mixTwo, rowProducts } from "./axpy.js";
import { addProduct, type Span } from "./products.js";
import { eachRow, nestOf, walk } from "./walk.js";

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

/** Below this inner size rows are too short for loops of their own: the loops run across rows instead. */
const shortRow = 16;

/** The hot loop: see `TraceStep`. Rows are combined in place, then matrix-like and diagonal terms are added. */
export function traceStep(step: TraceStep): void {
  if (step.before && step.started) contract(step, step.before);
  const wholeRow = (t: TraceTerm): boolean =>
    t.rows.length === step.rows.length &&
    t.outOffset === step.traceOffset &&
    t.outStrides.every((s, i) => s === step.traceStrides[i] || t.rows[i] === 1);
  const terms = step.terms.filter((t) => step.started || t.own === null);
  if (step.inner < shortRow) {
    combineShort(step, terms);
    if (step.after) contract(step, step.after);
    return;
  }
  const kept = keepOld(step, terms);
  const simple = kept.filter((t) => wholeRow(t) && t.bound.length === 0);
  combineRows(step, simple);
  for (const term of kept) {
    if (simple.includes(term)) continue;
    addProducts(step, term);
  }
  if (step.after) contract(step, step.after);
}

/** Terms whose bases lie in traces that are about to be written read copies instead. */
function keepOld(step: TraceStep, terms: readonly TraceTerm[]): readonly TraceTerm[] {
  const { traces, traceOffset } = step;
  const end = traceOffset + extentOf(step);
  const copies = new Map<Storage, HostStorage>();
  return terms.map((t) => {
    if (t.base === null || t.own !== null || !traces.includes(t.base.data)) return t;
    const old = t.base.data;
    const data = copies.get(old) ?? new HostStorage(arrayOf(old).slice(traceOffset, end), old.dtype);
    copies.set(old, data);
    return { ...t, base: { ...t.base, data, offset: t.base.offset - traceOffset } };
  });
}

/** Entries from the first of a trace to its last, with what lies between its rows. */
function extentOf({ rows, inner, traceStrides }: TraceStep): number {
  if (rows.includes(0)) return 0;
  return rows.reduce((n, size, i) => n + (size - 1) * traceStrides[i], inner);
}

const spanOf = ({ data, offset }: Strided, strides: readonly number[]): Span => ({
  data: arrayOf(data),
  offset,
  strides,
});

const zeroStrides = (rank: number): number[] => new Array<number>(rank).fill(0);

/** All terms of traces with short rows, each as one strided product into fresh arrays, which then replace the old. */
function combineShort(step: TraceStep, terms: readonly TraceTerm[]): void {
  const { inner, traceOffset, traceStrides } = step;
  const traces = step.traces.map(arrayOf);
  const extent = extentOf(step);
  const fresh = traces.map(() => new Float64Array(extent));
  for (const t of terms) {
    const sizes = [...t.rows, ...t.bound, inner];
    const open = zeroStrides(t.bound.length);
    const along = (f: Strided | null, last: number): number[] =>
      f === null ? zeroStrides(sizes.length) : [...f.rowStrides, ...f.boundStrides, last];
    const own = t.own === null ? null : traces[t.own];
    addProduct(
      sizes,
      { data: fresh[t.into], offset: t.outOffset - traceOffset, strides: [...t.outStrides, ...open, 1] },
      t.coefficient && spanOf(t.coefficient, along(t.coefficient, 0)),
      own
        ? { data: own, offset: traceOffset, strides: [...traceStrides, ...open, 1] }
        : t.base && spanOf(t.base, along(t.base, t.base.constantInner ? 0 : 1)),
    );
  }
  replaceRows(step, traces, fresh);
}

function replaceRows(
  { rows, inner, traceOffset, traceStrides }: TraceStep,
  traces: readonly TypedArray[],
  fresh: readonly Float64Array[],
): void {
  const nest = nestOf([...rows, inner], [[...traceStrides, 1]]);
  const last = nest.sizes.length - 1;
  const [n, step] = [nest.sizes[last], nest.strides[0][last]];
  eachRow(nest, ([at]) => {
    traces.forEach((t, k) => {
      for (let j = 0; j < n; j++) t[traceOffset + at + j * step] = fresh[k][at + j * step];
    });
  });
}

/** Replaces every row of every trace by its terms without bound axes: all old rows are read before one is written. */
function combineRows(step: TraceStep, terms: readonly TraceTerm[]): void {
  const { rows, inner, traceOffset } = step;
  const traces = step.traces.map(arrayOf);
  const states = traces.length;
  const still = zeroStrides(rows.length);
  const own = terms.filter((t) => t.own !== null);
  const others = terms.filter((t) => t.own === null);
  const strides = [...own, ...others].flatMap((t) => [
    t.coefficient?.rowStrides ?? still,
    t.base?.rowStrides ?? still,
  ]);
  const mix = new Float64Array(states * states);
  const old = traces.map(() => new Float64Array(inner));
  walk(rows, [...strides, step.traceStrides], (at) => {
    const start = traceOffset + at[strides.length];
    mix.fill(0);
    own.forEach((t, i) => {
      mix[t.into * states + (t.own as number)] += coefficientAt(t, at[2 * i]);
    });
    mixRows(traces, start, inner, mix, old);
    for (let i = 0; i < others.length; i++) {
      const t = others[i];
      const c = coefficientAt(t, at[2 * (own.length + i)]);
      if (c === 0) continue;
      const { base } = t;
      const out = traces[t.into];
      if (base === null) {
        add(out, start, inner, c);
        continue;
      }
      const numbers = arrayOf(base.data);
      const from = base.offset + at[2 * (own.length + i) + 1];
      if (base.constantInner) add(out, start, inner, numbers[from] === 0 ? 0 : c * numbers[from]);
      else put(out, start, inner, c, numbers, from);
    }
  });
}

function coefficientAt({ coefficient }: TraceTerm, at: number): number {
  return coefficient === null ? 1 : arrayOf(coefficient.data)[coefficient.offset + at];
}

/** New rows as mixtures of the old rows of all state components, in place. */
function mixRows(
  traces: readonly TypedArray[],
  at: number,
  n: number,
  mix: Float64Array,
  old: readonly Float64Array[],
): void {
  if (traces.length === 1 && Number.isFinite(mix[0])) {
    mixOne(traces[0], at, n, mix[0]);
    return;
  }
  if (traces.length === 2 && mix.every(isPlain)) {
    mixTwo(traces[0], traces[1], at, n, mix[0], mix[1], mix[2], mix[3]);
    return;
  }
  traces.forEach((t, l) => {
    for (let j = 0; j < n; j++) old[l][j] = t[at + j];
  });
  traces.forEach((t, k) => {
    t.fill(0, at, at + n);
    for (let l = 0; l < traces.length; l++) {
      const c = mix[k * traces.length + l];
      if (c !== 0) put(t, at, n, c, old[l], 0);
    }
  });
}

/** Neither zero nor infinite nor NaN: no strong zero can come of it. */
const isPlain = (c: number): boolean => c !== 0 && Number.isFinite(c);

/** out += c * x, with strong zeros where c is not finite. */
function put(out: TypedArray, at: number, n: number, c: number, x: TypedArray, from: number): void {
  if (Number.isFinite(c)) accumulate(out, at, n, c, x, from);
  else for (let j = 0; j < n; j++) if (x[from + j] !== 0) out[at + j] += c * x[from + j];
}

function add(out: TypedArray, at: number, n: number, value: number): void {
  if (value !== 0) for (let j = 0; j < n; j++) out[at + j] += value;
}

function splitAxes(
  sizes: readonly number[],
  strides: readonly number[],
): { outer: number[]; shared: number[] } {
  const [outer, shared]: number[][] = [[], []];
  sizes.forEach((_, i) => (strides[i] === 0 ? shared : outer).push(i));
  return { outer, shared };
}

/**
 * Adds a term over its own rows. Row axes that the base does not vary along share its rows: a matrix product
 * [shared x bound] . [bound x inner] for each index of the others.
 */
function addProducts(step: TraceStep, term: TraceTerm): void {
  const { inner } = step;
  const out = arrayOf(step.traces[term.into]);
  const { coefficient, base, rows, bound } = term;
  const baseRows = base?.rowStrides ?? zeroStrides(rows.length);
  const { outer, shared } = splitAxes(rows, baseRows);
  const pick = (list: readonly number[], which: readonly number[]): number[] => which.map((i) => list[i]);
  const [m, b] = [product(pick(rows, shared)), product(bound)];
  if (m === 0 || b === 0) return;
  const cRows = coefficient?.rowStrides ?? zeroStrides(rows.length);
  const outAt = offsets(pick(rows, shared), pick(term.outStrides, shared));
  const cRowAt = offsets(pick(rows, shared), pick(cRows, shared));
  const cBoundAt = offsets(bound, coefficient?.boundStrides ?? zeroStrides(bound.length));
  const baseAt = offsets(bound, base?.boundStrides ?? zeroStrides(bound.length));
  const shift = coefficient?.offset ?? 0;
  const factors = coefficient && arrayOf(coefficient.data);
  const matrix = new Float64Array(m * b);
  const [outRow, baseRow] = [new Int32Array(m), new Int32Array(b)];
  walk(pick(rows, outer), [pick(cRows, outer), pick(baseRows, outer), pick(term.outStrides, outer)], (at) => {
    for (let i = 0; i < m; i++) {
      outRow[i] = term.outOffset + at[2] + outAt[i];
      for (let k = 0; k < b; k++)
        matrix[i * b + k] = factors === null ? 1 : factors[shift + at[0] + cRowAt[i] + cBoundAt[k]];
    }
    if (base === null || base.constantInner) {
      addConstant(out, outRow, matrix, m, b, inner, base, at[1], baseAt);
      return;
    }
    for (let k = 0; k < b; k++) baseRow[k] = base.offset + at[1] + baseAt[k];
    rowProducts(out, outRow, matrix, m, b, arrayOf(base.data), baseRow, inner);
  });
}

function addConstant(
  out: TypedArray,
  outRow: Int32Array,
  matrix: Float64Array,
  m: number,
  b: number,
  inner: number,
  base: Strided | null,
  shift: number,
  baseAt: Int32Array,
): void {
  const start = shift + (base?.offset ?? 0);
  const numbers = base && arrayOf(base.data);
  for (let i = 0; i < m; i++) {
    let sum = 0;
    for (let k = 0; k < b; k++) {
      const c = matrix[i * b + k];
      const v = numbers === null ? 1 : numbers[start + baseAt[k]];
      if (c !== 0 && v !== 0) sum += c * v;
    }
    if (sum !== 0) for (let j = 0; j < inner; j++) out[outRow[i] + j] += sum;
  }
}

function offsets(sizes: readonly number[], strides: readonly number[]): Int32Array {
  const found = new Int32Array(product(sizes));
  let next = 0;
  walk(sizes, [strides], (at) => {
    found[next++] = at[0];
  });
  return found;
}

/** gradient += sum over rows and states of vector[row] * trace[row, :]. */
function contract(step: TraceStep, { vectors }: TraceContraction): void {
  const { rows, inner, gradientOffset, gradientStrides, traceOffset, traceStrides } = step;
  if (step.gradient === null) return;
  const gradient = arrayOf(step.gradient);
  const traces = step.traces.map(arrayOf);
  vectors.forEach((vector, k) => {
    if (vector === null) return;
    if (inner < shortRow) {
      addProduct(
        [...rows, inner],
        { data: gradient, offset: gradientOffset, strides: [...gradientStrides, 1] },
        spanOf(vector, [...vector.rowStrides, 0]),
        { data: traces[k], offset: traceOffset, strides: [...traceStrides, 1] },
      );
      return;
    }
    const errors = arrayOf(vector.data);
    walk(rows, [vector.rowStrides, gradientStrides, traceStrides], (at) => {
      const e = errors[vector.offset + at[0]];
      const start = traceOffset + at[2];
      if (e !== 0) put(gradient, gradientOffset + at[1], inner, e, traces[k], start);
    });
  });
}
