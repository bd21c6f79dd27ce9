import type { TypedArray } from "../../core/dtype.js";
import { type Backend, backend, withBackend } from "../../device/backend.js";
import type { Call } from "../../device/program/call.js";
import { Program } from "../../device/program/program.js";
import { latestLevel } from "../level.js";
import { recording } from "../watch/recording.js";

/** A recorded computation. */
export interface Recorded<R> {
  readonly result: R;
  readonly program: Program;
  /** Arrays whose numbers were read on the way: what was computed may depend on them. */
  readonly reads: ReadonlySet<ArrayBufferView>;
  /** Whether a transformation outside of the computation follows an operand. */
  readonly isFollowed: boolean;
}

export interface RecordOptions {
  /** Leaves arrays that trace steps change in place as they are: to see what would be computed. */
  readonly dry?: boolean;
}

/** Whether calls are being kept: copies that a replay makes do not go through the backend, and would not be seen. */
export const isRecording = (): boolean => recording.by !== null;

/** Runs `f` and keeps the calls that it makes of the backend. */
export function recordProgram<R>(f: () => R, { dry = false }: RecordOptions = {}): Recorded<R> {
  const calls: Call[] = [];
  const reads = new Set<ArrayBufferView>();
  let isFollowed = false;
  const inner = backend();
  const recorder: Backend = {
    name: inner.name,
    allocate: inner.allocate?.bind(inner),
    run(name, inputs, attrs, out) {
      inner.run(name, inputs, attrs, out);
      calls.push({ kind: "kernel", name, inputs, attrs, out });
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

/** The arrays of a set, or views of them, that lie in one of these buffers. */
export const liesIn = (arrays: Iterable<ArrayBufferView>, others: readonly TypedArray[]): boolean => {
  const buffers = new Set(others.map(({ buffer }) => buffer));
  for (const { buffer } of arrays) if (buffers.has(buffer as ArrayBufferLike)) return true;
  return false;
};
