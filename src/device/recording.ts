import type { Checked } from "./program/call.js";
import type { Storage } from "./storage.js";

/** One who is told what a computation does beside calling kernels, while these are recorded. */
export interface Recorder {
  /** Levels up to this one were open before: their transformations follow what is recorded. */
  readonly floor: number;
  /** Numbers left this storage: what is computed may depend on them. */
  read(storage: Storage): void;
  checked(checked: Checked): void;
  /** An operand belongs to a transformation outside of the computation. */
  followed(): void;
}

/** Who is told: nobody while nothing is recorded, and then it costs one comparison. */
export const recording: { by: Recorder | null } = { by: null };

/** Runs `f` where nobody is told. */
export function untold<R>(f: () => R): R {
  const { by } = recording;
  recording.by = null;
  try {
    return f();
  } finally {
    recording.by = by;
  }
}

/** Tells of a value that belongs to this level. */
export function noteLevel(level: number): void {
  if (recording.by !== null && level <= recording.by.floor) recording.by.followed();
}
