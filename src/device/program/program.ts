import { type Backend, type BackendCall, backend, type Replay } from "../backend.js";
import { hostZeros } from "../host-storage.js";
import type { Storage } from "../storage.js";
import {
  type Call,
  type Checked,
  changedBy,
  identityOf,
  type Numbers,
  type Pointer,
  pointersOf,
  spell,
} from "./call.js";
import { Digest, digestOf } from "./digest.js";
import { type Holder, Port } from "./port.js";
import { type Surroundings, simplify } from "./simplify.js";
import { type Moved, make, Trial } from "./validate.js";

/** A shorter program, and where storage went of which it has its own. */
export interface Simplified {
  readonly program: Program;
  readonly moved: Moved;
}

/**
 * The calls of a backend that a computation made, in order. Replayed, they compute the same from what their storage holds
 * then, which is **given** (others write it between replays), **kept** (others may read it after one) or the program's
 * **own**: a device is sent the first, asked for the second, and nobody misses the third.
 */
export class Program {
  private readonly around: { readonly given: readonly Holder[]; readonly kept: readonly Holder[] };
  private readonly pointers: readonly Pointer[];
  private readonly results: readonly Holder[];
  /** The calls as a backend has prepared them, between looks at numbers. */
  private prepared: readonly Part[] | null = null;
  private preparedBy: Backend | null = null;

  /** @param around until it is known, any result may be asked for */
  constructor(
    private readonly calls: readonly Call[],
    around?: Surroundings,
  ) {
    this.pointers = calls.flatMap(pointersOf);
    this.results = calls.flatMap((call) => (call.kind === "kernel" ? [call.out] : []));
    const { given, kept } = around ?? { given: [], kept: this.written };
    this.around = { given: holdersOf(given), kept: holdersOf([...kept, ...this.changed]) };
  }

  /** What others write between replays: arguments. */
  get given(): readonly Storage[] {
    return this.around.given.map(({ data }) => data);
  }

  /** What others may read after a replay: what comes out, and what is changed in place (traces and gradients). */
  get kept(): readonly Storage[] {
    return this.around.kept.map(({ data }) => data);
  }

  /** All others: results on the way, and constants. */
  get own(): readonly Storage[] {
    const others = new Set([...this.given, ...this.kept].map(({ memory }) => memory));
    const all = new Set(this.places.map(({ data }) => data));
    return [...all].filter(({ memory }) => !others.has(memory));
  }

  /** Number of calls. */
  get length(): number {
    return this.calls.length;
  }

  /** Bytes of all results, which stay allocated between replays. */
  get bytes(): number {
    const all = new Set(this.results.map(({ data }) => data));
    return [...all].reduce((n, { bytes }) => n + bytes, 0);
  }

  /** What the program writes anew. */
  get written(): readonly Storage[] {
    return this.results.map(({ data }) => data);
  }

  /** What the program changes in place. */
  get changed(): readonly Storage[] {
    return this.calls.flatMap(changedBy);
  }

  /**
   * Only the calls that are needed, on as little storage as will do, and on such as nobody else has: what the computation left
   * elsewhere stays what it was. `null` where these calls were found to compute otherwise. This program shares calls with
   * it: use one of them.
   */
  simplified(around: Surroundings): Simplified | null {
    const at = backend();
    const trial = new Trial(this.calls, around.given, around.kept, at);
    const calls = simplify(this.calls, { ...around, regroups: at.regroups ?? false });
    const program = new Program(calls, around);
    const moved = new Map(trial.near);
    for (const data of program.written)
      moved.set(data, moved.get(data) ?? hostZeros(data.dtype, data.length));
    program.move(moved);
    return trial.passes(calls, moved) ? { program, moved } : null;
  }

  /** Has what points at some storage point at other. */
  private move(moved: Moved): void {
    for (const place of this.places) place.data = moved.get(place.data) ?? place.data;
  }

  /** Everything that holds a storage, and may be given another. */
  private get places(): readonly Holder[] {
    const { pointers, results, around } = this;
    return [...pointers, ...results, ...around.given, ...around.kept];
  }

  /** Readies the program for the backend of now, on the storage of now. */
  prepare(): void {
    this.preparedBy = backend();
    this.prepared = prepare(this.calls, this.preparedBy);
  }

  /** Whether it was prepared for the backend of now. */
  get isReady(): boolean {
    return this.preparedBy === backend();
  }

  /** The role of a storage: to be asked for once the program is prepared, and before anything is bound. */
  port(data: Storage): Port {
    return new Port(
      data,
      this.places.filter((place) => place.data === data),
      (this.prepared ?? []).flatMap(({ replay }) => replay?.port(data) ?? []),
    );
  }

  /** The name of the kernel that writes a storage; `null` where none does. */
  writerOf(data: Storage): string | null {
    const call = this.calls.find((c) => c.kind === "kernel" && c.out.data === data);
    return call?.kind === "kernel" ? call.name : null;
  }

  /**
   * Makes every call again, up to where a look at the numbers comes out otherwise than it did: `otherwise` where nothing is
   * changed in place by then, `halfway` where something is.
   */
  replay(): "done" | "otherwise" | "halfway" {
    if (!this.isReady) this.prepare();
    let changed = false;
    for (const { checked, calls, replay, changes } of this.prepared as readonly Part[]) {
      if (checked !== null && checked.again() !== checked.outcome) return changed ? "halfway" : "otherwise";
      if (replay !== null) replay.run();
      else for (const call of calls) make(call, this.preparedBy as Backend);
      changed ||= changes;
    }
    return "done";
  }

  /**
   * What the program does, as a digest that two recordings of one computation share. Storage in `named` goes by its name,
   * results by the calls that make them, traces and gradients by being the same, constants by what they hold. `say` puts
   * what came out into words, from the name of a storage.
   */
  fingerprint(
    named: ReadonlyMap<Storage, string>,
    say: (nameOf: (data: Storage) => string) => string = () => "",
  ): string {
    const known = new Map<Numbers, string>(named);
    for (const data of this.calls.flatMap(changedBy)) known.set(data, `kept ${identityOf(data)}`);
    const digests = new Map<Numbers, string>();
    const nameOf = (data: Numbers): string => {
      const name = known.get(data) ?? digests.get(data);
      if (name !== undefined) return name;
      const digest = digestOf(ArrayBuffer.isView(data) ? data : data.host());
      digests.set(data, digest);
      return digest;
    };
    const digest = new Digest();
    const hear = (word: string): void => digest.text(word);
    this.calls.forEach((call, i) => {
      if (call.kind === "kernel") known.set(call.out.data, `result ${i}`);
      spell(call, nameOf, hear);
    });
    digest.text(say(nameOf));
    return `${this.calls.length} calls ${digest}`;
  }
}

const holdersOf = (all: readonly Storage[]): Holder[] => [...new Set(all)].map((data) => ({ data }));

/** Calls that follow a look at numbers, or the start. */
interface Part {
  readonly checked: Checked | null;
  readonly calls: readonly BackendCall[];
  readonly replay: Replay | null;
  /** Whether they change something in place. */
  readonly changes: boolean;
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
    changes: part.calls.some(({ kind }) => kind === "trace"),
  }));
}
