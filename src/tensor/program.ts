import type { TypedArray } from "../core/dtype.js";
import { type Backend, backend, type Operand, type Result, withBackend } from "./backend.js";
import { type Checked, watchReads } from "./read.js";
import type { Strided, TraceStep } from "./trace-step.js";

/** One call of a backend on fixed arrays, or a look at numbers that decided what came next. */
type Call =
  | {
      readonly kind: "kernel";
      readonly name: string;
      readonly inputs: readonly Operand[];
      readonly attrs: unknown;
      readonly out: Result;
    }
  | { readonly kind: "trace"; readonly step: TraceStep }
  | { readonly kind: "check"; readonly checked: Checked };

/** Something that points at numbers. */
type Pointer = { data: TypedArray };

/** The calls of a backend that a computation made, in order. Replayed, they compute the same from what the arrays hold then. */
export class Program {
  private readonly pointers: readonly Pointer[];

  constructor(
    private readonly calls: readonly Call[],
    /** How often numbers were read on the way: what was computed may depend on them. */
    readonly reads: number,
  ) {
    this.pointers = calls.flatMap(pointersOf);
  }

  /** Number of calls. */
  get length(): number {
    return this.calls.length;
  }

  /** Bytes of all results, which stay allocated between replays. */
  get bytes(): number {
    return this.calls.reduce((n, call) => n + (call.kind === "kernel" ? call.out.data.byteLength : 0), 0);
  }

  /** Makes every call again; false, with nothing more done, where a look at the numbers comes out otherwise than it did. */
  replay(): boolean {
    const at = backend();
    for (const call of this.calls) {
      if (call.kind === "kernel") {
        call.out.data.fill(0);
        at.run(call.name, call.inputs, call.attrs, call.out);
      } else if (call.kind === "trace") at.traceStep(call.step);
      else if (call.checked.again() !== call.checked.outcome) return false;
    }
    return true;
  }

  /** Points everything that points at one of these arrays at another in its place. */
  rebind(arrays: ReadonlyMap<TypedArray, TypedArray>): void {
    for (const pointer of this.pointers) pointer.data = arrays.get(pointer.data) ?? pointer.data;
  }

  /**
   * What the program does, in words that two recordings of one computation share. Arrays in `named` go by their names,
   * results by the calls that make them, traces and gradients by being the same, constants by what they hold.
   */
  fingerprint(named: ReadonlyMap<TypedArray, string>): string {
    const known = new Map(named);
    for (const call of this.calls)
      if (call.kind === "trace")
        for (const data of [...call.step.traces, call.step.gradient])
          if (data) known.set(data, `kept ${identityOf(data)}`);
    return this.calls
      .map((call, i) => {
        if (call.kind === "kernel") known.set(call.out.data, `result ${i}`);
        return JSON.stringify(call, (_, value: unknown) => {
          if (ArrayBuffer.isView(value)) return known.get(value as TypedArray) ?? digest(value);
          // JSON has no word for these
          return typeof value === "number" && !Number.isFinite(value) ? `${value}` : value;
        });
      })
      .join("\n");
  }
}

const identities = new WeakMap<TypedArray, number>();
let identified = 0;

/** A number for an array, the same as long as it lives. */
function identityOf(data: TypedArray): number {
  const found = identities.get(data) ?? ++identified;
  identities.set(data, found);
  return found;
}

/** A constant by its bytes (FNV-1a, Fowler, Noll & Vo). */
function digest(data: ArrayBufferView): string {
  let hash = 0x811c9dc5;
  for (const byte of new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    hash = Math.imul(hash ^ byte, 0x01000193);
  return `constant ${data.byteLength} ${hash >>> 0}`;
}

function pointersOf(call: Call): Pointer[] {
  const own = (s: Strided | null): Pointer[] => (s ? [s as Pointer] : []);
  if (call.kind === "kernel") return call.inputs as unknown as Pointer[];
  if (call.kind === "check") return [call.checked.operand as Pointer];
  const { terms, before, after } = call.step;
  return [
    ...terms.flatMap(({ coefficient, base }) => [...own(coefficient), ...own(base)]),
    ...[before, after].flatMap((c) => c?.vectors.flatMap(own) ?? []),
  ];
}

/** Runs `f` and keeps the calls that it makes of the backend. */
export function recordProgram<R>(f: () => R): { readonly result: R; readonly program: Program } {
  const calls: Call[] = [];
  const inner = backend();
  const recorder: Backend = {
    name: inner.name,
    run(name, inputs, attrs, out) {
      inner.run(name, inputs, attrs, out);
      calls.push({ kind: "kernel", name, inputs, attrs, out });
    },
    traceStep(step) {
      inner.traceStep(step);
      calls.push({ kind: "trace", step });
    },
  };
  const { result, reads } = watchReads(
    (checked) => calls.push({ kind: "check", checked }),
    () => withBackend(recorder, f),
  );
  return { result, program: new Program(calls, reads) };
}
