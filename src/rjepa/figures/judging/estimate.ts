/** A number with what resampling images says of it. */
export interface Estimate {
  readonly value: number;
  /** 95 %, by bootstrap over images; null where resampling says nothing, or there is nothing to resample. */
  readonly interval: readonly [number, number] | null;
  /** Why the number is not what it seems. */
  readonly note?: string;
}

/** What a figure says where nothing varies: a value that fails, never one that passes. */
export const failing = (value: number): Estimate => ({
  value,
  interval: null,
  note: "the same for every sequence, so that there is nothing to compare",
});

/** Quantile of sorted numbers, linear between neighbors. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const at = q * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
}
