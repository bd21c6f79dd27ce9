/** exp of the entropy of numbers of at least 0 over their sum: how many of them there are, in effect. 0 where all are 0. */
export function effectiveRank(weights: readonly number[]): number {
  const some = weights.filter((w) => w > 0);
  const total = some.reduce((a, b) => a + b, 0);
  if (total === 0) return 0;
  return Math.exp(some.reduce((sum, w) => sum - (w / total) * Math.log(w / total), 0));
}
