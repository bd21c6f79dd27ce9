import type { DType } from "../core/dtype.js";
import { BackendError } from "../core/errors.js";
import type { Shape } from "../core/shape.js";
import type { Storage } from "./storage.js";
import type { TraceStep } from "./trace-step.js";

/** An input of a kernel: a strided view. */
export interface Operand {
  readonly data: Storage;
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
  readonly dtype: DType;
}

/** An output of a kernel: contiguous, row-major, and zero-filled unless the backend allocated it otherwise. */
export interface Result {
  readonly data: Storage;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** One call of a backend on fixed storage. */
export type BackendCall = KernelCall | { readonly kind: "trace"; readonly step: TraceStep };

export interface KernelCall {
  readonly kind: "kernel";
  readonly name: string;
  readonly inputs: readonly Operand[];
  readonly attrs: unknown;
  readonly out: Result;
}

/** Calls that a backend has prepared to make again. */
export interface Replay {
  /** Makes all of them. */
  run(): void;
  /** Points all that points at this storage, of those prepared, at another of its length; `null` where nothing does. */
  port(data: Storage): ((other: Storage) => void) | null;
}

/** Where numbers are computed. `js` defines the meaning of every op; others must agree with it. */
export interface Backend {
  readonly name: string;
  /** Runs the kernel of the op `name`. */
  run(name: string, inputs: readonly Operand[], attrs: unknown, out: Result): void;
  /** Storage for the result of a kernel of this backend; default: zeros on the host. */
  allocate?(name: string, dtype: DType, n: number): Storage;
  /** The hot loop of forward-in-time learning, fused: see `TraceStep`. */
  traceStep(step: TraceStep): void;
  /** Whether replays may add up in another order than op by op; `js` gives the same numbers to the last bit. */
  readonly regroups?: boolean;
  /** Prepares calls to be made again and again, faster than one by one; null where it cannot. */
  record?(calls: readonly BackendCall[]): Replay | null;
}

const backends = new Map<string, Backend>();
let current: Backend | null = null;

/** Adds a backend; the first one added is the current one. */
export function registerBackend(backend: Backend): void {
  backends.set(backend.name, backend);
  current ??= backend;
}

/** Names of the backends at hand. */
export function backendNames(): string[] {
  return [...backends.keys()];
}

/** Makes a registered backend the current one. @throws BackendError for an unknown name. */
export function useBackend(name: string): void {
  const found = backends.get(name);
  if (!found)
    throw new BackendError(
      `backend: expected one of ${backendNames().join(", ")}, got "${name}"`,
      "unknown-backend",
    );
  current = found;
}

/** Name of the backend that computes, such as `native`. */
export const backendName = (): string => backend().name;

export function backend(): Backend {
  if (!current) throw new BackendError('backend: none is registered; import "onward" first', "no-backend");
  return current;
}

/** Runs `f` with another backend in place of the current one. */
export function withBackend<R>(other: Backend, f: () => R): R {
  const before = current;
  current = other;
  try {
    return f();
  } finally {
    current = before;
  }
}
