/** Derivatives that reach through several steps, as sums of parts: a coefficient times something known, or times a trace. */
import { type Axis, diagonalOf, type Factor, fresh, plus, product, rename } from "../../../forward/factor.js";
import { known } from "../../../forward/term.js";
import { scalar } from "../../../ops/create.js";
import type { Column } from "../columns.js";
import type { Contribution, Source } from "../push.js";
import type { Block } from "../sources.js";

/** The trace of one state, not looked at yet. */
export interface TraceName {
  readonly area: number;
  readonly state: number;
  readonly group: number;
  /** Before the step, or after it. */
  readonly when: "old" | "new";
  /** One name per axis of the state; a parameter's where the trace is tied to it. */
  readonly axes: readonly Axis[];
}

/** coefficient * base, or coefficient * trace; names that are neither in `axes` nor a parameter's are summed. */
export interface Part {
  /** Names of the axes of what is differentiated. */
  readonly axes: readonly Axis[];
  readonly coefficient: Factor | null;
  /** `null`: one, or a trace. */
  readonly base: Factor | null;
  readonly trace: TraceName | null;
}

/** What is needed of the parameter block that derivatives are taken by. */
export type Differentiated = Pick<Block, "axes" | "dtype">;

/** What a new state depends on, of all that concerns one block; `null` where entries of a trace would have to be known. */
export function partsOf(list: readonly Contribution[], column: Column): Part[] | null {
  const parts: Part[] = [];
  for (const { source, tangent } of list) {
    const names = namesOf(source, tangent.params, column);
    if (names === null) continue;
    for (const { axes, coefficient, base } of tangent.terms) {
      if (source.kind === "block") {
        parts.push({ axes, coefficient, base: known(base), trace: null });
        continue;
      }
      if (base?.kind !== "state") return null;
      const named = (a: Axis): Axis => names.get(a) ?? a;
      const { area, state, group, when } = source;
      parts.push({
        axes: axes.map(named),
        coefficient: coefficient && rename(coefficient, names),
        base: null,
        trace: { area, state, group, when, axes: base.axes.map(named) },
      });
    }
  }
  return parts;
}

/** The names that a state's axes have in its trace; `null` where the source has no part in the block. */
function namesOf(source: Source, axes: readonly Axis[], column: Column): ReadonlyMap<Axis, Axis> | null {
  if (source.kind === "block") return source.block === column.index ? new Map() : null;
  const trace = column.traces[source.group];
  if (!trace?.data[source.state]) return null;
  return new Map(axes.map((a, i) => [a, trace.axes[i]]));
}

/**
 * What becomes of a part when its trace is written as one of the parts that it is made of: coefficients multiply, and
 * names are summed as soon as nothing else needs them; `multiply` says how infinities meet zeros in such sums.
 */
export function substitute(
  outer: Part & { readonly trace: TraceName },
  inner: Part,
  { axes: params, dtype }: Differentiated,
  multiply = product,
): Part {
  const isParam = (a: Axis): boolean => params.includes(a);
  const mine = new Map<Axis, Axis>();
  const yours = new Map<Axis, Axis>();
  inner.axes.forEach((a, i) => {
    const b = outer.trace.axes[i];
    if (a === b) mine.set(a, b);
    else if (isParam(a)) yours.set(b, a);
    else mine.set(a, b);
  });
  const named = (a: Axis): Axis => {
    if (isParam(a)) return a;
    const found = mine.get(a) ?? fresh(a.size);
    mine.set(a, found);
    return yours.get(found) ?? found;
  };
  const moved = (f: Factor | null): Factor | null => f && { axes: f.axes.map(named), tensor: f.tensor };
  let left = outer.coefficient;
  for (const [from, onto] of yours) left = left && diagonalOf(left, from, onto);
  const axes = outer.axes.map((a) => yours.get(a) ?? a);
  const right = moved(inner.coefficient);
  const base = moved(inner.base);
  const trace = inner.trace && { ...inner.trace, axes: inner.trace.axes.map(named) };
  const held = new Set([...axes, ...params, ...(trace?.axes ?? base?.axes ?? [])]);
  const carried = [...(left?.axes ?? []), ...(right?.axes ?? [])];
  const coefficient = multiply(
    left,
    right,
    carried.filter((a) => !held.has(a)),
  );
  // a sum over what nothing varies along
  const seen = new Set([...held, ...carried]);
  const count = outer.trace.axes
    .map((a) => yours.get(a) ?? a)
    .reduce((n, a) => (seen.has(a) ? n : n * a.size), 1);
  if (count === 1) return { axes, coefficient, base, trace };
  return { axes, coefficient: product(coefficient, { axes: [], tensor: scalar(count, dtype) }), base, trace };
}

/** Names by the part they play: a parameter's, one of `axes`, or any other, counted as they come. */
export function roles(axes: readonly Axis[], params: readonly Axis[]): (a: Axis) => string {
  const others: Axis[] = [];
  return (a) => {
    if (params.includes(a)) return `p${params.indexOf(a)}`;
    if (axes.includes(a)) return `v${axes.indexOf(a)}`;
    if (!others.includes(a)) others.push(a);
    return `s${others.indexOf(a)}:${a.size}`;
  };
}

/** Sums of parts by the trace that they are about: those that see it the same way add their coefficients. */
export class PartSum {
  private readonly parts = new Map<string, Part & { readonly trace: TraceName }>();

  constructor(private readonly block: Differentiated) {}

  add(part: Part & { readonly trace: TraceName }): void {
    const { axes, trace, coefficient } = part;
    const role = roles(axes, this.block.axes);
    const key = `${trace.area}.${trace.state} ${axes.map(role)} ${trace.axes.map(role)}`;
    const known = this.parts.get(key);
    if (known === undefined) {
      this.parts.set(key, part);
      return;
    }
    const names = new Map(trace.axes.map((a, i) => [a, known.trace.axes[i]]));
    this.parts.set(key, {
      ...known,
      coefficient: plus(known.coefficient, coefficient && rename(coefficient, names), this.block.dtype),
    });
  }

  [Symbol.iterator](): IterableIterator<Part & { readonly trace: TraceName }> {
    return this.parts.values();
  }
}
