import { advance } from "./advance.js";
import type { KnownTerm } from "./compose.js";
import type { StateErrors } from "./influence.js";
import { type TraceStore, traceFactor } from "./traces.js";

/** G += λ M: errors of one head meet the influence, which stays where it is. */
export function meet(store: TraceStore, k: number, errors: readonly StateErrors[], head: number): void {
  store.traces.forEach((row, g) => {
    const trace = row[k];
    const before = errors[store.sources.groups[g].area];
    if (trace === null || before.every((e) => e === null)) return;
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
      gradient: store.gradient(k, head),
      order: store.orders[k],
      started: true,
    });
  });
}
