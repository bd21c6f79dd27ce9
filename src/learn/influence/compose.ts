import { settleTerm } from "../../forward/expand.js";
import { type Axis, asDType, diagonalOf, type Factor, product, rename } from "../../forward/factor.js";
import { type Base, dense, known, type Term } from "../../forward/term.js";
import { applyToTerm } from "../../forward/tied.js";
import { eye } from "../../ops/create.js";
import type { Column } from "./columns.js";
import type { Contributions, Source } from "./push.js";
import { type TraceBlock, traceFactor } from "./traces.js";

/** A term with respect to a column of the influence, with all factors known. */
export interface KnownTerm {
  readonly into: number;
  readonly axes: readonly Axis[];
  readonly coefficient: Factor | null;
  readonly base: Factor | null;
  /** The base is this state's own old trace in memory. */
  readonly own: number | null;
}

type Filled = Pick<KnownTerm, "axes" | "coefficient" | "base">;

/** Where a trace keeps a tie that the term has lost, the rest of the term falls outside: only its diagonal stays. */
function within({ axes: kept, block }: TraceBlock, term: Filled): Filled {
  const outside = kept.flatMap((tie, i) => (block.axes.includes(tie) && term.axes[i] !== tie ? [i] : []));
  return outside.reduce(({ axes, coefficient, base }, i) => {
    const [own, tie] = [axes[i], kept[i]];
    const moved = axes.map((a, at) => (at === i ? tie : a));
    if (block.axes.includes(own)) {
      // tied to another axis of the parameter: what is left is where both agree
      const both = { axes: [own, tie], tensor: eye(tie.size, { dtype: block.dtype }) };
      return { axes: moved, coefficient: product(coefficient, both), base };
    }
    return {
      axes: moved,
      coefficient: coefficient && diagonalOf(coefficient, own, tie),
      base: base && diagonalOf(base, own, tie),
    };
  }, term);
}

/**
 * Fills in what a state's tangent stands for: its trace with respect to one column. Names of the state's axes become
 * the trace's, so that an axis tied there is a parameter axis from here on, and one that is not is summed.
 */
export class Composer {
  private readonly realized = new Map<Base, Factor>();

  constructor(
    private readonly column: Column,
    private readonly group: number,
  ) {}

  terms(contributions: Contributions[number]): KnownTerm[] {
    const found: KnownTerm[] = [];
    const target = this.column.traces[this.group];
    contributions.forEach((list, into) => {
      if (!target?.data[into]) return;
      for (const { source, tangent } of list) {
        const names = this.namesFor(source, tangent.params);
        if (names === null) continue;
        for (const term of tangent.terms) {
          const { base, coefficient, axes } = within(target, this.fill(term, source, names));
          const isOwn = source.kind === "state" && source.group === this.group && term.base?.kind === "state";
          found.push({ into, axes, coefficient, base, own: isOwn ? source.state : null });
        }
      }
    });
    return found;
  }

  /** How names change for this block; `null` where the source does not depend on it. */
  private namesFor(source: Source, axes: readonly Axis[]): ReadonlyMap<Axis, Axis> | null {
    if (source.kind === "block") return source.block === this.column.index ? new Map() : null;
    const trace = this.column.traces[source.group];
    if (!trace || trace.data[source.state] === null) return null;
    return new Map(axes.map((a, i) => [a, trace.axes[i]]));
  }

  private fill(term: Term, source: Source, names: ReadonlyMap<Axis, Axis>): Filled {
    const { dtype } = this.column.block;
    const base =
      source.kind === "block" ? known(term.base) : term.base && this.realize(term.base, source, names);
    return {
      axes: term.axes.map((a) => names.get(a) ?? a),
      coefficient: term.coefficient && asDType(rename(term.coefficient, names), dtype),
      base: base && asDType(base, dtype),
    };
  }

  private realize(base: Base, source: Source & { kind: "state" }, names: ReadonlyMap<Axis, Axis>): Factor {
    if (base.kind === "dense") return base;
    const trace = this.column.traces[source.group] as TraceBlock;
    if (base.kind === "state") return traceFactor(trace, source.state) as Factor;
    const before = this.realized.get(base);
    if (before) return before;
    const inner = this.fill(base.source, source, names);
    const context = { params: trace.block.axes, dtype: trace.block.dtype, by: "derived" };
    const term: Term = { ...inner, base: inner.base && dense(inner.base), lost: [] };
    const moved = applyToTerm(base.map, term, context);
    const settled = settleTerm(moved, context.params) as Factor;
    const back = new Map(moved.axes.map((a, i) => [a, names.get(base.axes[i]) ?? base.axes[i]]));
    const factor = rename(settled, back);
    this.realized.set(base, factor);
    return factor;
  }
}
