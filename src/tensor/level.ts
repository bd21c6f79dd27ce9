import { LevelError } from "../core/errors.js";

/**
 * A transformation in progress, as far as values need to know it. Each call of `jvp`, `grad` and the like opens a
 * fresh, higher level, so that a value of an inner level never mixes with an outer one.
 */
export interface Level {
  /** Names the transformation in messages. */
  readonly name: string;
  readonly level: number;
  /** False once the transformation has returned. */
  open: boolean;
}

let levels = 0;

/** A level above all levels handed out so far. */
export function nextLevel(): number {
  levels += 1;
  return levels;
}

/** Levels that count as absent while something runs, as ranges; one inside the other. */
interface Muted {
  readonly low: number;
  readonly high: number;
  readonly outer: Muted | null;
}

/** Read by `apply` for every followed value. */
export let muted: Muted | null = null;

/** Runs `f` where values followed at levels from `low` up to the newest are their primals; levels opened inside count. */
export function belowLevel<R>(low: number, f: () => R): R {
  const outer = muted;
  muted = { low, high: levels, outer };
  try {
    return f();
  } finally {
    muted = outer;
  }
}

export function isMuted({ level }: Level): boolean {
  for (let m = muted; m !== null; m = m.outer) if (level >= m.low && level <= m.high) return true;
  return false;
}

export function requireOpen(level: Level, who: string): void {
  if (!level.open)
    throw new LevelError(
      `${who}: a value of a finished ${level.name} was used outside of it; return it from the function instead`,
    );
}
