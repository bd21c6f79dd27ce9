import { copy } from "../../ops/views.js";
import { type Advance, advance } from "./advance.js";
import type { Column } from "./columns.js";
import { across } from "./compose.js";
import type { StepErrors } from "./influence.js";
import { NamedStep } from "./naming.js";
import { overlaps } from "./overlaps.js";
import type { Contributions } from "./push.js";
import { type KnownTerm, Reader } from "./read.js";
import type { TraceStore } from "./store.js";
import type { TraceBlock } from "./traces.js";

/**
 * Forms the traces of one area by one column after so many steps, in place, group by group. All terms are found before the
 * first group advances; what a later one reads of an earlier one's old traces is copied.
 */
export function advanceArea(
  column: Column,
  area: number,
  steps: readonly NamedStep[],
  rest: Pick<Advance, "before" | "after" | "gradient" | "started">,
): void {
  const { order } = column;
  const reader = new Reader(column);
  const jobs: Advance[] = [];
  column.traces.forEach((trace, group) => {
    if (trace?.area !== area) return;
    const earlier = jobs.map((job) => job.trace);
    const terms = trace.data.flatMap((data, state) =>
      data === null
        ? []
        : across(steps, trace, { area, state, group })
            // old traces hold nothing before the first step
            .filter(({ base }) => rest.started || base?.kind !== "state" || base.of.when !== "old")
            .map((term) => readApart(reader.read(term, trace, state), earlier)),
    );
    jobs.push({ trace, terms, order, ...rest });
  });
  for (const job of jobs) advance(job);
}

/**
 * Forms the new traces of these columns by one step, in place, from the bottom up: an area reads new traces of those below. The
 * errors of the first head meet them on the way.
 */
export function advanceStep(
  store: TraceStore,
  byArea: readonly (readonly Column[])[],
  contributions: Contributions,
  { before, after }: StepErrors,
  started: boolean,
): void {
  byArea.forEach((columns, b) => {
    for (const column of columns)
      advanceArea(column, b, [new NamedStep(column, contributions)], {
        before: before[b],
        after: after[b],
        gradient: store.gradient(column),
        started,
      });
  });
}

function readApart(term: KnownTerm, traces: readonly TraceBlock[]): KnownTerm {
  const { base } = term;
  if (base === null || !traces.some((trace) => overlaps(base, trace))) return term;
  return { ...term, base: { axes: base.axes, tensor: copy(base.tensor) } };
}
