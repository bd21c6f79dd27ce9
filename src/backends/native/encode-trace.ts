import type { Storage } from "../../device/storage.js";
import type { Strided, TraceStep } from "../../device/trace-step.js";
import type { Encoder } from "./encode.js";

/** As many of each as the addon takes (native/kernels/trace.h). */
const most = { states: 4, rows: 8, terms: 64 } as const;

/**
 * Appends a trace step, as native/code/trace_step.cc reads it:
 *
 *     op, states, rank, inner, trace offset, rows[rank], trace strides[rank], traces[states],
 *     gradient or -1, gradient offset, gradient strides[rank], number of terms, terms,
 *     one vector for each state before, and one for each after
 *
 *     term:   into, own or -1, constant along the inner axis, rank, bound rank, out offset, rows, out strides, bound,
 *             coefficient, base
 *     factor: array or -1, offset, row strides, bound strides
 *
 * False, with nothing appended, where the addon does not take it.
 */
export function encodeTrace(to: Encoder, step: TraceStep): boolean {
  if (!isTaken(step)) return false;
  const { traces, rows, gradient, started } = step;
  // one list for all numbers, built without others: this runs in every step of an eager learner
  const values: number[] = [traces.length, rows.length, step.inner, step.traceOffset];
  const all = (list: readonly number[], count: number): void => {
    for (let i = 0; i < count; i++) values.push(list[i]);
  };
  const factor = (f: Strided | null, rank: number, bounds: number): void => {
    values.push(f === null ? -1 : to.indexOf(f.data), f === null ? 0 : f.offset);
    all(f === null ? still : f.rowStrides, rank);
    all(f === null ? still : f.boundStrides, bounds);
  };
  const vectors = (c: TraceStep["before"]): void => {
    for (let k = 0; k < traces.length; k++) factor(c === null ? null : c.vectors[k], rows.length, 0);
  };
  all(rows, rows.length);
  all(step.traceStrides, rows.length);
  for (const t of traces) values.push(to.indexOf(t));
  values.push(gradient === null ? -1 : to.indexOf(gradient), gradient === null ? 0 : step.gradientOffset);
  all(gradient === null ? still : step.gradientStrides, rows.length);
  const count = values.push(0) - 1;
  for (const t of step.terms) {
    if (!started && t.own !== null) continue;
    values[count]++;
    const [rank, bounds] = [t.rows.length, t.bound.length];
    values.push(t.into, t.own ?? -1, t.base?.constantInner ? 1 : 0, rank, bounds, t.outOffset);
    all(t.rows, rank);
    all(t.outStrides, rank);
    all(t.bound, bounds);
    factor(t.coefficient, rank, bounds);
    factor(t.base, rank, bounds);
  }
  vectors(started ? step.before : null);
  vectors(step.after);
  return to.raw("traceStep", values);
}

const still: readonly number[] = new Array<number>(most.rows).fill(0);

/** Whether the addon takes so many states, rows and terms, of one dtype, with something in every array. */
function isTaken({ traces, rows, terms, before, after, gradient, started }: TraceStep): boolean {
  const { dtype } = traces[0];
  const suits = (data: Storage | undefined): boolean =>
    data === undefined || (data.dtype === dtype && data.length > 0 && data.length < 2 ** 31);
  const suit = (c: TraceStep["before"]): boolean => c === null || c.vectors.every((v) => suits(v?.data));
  if (traces.length > most.states || rows.length > most.rows || !traces.every(suits)) return false;
  if (!suits(gradient ?? undefined) || !suit(before) || !suit(after)) return false;
  let count = 0;
  for (const t of terms) {
    if (started || t.own === null) count++;
    if (t.rows.length > most.rows || t.bound.length > most.rows) return false;
    if (!suits(t.coefficient?.data) || !suits(t.base?.data)) return false;
  }
  return count <= most.terms;
}

/** Multiplications that a trace step takes, roughly. */
export function traceWork({ traces, rows, inner, terms }: TraceStep): number {
  return rows.reduce((n, r) => n * r, inner * traces.length * Math.max(1, terms.length));
}
