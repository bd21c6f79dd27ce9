import { copy } from "../../ops/views.js";
import { type Advance, advance } from "./advance.js";
import type { Column } from "./columns.js";
import type { KnownTerm } from "./compose.js";
import { overlaps } from "./overlaps.js";
import type { TraceBlock } from "./traces.js";

/**
 * Forms the new traces of one area by one column, in place, group by group. All terms are found before the first
 * group advances; what a later one reads of an earlier one's old traces is copied.
 */
export function advanceArea(
  column: Column,
  area: number,
  termsOf: (group: number, trace: TraceBlock) => readonly KnownTerm[],
  rest: Pick<Advance, "before" | "after" | "gradient" | "started">,
): void {
  const { order } = column;
  const jobs: Advance[] = [];
  column.traces.forEach((trace, g) => {
    if (trace?.area !== area) return;
    const earlier = jobs.map((job) => job.trace);
    const terms = termsOf(g, trace).map((term) => readApart(term, earlier));
    jobs.push({ trace, terms, order, ...rest });
  });
  for (const job of jobs) advance(job);
}

function readApart(term: KnownTerm, traces: readonly TraceBlock[]): KnownTerm {
  const { base } = term;
  if (base === null || !traces.some((trace) => overlaps(base, trace))) return term;
  return { ...term, base: { axes: base.axes, tensor: copy(base.tensor) } };
}
