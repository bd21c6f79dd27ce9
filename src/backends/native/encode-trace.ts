import type { Strided, TraceStep, TraceTerm } from "../../tensor/trace-step.js";
import type { Encoder } from "./encode.js";

/** As many of each as the addon takes (native/cpu/trace_kernels.h). */
const most = { states: 4, rows: 8, terms: 64 } as const;

/**
 * Appends a trace step, as native/cpu/trace_decode.cc reads it:
 *
 *     op, states, rank, inner, rows[rank], traces[states], gradient or -1, gradient strides[rank],
 *     number of terms, terms, one vector for each state before, and one for each after
 *
 *     term:   into, own or -1, constant along the inner axis, rank, bound rank, out offset, rows, out strides, bound,
 *             coefficient, base
 *     factor: array or -1, offset, row strides, bound strides
 *
 * False, with nothing appended, where the addon does not take it.
 */
export function encodeTrace(to: Encoder, step: TraceStep): boolean {
  const { traces, rows, inner, gradient, started } = step;
  const terms = step.terms.filter((t) => started || t.own === null);
  const rank = rows.length;
  const fits =
    traces.length <= most.states &&
    rank <= most.rows &&
    terms.length <= most.terms &&
    terms.every((t) => t.rows.length <= most.rows && t.bound.length <= most.rows) &&
    [...traces, ...factorsOf(step).map(({ data }) => data), ...(gradient ? [gradient] : [])].every(
      (data) => data.constructor === traces[0].constructor && data.length > 0 && data.length < 2 ** 31,
    );
  if (!fits) return false;
  const still = new Array<number>(most.rows).fill(0);
  const factor = (f: Strided | null, rowCount: number, boundCount: number): number[] =>
    f === null
      ? [-1, 0, ...still.slice(0, rowCount), ...still.slice(0, boundCount)]
      : [to.indexOf(f.data), f.offset, ...f.rowStrides, ...f.boundStrides.slice(0, boundCount)];
  const term = (t: TraceTerm): number[] => [
    t.into,
    t.own ?? -1,
    t.base?.constantInner ? 1 : 0,
    t.rows.length,
    t.bound.length,
    t.outOffset,
    ...t.rows,
    ...t.outStrides,
    ...t.bound,
    ...factor(t.coefficient, t.rows.length, t.bound.length),
    ...factor(t.base, t.rows.length, t.bound.length),
  ];
  const vectors = (c: TraceStep["before"]): number[] =>
    traces.flatMap((_, k) => factor(c?.vectors[k] ?? null, rank, 0));
  return to.raw("traceStep", [
    traces.length,
    rank,
    inner,
    ...rows,
    ...traces.map((t) => to.indexOf(t)),
    gradient === null ? -1 : to.indexOf(gradient),
    ...(gradient === null ? still.slice(0, rank) : step.gradientStrides),
    terms.length,
    ...terms.flatMap(term),
    ...vectors(started ? step.before : null),
    ...vectors(step.after),
  ]);
}

/** Everything that a step reads beside traces and gradient. */
const factorsOf = ({ terms, before, after }: TraceStep): Strided[] =>
  [
    ...terms.flatMap(({ coefficient, base }) => [coefficient, base]),
    ...(before?.vectors ?? []),
    ...(after?.vectors ?? []),
  ].filter((f) => f !== null);

/** Multiplications that a trace step takes, roughly. */
export function traceWork({ traces, rows, inner, terms }: TraceStep): number {
  return rows.reduce((n, r) => n * r, inner * traces.length * Math.max(1, terms.length));
}
