import { LevelError } from "../core/errors.js";
import type { Op } from "./op.js";
import type { Tensor } from "./tensor.js";

/**
 * A transformation in progress. Each call of `jvp`, `grad` and the like opens a fresh, higher level,
 * so that a value of an inner level never mixes with an outer one.
 */
export interface Trace {
  /** Names the transformation in messages. */
  readonly name: string;
  readonly level: number;
  /** False once the transformation has returned. */
  open: boolean;
  /** Applies `op` where at least one input is traced at this level and none at a higher one. */
  process(op: Op<unknown>, inputs: readonly Tensor[], attrs: unknown): Tensor;
}

let levels = 0;

/** A level above all levels handed out so far. */
export function nextLevel(): number {
  levels += 1;
  return levels;
}

export function requireOpen(trace: Trace, who: string): void {
  if (!trace.open)
    throw new LevelError(
      `${who}: a value of a finished ${trace.name} was used outside of it; return it from the function instead`,
    );
}
