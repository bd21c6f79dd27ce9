import { settleTerm } from "../../forward/expand.js";
import { type Axis, diagonalOf, type Factor, product, rename } from "../../forward/factor.js";
import { type Base, type DerivedBase, dense, type Term } from "../../forward/term.js";
import { applyToTerm } from "../../forward/tied.js";
import { eye } from "../../ops/create.js";
import type { Column } from "./columns.js";
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

/** Puts traces in memory in the place of their names, in terms of one column. */
export class Reader {
  private readonly moved = new Map<DerivedBase, Factor>();

  constructor(private readonly column: Column) {}

  /** A term of a new state whose trace is one of `target`. */
  read(term: Term, target: TraceBlock, into: number): KnownTerm {
    const { axes, coefficient, base } = within(target, this.filled(term));
    const of = term.base?.kind === "state" ? term.base.of : null;
    const isOwn = of?.group === this.column.traces.indexOf(target);
    return { into, axes, coefficient, base, own: isOwn ? of.state : null };
  }

  private filled({ axes, coefficient, base }: Term): Filled {
    return { axes, coefficient, base: base && this.factor(base) };
  }

  private factor(base: Base): Factor {
    switch (base.kind) {
      case "dense":
        return base;
      case "state": {
        const trace = this.column.traces[base.of.group] as TraceBlock;
        const names = new Map(trace.axes.map((a, i) => [a, base.axes[i]]));
        return rename(traceFactor(trace, base.of.state) as Factor, names);
      }
      case "derived": {
        const factor = this.moved.get(base) ?? this.move(base);
        this.moved.set(base, factor);
        return factor;
      }
    }
  }

  /** Entries are moved now that they are known. */
  private move({ source, map, axes }: DerivedBase): Factor {
    const { axes: params, dtype } = this.column.block;
    const { base, ...filled } = this.filled(source);
    const term: Term = { ...filled, base: base && dense(base), lost: [] };
    const moved = applyToTerm(map, term, { params, dtype, by: "derived" });
    const settled = settleTerm(moved, params) as Factor;
    return rename(settled, new Map(moved.axes.map((a, i) => [a, axes[i]])));
  }
}
