/** What is made of times. */

/** The middle one, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return Number.isInteger(half) ? (sorted[half - 1] + sorted[half]) / 2 : sorted[Math.floor(half)];
}

/** The median over rounds of own / other: what disturbs a whole round disturbs both, and leaves their ratio. */
export const pairedRatio = (own: readonly number[], other: readonly number[]): number =>
  median(own.map((ms, round) => ms / other[round]));

/** The list from another start in each round, so that none always comes after the same pause. */
export function rotated<T>(list: readonly T[], round: number): T[] {
  const from = list.length === 0 ? 0 : round % list.length;
  return [...list.slice(from), ...list.slice(0, from)];
}

/** As many digits as a time has meaning, so that files stay small and ratios can be computed again from them. */
export const rounded = (value: number): number => Number(value.toPrecision(5));
