/** A derivative by finite differences, and how far it may be off. */
export interface Difference {
  readonly values: Float64Array;
  /** Estimated error of each value. */
  readonly errors: Float64Array;
}

const levels = 10;
const shrink = 1.6;
/** How much a rounding of the function can grow in the last, extrapolated differences: 1.6^9 of the step, and the extrapolation. */
const amplification = 100;

/**
 * d/ds of `along(s)` at s = 0 by central differences on shrinking steps, extrapolated to step zero
 * (Richardson; with the error estimate of Ridders 1982). Stops once every estimate is below `goal` times the largest
 * derivative or value. No error is taken to be below what the rounding of the function's own values makes of it.
 */
export function differentiate(
  along: (s: number) => ArrayLike<number>,
  start: number,
  goal: number,
): Difference {
  const size: number[] = [];
  const central = (h: number): Float64Array => {
    const [up, down] = [along(h), along(-h)];
    for (let i = 0; i < up.length; i++) size[i] = Math.max(size[i] ?? 0, Math.abs(up[i]), Math.abs(down[i]));
    return Float64Array.from(up, (u, i) => (u - down[i]) / (2 * h));
  };
  let previous = [central(start)];
  const values = previous[0].slice();
  const errors = new Float64Array(values.length).fill(Number.POSITIVE_INFINITY);
  let h = start;
  for (let level = 1; level < levels && !settled(values, errors, goal); level++) {
    h /= shrink;
    const row = [central(h)];
    let factor = 1;
    for (let j = 1; j <= level; j++) {
      factor *= shrink * shrink;
      const [fine, coarse] = [row[j - 1], previous[j - 1]];
      const better = fine.map((v, i) => (v * factor - coarse[i]) / (factor - 1));
      row.push(better);
      for (let i = 0; i < values.length; i++) {
        const error = Math.max(Math.abs(better[i] - fine[i]), Math.abs(better[i] - coarse[i]));
        if (error > errors[i]) continue;
        errors[i] = error;
        values[i] = better[i];
      }
    }
    previous = row;
  }
  const rounding = (amplification * 2 ** -52) / start;
  return { values, errors: errors.map((e, i) => Math.max(e, rounding * size[i])) };
}

/**
 * How far the slopes of `along` right and left of 0 are apart; 0 where they approach each other with the step, as those
 * of a smooth function do. At a corner central differences settle halfway, on the derivative of neither side.
 */
export function cornerOf(along: (s: number) => ArrayLike<number>, start: number): number {
  const here = along(0);
  const bend = (h: number): Float64Array => {
    const [up, down] = [along(h), along(-h)];
    return Float64Array.from(here, (v, i) => Math.abs(up[i] - 2 * v + down[i]) / h);
  };
  const [coarse, fine] = [bend(start * 1e-3), bend(start * 1e-4)];
  return fine.reduce((top, b, i) => (b > coarse[i] / 2 ? Math.max(top, b) : top), 0);
}

function settled(values: Float64Array, errors: Float64Array, goal: number): boolean {
  const size = values.reduce((top, v) => Math.max(top, Math.abs(v)), 1);
  return errors.every((e) => e <= goal * size);
}
