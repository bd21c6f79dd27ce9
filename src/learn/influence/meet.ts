import { advance } from "./advance.js";
import type { Column } from "./columns.js";
import type { StateErrors } from "./influence.js";
import type { KnownTerm } from "./read.js";
import type { TraceStore } from "./store.js";
import { traceFactor } from "./traces.js";

/** G += λ M: errors of one head, by area, meet the influence, which stays where it is. */
export function meet(store: TraceStore, errors: readonly StateErrors[], head: number): void {
  errors.forEach((before, area) => {
    if (before.every((e) => e === null)) return;
    for (const column of store.byArea[area]) meetArea(store, column, area, before, head);
  });
}

function meetArea(store: TraceStore, column: Column, area: number, before: StateErrors, head: number): void {
  for (const trace of column.traces) {
    if (trace?.area !== area) continue;
    const terms = trace.data.flatMap((data, i): KnownTerm[] =>
      data === null
        ? []
        : [{ into: i, axes: trace.axes, coefficient: null, base: traceFactor(trace, i), own: i }],
    );
    advance({
      trace,
      terms,
      before,
      after: before.map(() => null),
      gradient: store.gradient(column, head),
      order: column.order,
      started: true,
    });
  }
}
