/** Multiply-adds that advance the influence, counted on shapes. */
import type { Axis } from "../../forward/factor.js";
import type { Term } from "../../forward/term.js";
import type { Patterns } from "./pattern.js";
import type { Contributions } from "./push.js";
import type { Sources } from "./sources.js";
import { layoutOf } from "./traces.js";

/** What one step takes for the traces of one parameter block on the states of one group. */
export interface TraceCost {
  /** Entries of its traces, all states together. */
  readonly entries: number;
  /** Entries of the states of one stream, all together, and the number of streams. */
  readonly units: number;
  readonly batch: number;
  readonly isTied: boolean;
  /** Multiply-adds of a step, by group that is read; those of the parameters' own terms as -1. */
  readonly reads: ReadonlyMap<number, number>;
  /** Whether entries of traces must be moved before they are multiplied, as in a convolution. */
  readonly moves: boolean;
}

/** By group and block; `null` where there are no traces. */
export type Costs = readonly (readonly (TraceCost | null)[])[];

const product = (axes: Iterable<Axis>): number => [...axes].reduce((n, a) => n * a.size, 1);

export function costsOf(contributions: Contributions, sources: Sources, patterns: Patterns): Costs {
  const formOf = (group: number, block: number) => {
    const pattern = patterns[group][block];
    return pattern && layoutOf(pattern, sources, sources.blocks[block].axes);
  };
  return sources.groups.map((group, g) =>
    sources.blocks.map((block, k): TraceCost | null => {
      const [pattern, form] = [patterns[g][k], formOf(g, k)];
      if (pattern === null || form === null) return null;
      const states = group.states.filter((s) => pattern.present[s]);
      const reads = new Map<number, number>();
      let moves = false;
      for (const s of states)
        for (const { source, tangent } of contributions[group.area][s]) {
          const from = source.kind === "state" ? formOf(source.group, k) : null;
          if (source.kind === "block" ? source.block !== k : from === null) continue;
          const at = source.kind === "state" ? source.group : -1;
          const named = (a: Axis): Axis => from?.axes[tangent.params.indexOf(a)] ?? a;
          for (const term of tangent.terms) {
            moves ||= term.base?.kind === "derived";
            // what is neither an axis of the state nor of the parameter is summed
            const bound = axesOf(term).filter(
              (a) => !term.axes.includes(a) && !block.axes.includes(named(a)),
            );
            reads.set(at, (reads.get(at) ?? 0) + product(form.layout) * product(new Set(bound)));
          }
        }
      const entries = states.length * product(form.layout);
      const [batch, ...axes] = group.axes;
      const units = states.length * product(axes);
      const isTied = form.axes.some((a) => block.axes.includes(a));
      return { entries, units, batch: batch.size, isTied, reads, moves };
    }),
  );
}

const axesOf = ({ coefficient, base }: Term): Axis[] => [...(coefficient?.axes ?? []), ...(base?.axes ?? [])];

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((a, b) => a + b, 0);

/** Of one step: terms into traces, and their contraction with the errors. */
const ofStep = ({ reads, entries }: TraceCost): number => sum(reads.values()) + entries;

/** Multiply-adds of so many steps one by one, for the traces of one block, and of errors that meet them in each. */
export const stepping = (costs: readonly (TraceCost | null)[], steps: number): number =>
  steps * sum(costs.map((cost) => (cost ? ofStep(cost) : 0)));

/**
 * Multiply-adds that take the traces of one block across so many steps at once, and their share of the gradient: new traces of
 * old ones by P(H, 0), the products with the inputs of all steps, and P itself. `null` where entries of traces must be known
 * step by step.
 */
export function crossing(costs: readonly (TraceCost | null)[], steps: number): number | null {
  if (costs.some((cost) => cost?.moves)) return null;
  const there = costs.flatMap((cost, g) => (cost ? [{ cost, g }] : []));
  let total = 0;
  for (const { cost, g } of there) {
    const own = (cost.reads.get(g) ?? 0) / cost.entries;
    for (const { cost: below, g: at } of there) {
      if (at > g) continue;
      const perEntry = at === g ? own : below.isTied ? 1 : below.units;
      // P keeps what one step keeps: within an area whose units do not mix, a few numbers for each
      const jacobian = cost.batch * cost.units * (at === g ? own : below.units);
      total += cost.entries * perEntry + steps * jacobian * (ofStep(below) / below.entries);
    }
    total += (steps + 1) * cost.entries;
  }
  // G takes the share of each step where the parameters enter
  return total + steps * (there[0]?.cost.entries ?? 0);
}
