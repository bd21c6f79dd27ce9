/** How far a gradient is from the one expected. */
export interface BlockError {
  /** max|got − expected| / max|expected|; absolute where the expected block is zero; infinite where either is not finite. */
  readonly error: number;
  /** Cosine of the angle between the two; 1 where both are zero. */
  readonly cosine: number;
  /** ‖got‖ / ‖expected‖; 1 where both are zero. */
  readonly normRatio: number;
}

/** Compares the entries of one block. Both lists are equally long. */
export function blockError(got: ArrayLike<number>, expected: ArrayLike<number>): BlockError {
  let [difference, size, dot, gg, ee] = [0, 0, 0, 0, 0];
  // scaled, so that squares of tiny gradients do not vanish
  const top = Math.max(largest(got), largest(expected)) || 1;
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [got[i], expected[i]];
    const d = Math.abs(a - b);
    if (!Number.isFinite(d))
      return { error: Number.POSITIVE_INFINITY, cosine: Number.NaN, normRatio: Number.NaN };
    difference = Math.max(difference, d);
    size = Math.max(size, Math.abs(b));
    dot += (a / top) * (b / top);
    gg += (a / top) ** 2;
    ee += (b / top) ** 2;
  }
  const bothZero = gg === 0 && ee === 0;
  return {
    error: size > 0 ? difference / size : difference,
    cosine: bothZero ? 1 : dot / Math.sqrt(gg * ee),
    normRatio: bothZero ? 1 : Math.sqrt(gg / ee),
  };
}

function largest(values: ArrayLike<number>): number {
  let top = 0;
  for (let i = 0; i < values.length; i++) top = Math.max(top, Math.abs(values[i]));
  return top;
}
