import { type Axis, asDType, rename } from "../../forward/factor.js";
import { type Base, type DerivedBase, dense, type Term } from "../../forward/term.js";
import type { Column } from "./columns.js";
import type { Contribution, Contributions, Source } from "./push.js";

type Names = ReadonlyMap<Axis, Axis>;

/**
 * A step in the names of one column of the influence: an axis of a state is called as in the state's trace, so that one that is tied
 * there is a parameter axis from here on, and one that is not is summed. Bases stay names of traces.
 */
export class NamedStep {
  private readonly found = new Map<string, readonly Term[]>();
  private readonly derived = new Map<DerivedBase, DerivedBase>();

  constructor(
    private readonly column: Column,
    private readonly contributions: Contributions,
  ) {}

  /** What a new state depends on, of all that concerns the column. */
  terms(area: number, state: number): readonly Term[] {
    const at = `${area}.${state}`;
    const terms = this.found.get(at) ?? this.contributions[area][state].flatMap((one) => this.named(one));
    this.found.set(at, terms);
    return terms;
  }

  /** Whether entries of traces are moved before they are multiplied, as in a convolution: then they must be known. */
  get moves(): boolean {
    return this.contributions.some((states, b) =>
      states.some((_, i) => this.terms(b, i).some(({ base }) => base?.kind === "derived")),
    );
  }

  private named({ source, tangent }: Contribution): Term[] {
    const names = this.namesOf(source, tangent.params);
    return names === null ? [] : tangent.terms.map((term) => this.rename(term, names));
  }

  /** The names of a source's axes; `null` where it has no part in the column. */
  private namesOf(source: Source, axes: readonly Axis[]): Names | null {
    if (source.kind === "block") return source.block === this.column.index ? new Map() : null;
    const trace = this.column.traces[source.group];
    if (!trace?.data[source.state]) return null;
    return new Map(axes.map((a, i) => [a, trace.axes[i]]));
  }

  private rename({ axes, coefficient, base, lost }: Term, names: Names): Term {
    const { dtype } = this.column.block;
    return {
      axes: axes.map((a) => names.get(a) ?? a),
      coefficient: coefficient && asDType(rename(coefficient, names), dtype),
      base: base && this.renameBase(base, names),
      lost,
    };
  }

  private renameBase(base: Base, names: Names): Base {
    switch (base.kind) {
      case "dense":
        return dense(asDType(base, this.column.block.dtype));
      case "state":
        return { ...base, axes: base.axes.map((a) => names.get(a) ?? a) };
      case "derived": {
        // what several terms have in common is moved once
        const before = this.derived.get(base);
        if (before) return before;
        const axes = base.axes.map((a) => names.get(a) ?? a);
        const renamed = { ...base, axes, source: this.rename(base.source, names) };
        this.derived.set(base, renamed);
        return renamed;
      }
    }
  }
}
