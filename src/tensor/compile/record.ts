import { type Backend, backend, type Operand, withBackend } from "../../device/backend.js";
import type { Call } from "../../device/program/call.js";
import { Program } from "../../device/program/program.js";
import { recording } from "../../device/recording.js";
import type { Storage } from "../../device/storage.js";
import { latestLevel } from "../level.js";

/** A recorded computation. */
export interface Recorded<R> {
  readonly result: R;
  readonly program: Program;
  /** What was read on the way: what was computed may depend on its numbers. */
  readonly reads: ReadonlySet<Storage>;
  /** Whether a transformation outside of the computation follows an operand. */
  readonly isFollowed: boolean;
}

export interface RecordOptions {
  /** Leaves what trace steps change in place as it is: to see what would be computed. */
  readonly dry?: boolean;
}

/** Whether calls are being kept: copies that a replay makes do not go through the backend, and would not be seen. */
export const isRecording = (): boolean => recording.by !== null;

/** Runs `f` and keeps the calls that it makes of the backend. */
export function recordProgram<R>(f: () => R, { dry = false }: RecordOptions = {}): Recorded<R> {
  const calls: Call[] = [];
  const reads = new Set<Storage>();
  let isFollowed = false;
  const inner = backend();
  const recorder: Backend = {
    name: inner.name,
    allocate: inner.allocate?.bind(inner),
    run(name, inputs, attrs, out) {
      inner.run(name, inputs, attrs, out);
      calls.push({ kind: "kernel", name, inputs: inputs.map(own), attrs, out });
    },
    traceStep(step) {
      if (!dry) inner.traceStep(step);
      calls.push({ kind: "trace", step });
    },
  };
  const outer = recording.by;
  recording.by = {
    floor: latestLevel(),
    read: (data) => reads.add(data),
    checked: (checked) => calls.push({ kind: "check", checked }),
    followed: () => {
      isFollowed = true;
    },
  };
  try {
    const result = withBackend(recorder, f);
    return { result, program: new Program(calls), reads, isFollowed };
  } finally {
    recording.by = outer;
  }
}

/** An operand of its own, which a program may point elsewhere: that of a call belongs to a tensor. */
const own = ({ data, shape, strides, offset, dtype }: Operand): Operand => ({
  data,
  shape,
  strides,
  offset,
  dtype,
});

/** Whether any of a set shares its memory with one of these. */
export const liesIn = (some: Iterable<Storage>, others: readonly Storage[]): boolean => {
  const memories = new Set(others.map(({ memory }) => memory));
  for (const { memory } of some) if (memories.has(memory)) return true;
  return false;
};
