/** Powers of 16, from below the least to above the greatest. */
export function byteTicks(bytes: readonly number[]): number[] {
  const low = Math.floor(Math.log2(Math.min(...bytes)) / 4);
  const high = Math.ceil(Math.log2(Math.max(...bytes)) / 4);
  return Array.from({ length: high - low + 1 }, (_, i) => 16 ** (low + i));
}

/** A Vega expression, as the axis formats its own labels. */
export const byteLabel = ["KiB", "MiB", "GiB", "TiB"].reduce(
  (smaller, unit, i) =>
    `datum.value >= ${1024 ** (i + 1)} ? (datum.value / ${1024 ** (i + 1)}) + ' ${unit}' : ${smaller}`,
  "datum.value + ' B'",
);
