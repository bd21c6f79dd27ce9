import type { Learned } from "./learn.js";
import type { Agreement } from "./results.js";

/**
 * Losses of the first updates must be closer than this. Gradients differ by 1e-15; Adam divides them by their own size,
 * so an entry that is itself near rounding moves by more, and the recurrence carries that on from update to update.
 */
export const earlyLimit = 1e-8;
const early = 10;
const apart = 1e-6;

/** Compares runs that differ in nothing but in how the same gradient was come by. */
export function agreementOf(pairs: readonly (readonly [Learned, Learned])[]): Agreement {
  const gaps = pairs.map(([a, b]) => {
    const length = Math.max(a.losses.length, b.losses.length);
    return Array.from({ length }, (_, i) => relative(a.losses[i], b.losses[i]));
  });
  const parted = gaps.map((gap) => gap.findIndex((g) => g > apart)).filter((at) => at >= 0);
  return {
    pairs: pairs.length,
    early: Math.max(0, ...gaps.flatMap((gap) => gap.slice(0, early))),
    together: parted.length ? Math.min(...parted) : null,
    score: Math.max(0, ...pairs.map(([a, b]) => Math.abs(a.score - b.score))),
  };
}

/** Relative difference; infinite where one run ended before the other. */
function relative(a: number | undefined, b: number | undefined): number {
  if (a === undefined || b === undefined) return Number.POSITIVE_INFINITY;
  return a === b ? 0 : Math.abs(a - b) / Math.abs(b);
}
