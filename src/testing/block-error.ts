import { relativeError } from "../core/relative-error.js";
import { someNumbers } from "./kinds.js";

/** How far a gradient is from the one expected. */
export interface BlockError {
  /** max|got − expected| / max|expected|; absolute where the expected block is zero; infinite where either is not finite. */
  readonly error: number;
  /** Cosine of the angle between the two; 1 where both are zero. */
  readonly cosine: number;
  /** ‖got‖ / ‖expected‖; 1 where both are zero. */
  readonly normRatio: number;
}

/** One block of a comparison and its name, such as `areas.0.W`. */
export interface BlockReport extends BlockError {
  readonly path: string;
}

/** A line per block under a heading: error, cosine, norm ratio. */
export function blockTable(blocks: readonly BlockReport[], indent = "  "): string {
  const rows = [
    ["block", "error", "cosine", "norm ratio"],
    ...blocks.map(({ path, error, cosine, normRatio }) => [
      path,
      error.toExponential(2),
      cosine.toFixed(6),
      normRatio.toFixed(6),
    ]),
  ];
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  const line = (row: readonly string[]): string =>
    row.map((text, i) => (i === 0 ? text.padEnd(widths[i]) : text.padStart(widths[i]))).join("  ");
  return rows.map((row) => `${indent}${line(row)}`).join("\n");
}

/** Compares the entries of one block. */
export function blockError(got: ArrayLike<number>, expected: ArrayLike<number>): BlockError {
  someNumbers("blockError", "what came", got);
  someNumbers("blockError", "what was expected", expected);
  const error = relativeError(got, expected);
  if (!Number.isFinite(error)) return { error, cosine: Number.NaN, normRatio: Number.NaN };
  // scaled, so that squares of tiny gradients do not vanish
  const top = Math.max(largest(got), largest(expected)) || 1;
  let [dot, gg, ee] = [0, 0, 0];
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [got[i] / top, expected[i] / top];
    dot += a * b;
    gg += a * a;
    ee += b * b;
  }
  const bothZero = gg === 0 && ee === 0;
  return {
    error,
    cosine: bothZero ? 1 : dot / Math.sqrt(gg * ee),
    normRatio: bothZero ? 1 : Math.sqrt(gg / ee),
  };
}

export function largest(values: ArrayLike<number>): number {
  let top = 0;
  for (let i = 0; i < values.length; i++) top = Math.max(top, Math.abs(values[i]));
  return top;
}
