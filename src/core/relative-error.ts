/**
 * max|got − expected| / max|expected| over the entries of a block; absolute where the expected block is zero, infinite
 * where a difference is not finite or the lengths differ.
 */
export function relativeError(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (got.length !== expected.length) return Number.POSITIVE_INFINITY;
  let [difference, size] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    const d = Math.abs(got[i] - expected[i]);
    if (!Number.isFinite(d)) return Number.POSITIVE_INFINITY;
    difference = Math.max(difference, d);
    size = Math.max(size, Math.abs(expected[i]));
  }
  return size > 0 ? difference / size : difference;
}
