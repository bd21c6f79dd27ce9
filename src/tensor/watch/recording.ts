import type { Checked } from "../../device/program/call.js";

/** One who is told what a computation does beside calling kernels, while these are recorded. */
export interface Recorder {
  /** Levels up to this one were open before: their transformations follow what is recorded. */
  readonly floor: number;
  /** Numbers left this array: what is computed may depend on them. */
  read(data: ArrayBufferView): void;
  checked(checked: Checked): void;
  /** An operand belongs to a transformation outside of the computation. */
  followed(): void;
}

/** Who is told: nobody while nothing is recorded, and then it costs one comparison. */
export const recording: { by: Recorder | null } = { by: null };

/** Tells of a value that belongs to this level. */
export function noteLevel(level: number): void {
  if (recording.by !== null && level <= recording.by.floor) recording.by.followed();
}
