import { sizeOf, stridesOf } from "../../core/shape.js";
import { backend } from "../../device/backend.js";
import type { Storage } from "../../device/storage.js";
import type { Strided, TraceContraction, TraceStep, TraceTerm } from "../../device/trace-step.js";
import { type Axis, align, type Factor, strongProduct } from "../../forward/factor.js";
import { broadcastTo, copy } from "../../ops/views.js";
import { onStorage } from "../../tensor/apply.js";
import { lyingOf } from "../../tensor/lying.js";
import type { Tensor } from "../../tensor/tensor.js";
import { type Watcher, watch } from "../../tensor/watch/watch.js";
import type { StateErrors } from "./influence.js";
import { overlaps } from "./overlaps.js";
import type { KnownTerm } from "./read.js";
import { sizesOf, type TraceBlock } from "./traces.js";

/** Where numbers begin that follow each other in a storage. */
export interface Placed {
  readonly data: Storage;
  readonly offset: number;
}

export interface Advance {
  readonly trace: TraceBlock;
  readonly terms: readonly KnownTerm[];
  /** Error with respect to the states before the step, and after it. */
  readonly before: StateErrors;
  readonly after: StateErrors;
  /** The block's gradient and the order of its axes; `null` where no error meets the trace. */
  readonly gradient: Placed | null;
  readonly order: readonly Axis[];
  readonly started: boolean;
}

/** Lowers the settling of one trace block to a call of the backend's fused trace step. */
export function advance(job: Advance): void {
  const { trace, gradient, order } = job;
  const traces = trace.data.filter((d) => d !== null);
  const slot = slots(trace.data);
  const terms = summedFirst(job.terms.map(baseFirst), job);
  const innerCount = innerAxes(job, terms);
  const split = trace.layout.length - innerCount;
  const [rowAxes, inner] = [trace.layout.slice(0, split), trace.layout.slice(split)];
  const strides = trace.strides.slice(0, split);
  const steps = stridesOf(sizesOf(order));
  const contraction = (errors: StateErrors): TraceContraction | null => {
    const vectors = trace.data.flatMap((d, k) =>
      d === null ? [] : [errors[k] ? errorVector(errors[k], trace.axes, rowAxes) : null],
    );
    return vectors.some((v) => v !== null) ? { vectors } : null;
  };
  const step: TraceStep = {
    traces,
    traceOffset: trace.offset,
    traceStrides: strides,
    rows: sizesOf(rowAxes),
    inner: sizeOf(sizesOf(inner)),
    terms: terms.map((term) => lower(term, trace, rowAxes, inner, strides, slot)),
    before: job.started ? contraction(job.before) : null,
    after: contraction(job.after),
    gradient: gradient?.data ?? null,
    gradientOffset: gradient?.offset ?? 0,
    gradientStrides: rowAxes.map((a) => (order.includes(a) ? steps[order.indexOf(a)] : 0)),
    started: job.started,
  };
  if (watch.by === null) backend().traceStep(step);
  else watched(watch.by, job, step);
}

/** The trace step under the eyes of who watches; old traces are overwritten, so they are looked at as copies. */
function watched(by: Watcher, { trace, terms, before, after, gradient }: Advance, step: TraceStep): void {
  const tensors = (all: readonly Storage[]): Tensor[] =>
    all.map((s) => onStorage(s, [s.length], trace.block.dtype));
  const factors = terms.flatMap(({ coefficient, base }) =>
    [coefficient, base].flatMap((f) => (f === null || overlaps(f, trace) ? [] : [f.tensor])),
  );
  const errors = [...before, ...after].filter((e) => e !== null);
  const changed = gradient === null ? step.traces : [...step.traces, gradient.data];
  const old = tensors(changed.map((s) => s.copy()));
  by.derived(
    {
      reading: "trace",
      op: `the step of ${trace.block.path} in area ${trace.area}`,
      inputs: factors,
      given: [...factors, ...errors, ...old],
      called: null,
    },
    () => backend().traceStep(step),
    () => tensors(changed),
  );
}

/** Position of each state among those that have a trace. */
function slots(data: TraceBlock["data"]): number[] {
  let next = 0;
  return data.map((d) => (d === null ? -1 : next++));
}

/** A lone coefficient acts as the base, so that its axes may run in the inner loop. */
function baseFirst(term: KnownTerm): KnownTerm {
  return term.base === null && term.coefficient !== null
    ? { ...term, base: term.coefficient, coefficient: null }
    : term;
}

/**
 * Where no axis can run innermost, a row of the trace is one number, and a term with bound axes a short sum for each. Taken
 * as contractions these are products of matrices.
 */
function summedFirst(terms: readonly KnownTerm[], job: Advance): readonly KnownTerm[] {
  const { layout } = job.trace;
  const inner = layout.slice(layout.length - innerAxes(job, terms));
  if (inner.some((a) => a.size > 1)) return terms;
  return terms.map((term) => {
    const { coefficient, base } = term;
    if (coefficient === null || base === null) return term;
    const kept = new Set([...term.axes, ...layout]);
    const bound = [...coefficient.axes, ...base.axes].filter((a) => !kept.has(a));
    if (bound.length === 0) return term;
    return { ...term, coefficient: null, base: strongProduct(coefficient, base, bound), own: null };
  });
}

/**
 * How many of the last layout axes can run innermost: no coefficient varies along them, no diagonal crosses them, and they
 * are the last of the gradient too. States of one area may be tied to different axes of a parameter.
 */
function innerAxes({ trace, gradient, order }: Advance, terms: readonly KnownTerm[]): number {
  const blocked = new Set<Axis>(trace.axes);
  for (const { coefficient, axes } of terms) {
    for (const a of coefficient?.axes ?? []) blocked.add(a);
    for (const a of axes) blocked.add(a);
  }
  const fromLast = <T>(list: readonly T[], k: number): T => list[list.length - 1 - k];
  let [count, length] = [0, 1];
  while (count < trace.layout.length) {
    const axis = fromLast(trace.layout, count);
    if (blocked.has(axis) || (gradient !== null && axis !== fromLast(order, count))) break;
    // a row has no gaps
    if (axis.size > 1 && fromLast(trace.strides, count) !== length) break;
    length *= axis.size;
    count++;
  }
  return count;
}

function lower(
  term: KnownTerm,
  trace: TraceBlock,
  rowAxes: readonly Axis[],
  inner: readonly Axis[],
  strides: readonly number[],
  slot: readonly number[],
): TraceTerm {
  // where the term is tied and the trace is not, both positions share one name: the diagonal
  const outStride = new Map<Axis, number>();
  rowAxes.forEach((axis, i) => {
    const name = term.axes[trace.axes.indexOf(axis)] ?? axis;
    outStride.set(name, (outStride.get(name) ?? 0) + strides[i]);
  });
  const names = [...outStride.keys()];
  const free = (a: Axis): boolean => !outStride.has(a) && !inner.includes(a);
  const bound = [...new Set([...(term.coefficient?.axes ?? []), ...(term.base?.axes ?? [])].filter(free))];
  // row for row: neither the term nor its base calls an axis otherwise than the trace does
  const aligned = term.own !== null && isSame(names, rowAxes) && isSame(term.base?.axes ?? [], trace.layout);
  const row = {
    into: slot[term.into],
    rows: names.map((a) => a.size),
    outOffset: trace.offset,
    outStrides: [...outStride.values()],
    bound: bound.map((a) => a.size),
    coefficient: term.coefficient && strided(term.coefficient, names, bound),
  };
  if (aligned) return { ...row, base: null, own: slot[term.own as number] };
  return { ...row, base: term.base && innerBase(term.base, names, bound, inner, trace), own: null };
}

const isSame = (a: readonly Axis[], b: readonly Axis[]): boolean =>
  a.length === b.length && a.every((x, i) => x === b[i]);

function strided(f: Factor, rows: readonly Axis[], bound: readonly Axis[]): Strided {
  const { data, strides, offset } = lyingOf(f.tensor);
  const along = (a: Axis): number => {
    const at = f.axes.indexOf(a);
    return at < 0 ? 0 : strides[at];
  };
  return { data, offset, rowStrides: rows.map(along), boundStrides: bound.map(along) };
}

/**
 * A base that runs along the inner axes without gaps, or not at all; copied where it does not. One that lies in the
 * traces themselves is read before they are written.
 */
function innerBase(
  base: Factor,
  rows: readonly Axis[],
  bound: readonly Axis[],
  inner: readonly Axis[],
  trace: TraceBlock,
): TraceTerm["base"] {
  const carried = inner.filter((a) => base.axes.includes(a));
  const { data, strides } = lyingOf(base.tensor);
  const isWithin = trace.data.includes(data);
  const stays = isWithin || !overlaps(base, trace);
  if (carried.length === 0 && stays) return { ...strided(base, rows, bound), constantInner: true };
  const steps = stridesOf(inner.map((a) => a.size));
  const fits =
    stays &&
    carried.length === inner.length &&
    inner.every((a, i) => a.size === 1 || strides[base.axes.indexOf(a)] === steps[i]);
  if (fits) return { ...strided(base, rows, bound), constantInner: false };
  const axes = [...base.axes.filter((a) => !inner.includes(a)), ...(carried.length ? inner : [])];
  const sizes = axes.map((a) => a.size);
  const whole = broadcastTo(align(base, axes), sizes);
  const own: Factor = { axes, tensor: copy(whole) };
  return { ...strided(own, rows, bound), constantInner: carried.length === 0 };
}

/** An error [B, ...] with the state's axes, over the rows of a trace: those of the parameter alone do not matter. */
function errorVector(e: Tensor, axes: readonly Axis[], rowAxes: readonly Axis[]): Strided {
  const { data, strides, offset } = lyingOf(e);
  return {
    data,
    offset,
    rowStrides: rowAxes.map((a) => strides[axes.indexOf(a)] ?? 0),
    boundStrides: [],
  };
}
