import type { FigureValue, Found, Quantity } from "../_figure.js";
import type { Terms } from "./bootstrap.js";
import type { Estimate } from "./estimate.js";

const hasTerms = (q: Quantity): q is Terms => "over" in q;

function estimateOf(q: Quantity): Estimate {
  if (hasTerms(q)) return q.over.estimate(q);
  const { value, interval, note } = q;
  return note === undefined ? { value, interval } : { value, interval, note };
}

/** What a figure found as plain numbers. */
export function settled(found: Found): FigureValue {
  const { series } = found;
  return series === undefined
    ? estimateOf(found)
    : { ...estimateOf(found), series: series.map((point) => ({ at: point.at, ...estimateOf(point) })) };
}

/** The difference of two numbers, with its interval; null where one has no terms, or nothing to compare. */
export const marginOf = (a: Quantity, b: Quantity): Estimate | null =>
  hasTerms(a) && hasTerms(b) && a.over === b.over ? a.over.margin(a, b) : null;
