import { allocate, type TypedArray } from "../../core/dtype.js";
import {
  type Backend,
  type BackendCall,
  backend,
  type KernelCall,
  type Replay,
  withBackend,
} from "../backend.js";
import { type Checked, watchReads } from "../read.js";
import { type Call, changedBy, identityOf, inWords, type Pointer, pointersOf } from "./call.js";
import { type Surroundings, simplify } from "./simplify.js";

/** The calls of a backend that a computation made, in order. Replayed, they compute the same from what the arrays hold then. */
export class Program {
  private readonly pointers: readonly Pointer[];
  private readonly results: readonly { data: TypedArray }[];
  /** The calls as a backend has prepared them, between looks at numbers. */
  private prepared: readonly Part[] | null = null;
  private preparedBy: Backend | null = null;

  constructor(
    private readonly calls: readonly Call[],
    /** How often numbers were read on the way: what was computed may depend on them. */
    readonly reads: number,
  ) {
    this.pointers = calls.flatMap(pointersOf);
    this.results = calls.flatMap((call) => (call.kind === "kernel" ? [call.out] : []));
  }

  /** Number of calls. */
  get length(): number {
    return this.calls.length;
  }

  /** Bytes of all results, which stay allocated between replays. */
  get bytes(): number {
    const arrays = new Set(this.calls.flatMap((call) => (call.kind === "kernel" ? [call.out.data] : [])));
    return [...arrays].reduce((n, { byteLength }) => n + byteLength, 0);
  }

  /** Only the calls that are needed, on as few arrays as will do. This program shares arrays with it: use one of them. */
  simplified(around: Omit<Surroundings, "regroups">): Program {
    const regroups = backend().regroups ?? false;
    return new Program(simplify(this.calls, { ...around, regroups }), this.reads);
  }

  /**
   * Makes every call again, up to where a look at the numbers comes out otherwise than it did: `otherwise` where nothing is
   * changed in place by then, `halfway` where something is.
   */
  replay(): "done" | "otherwise" | "halfway" {
    const at = backend();
    if (this.preparedBy !== at) {
      this.prepared = prepare(this.calls, at);
      this.preparedBy = at;
    }
    let changed = false;
    for (const { checked, calls, replay } of this.prepared ?? []) {
      if (checked !== null && checked.again() !== checked.outcome) return changed ? "halfway" : "otherwise";
      if (replay !== null) replay.run();
      else for (const call of calls) make(call, at);
      changed ||= calls.some(({ kind }) => kind === "trace");
    }
    return "done";
  }

  /** Points everything that points at one of these arrays at another in its place. */
  rebind(arrays: ReadonlyMap<TypedArray, TypedArray>): void {
    for (const pointer of this.pointers) pointer.data = arrays.get(pointer.data) ?? pointer.data;
    for (const out of this.results) out.data = arrays.get(out.data) ?? out.data;
    for (const { replay } of this.prepared ?? []) replay?.rebind(arrays);
  }

  /** Has a result written to a new array from now on, which is returned; `null` where it is no kernel's. */
  renew(result: TypedArray): TypedArray | null {
    const call = this.calls.find((c) => c.kind === "kernel" && c.out.data === result) as
      | KernelCall
      | undefined;
    if (call === undefined) return null;
    const { dtype } = call.out;
    const other = backend().allocate?.(call.name, dtype, result.length) ?? allocate(dtype, result.length);
    this.rebind(new Map([[result, other]]));
    return other;
  }

  /**
   * What the program does, in words that two recordings of one computation share. Arrays in `named` go by their names,
   * results by the calls that make them, traces and gradients by being the same, constants by what they hold.
   */
  fingerprint(named: ReadonlyMap<TypedArray, string>): string {
    const known = new Map(named);
    for (const data of this.calls.flatMap(changedBy)) known.set(data, `kept ${identityOf(data)}`);
    return this.calls
      .map((call, i) => {
        if (call.kind === "kernel") known.set(call.out.data, `result ${i}`);
        return inWords(call, (data) => known.get(data) ?? digest(data));
      })
      .join("\n");
  }
}

/** Calls that follow a look at numbers, or the start. */
interface Part {
  readonly checked: Checked | null;
  readonly calls: readonly BackendCall[];
  readonly replay: Replay | null;
}

function prepare(calls: readonly Call[], at: Backend): Part[] {
  const parts: { checked: Checked | null; calls: BackendCall[] }[] = [{ checked: null, calls: [] }];
  for (const call of calls) {
    if (call.kind === "check") parts.push({ checked: call.checked, calls: [] });
    else parts[parts.length - 1].calls.push(call);
  }
  return parts.map((part) => ({
    ...part,
    replay: part.calls.length > 0 ? (at.record?.(part.calls) ?? null) : null,
  }));
}

function make(call: BackendCall, at: Backend): void {
  if (call.kind === "trace") {
    at.traceStep(call.step);
    return;
  }
  call.out.data.fill(0);
  at.run(call.name, call.inputs, call.attrs, call.out);
}

/** A constant by its bytes (FNV-1a, Fowler, Noll & Vo). */
function digest(data: ArrayBufferView): string {
  let hash = 0x811c9dc5;
  for (const byte of new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    hash = Math.imul(hash ^ byte, 0x01000193);
  return `constant ${data.byteLength} ${hash >>> 0}`;
}

let recordings = 0;

/** Whether calls are being kept: copies that a replay makes do not go through the backend, and would not be seen. */
export const isRecording = (): boolean => recordings > 0;

/** Runs `f` and keeps the calls that it makes of the backend. */
export function recordProgram<R>(f: () => R): { readonly result: R; readonly program: Program } {
  const calls: Call[] = [];
  const inner = backend();
  const recorder: Backend = {
    name: inner.name,
    allocate: inner.allocate?.bind(inner),
    run(name, inputs, attrs, out) {
      inner.run(name, inputs, attrs, out);
      calls.push({ kind: "kernel", name, inputs, attrs, out });
    },
    traceStep(step) {
      inner.traceStep(step);
      calls.push({ kind: "trace", step });
    },
  };
  recordings++;
  try {
    const { result, reads } = watchReads(
      (checked) => calls.push({ kind: "check", checked }),
      () => withBackend(recorder, f),
    );
    return { result, program: new Program(calls, reads) };
  } finally {
    recordings--;
  }
}
