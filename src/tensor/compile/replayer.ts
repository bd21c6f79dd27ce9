import { formatBytes } from "../../core/bytes.js";
import { backend } from "../../device/backend.js";
import { denseOf } from "../read.js";
import type { SavedPart } from "../saved/part.js";
import type { Saved } from "../saved/save.js";
import type { Tensor } from "../tensor.js";
import { watch } from "../watch/watch.js";
import { auditAfter, isAuditBefore } from "./audits.js";
import { copierOf } from "./form.js";
import { outlineOf } from "./outline.js";
import { isRecording } from "./record.js";
import { type Computation, movedTo, RecordedCall, type Sample, sampleOf } from "./recorded-call.js";

export interface ReplayerOptions<P, A, R> {
  /** The computation op by op: what is recorded, and what a replay must equal. */
  readonly eager: Computation<P, A, R>;
  /** Bytes that results of one call may go on taking. */
  readonly limit: () => number;
  /** Whether the values of an outcome are those of a call op by op, as far as rounding tells; a whole audit stands in for it. */
  readonly agrees?: (pointed: P, args: A, outcome: R) => boolean;
  /** Throws for arguments that are refused; without it, what no recording could follow is made op by op. */
  readonly refuse?: (pointed: P, args: A) => void;
  /** What to say where the computation was found to change: results since this call, counted from 1, may be wrong. */
  readonly changed: (since: number) => Error;
  /** What to say where derivatives are not finite that were, and something is changed already. */
  readonly halfway: () => Error;
}

/** A call that was recorded once. */
interface Seen {
  readonly seen: string;
}

/** A call that was recorded so often in the process that its replayer was saved in. */
interface Remembered {
  readonly recordings: "one" | "two";
}

/** Layouts that are told apart; more are computed op by op. */
const mostLayouts = 64;
/** Calls in a row that a transformation follows, after which a layout is no longer recorded. */
const mostFollowed = 16;

/**
 * Makes calls by replaying their kernel calls. Calls of one layout (everything but the numbers) are recorded twice; where
 * both recordings do the same, later ones replay it. A computation that looks at numbers to decide what to do, that a
 * transformation follows, or whose results are large, is made op by op. One that changes otherwise, by a variable of its own,
 * is found out at the next audit: a call op by op that changes nothing, recorded and compared.
 */
export class Replayer<P, A, R> {
  private readonly layouts = new Map<string, RecordedCall<P, A, R> | Seen | Remembered | "eager">();
  /** What was replayed last, and most likely comes next. */
  private last: RecordedCall<P, A, R> | null = null;
  /** All that can be replayed. */
  private recorded: readonly RecordedCall<P, A, R>[] = [];
  private calls = 0;
  private followed = 0;
  /** Why calls are made op by op for good. */
  private distrusted: string | null = null;
  /** Why the last call was made op by op; `null` where it was replayed, or recorded to be. */
  reason: string | null = null;

  constructor(private readonly options: ReplayerOptions<P, A, R>) {}

  call(pointed: P, args: A): R {
    this.calls++;
    const { last } = this;
    // who watches for NaNs, and an outer recording, see ops, not replays
    if (watch.by !== null || isRecording() || this.distrusted !== null)
      return this.eager(pointed, args, this.distrusted);
    if (last?.isReady && last.take(pointed, args)) return this.replay(last, pointed, args);
    // a look that puts arguments in their places at once is quicker than words for what they look like
    for (const known of this.recorded)
      if (known !== last && known.isReady && known.take(pointed, args)) {
        this.last = known;
        return this.replay(known, pointed, args);
      }
    const layout = this.layoutOf(pointed, args);
    if (layout === null) return this.eager(pointed, args, this.reason);
    const known = this.known(layout, pointed, args);
    if (known === "eager") return this.eager(pointed, args, this.reason);
    if (known === undefined && this.layouts.size >= mostLayouts)
      return this.eager(pointed, args, `calls look different in more than ${mostLayouts} ways`);
    if (!(known instanceof RecordedCall)) return this.record(layout, known, pointed, args);
    // recorded just now, as it was before it was saved; else for another backend
    if (known.isReady && known.take(pointed, args)) return this.replay(known, pointed, args);
    return this.record(layout, undefined, pointed, args);
  }

  /**
   * Compares with op by op what was replayed since that was last done: before what was gathered is handed out, at growing
   * distances; where recordings are about to be forgotten, `last`, all of them.
   */
  settle(last = false): void {
    for (const known of [...this.recorded]) {
      const since = known.replays - known.audited;
      if (last ? since === 0 : !isAuditBefore(known.settled, since)) continue;
      known.settled++;
      this.audit(known);
    }
  }

  /** Bytes of the storage that replays write to. */
  get bytes(): number {
    return this.recorded.reduce((n, { bytes }) => n + bytes, 0);
  }

  /** Forgets all recordings, for a computation that changes other storage from now on. */
  clear(): void {
    this.layouts.clear();
    this.recorded = [];
    this.last = null;
  }

  /** Which calls are replayed, and which are on their way there: with that, the next ones are made as they would be made now. */
  save(): Saved {
    const layouts = [...this.layouts].map(([layout, known]) => [layout, wordOf(known)]);
    return { calls: this.calls, distrusted: this.distrusted, reason: this.reason, layouts };
  }

  /** Goes on from there; from the start where nothing was saved. Recordings are made anew, by calls that change nothing. */
  resume(saved: SavedPart): void {
    saved.maybe((part) => this.goOn(part));
  }

  private goOn(saved: SavedPart): void {
    this.clear();
    this.calls = saved.at("calls").count();
    this.distrusted = saved.at("distrusted").maybe((part) => part.text());
    this.reason = saved.at("reason").maybe((part) => part.text());
    for (const pair of saved.at("layouts").list()) {
      const [layout, word] = pair.list(2);
      const known = word.oneOf("eager", "one", "two");
      this.layouts.set(layout.text(), known === "eager" ? known : { recordings: known });
    }
  }

  /** Makes all calls op by op from now on. */
  distrust(reason: string): void {
    this.distrusted = reason;
    this.clear();
  }

  /** What is known of a layout; what was saved of it is recorded again, in dry calls. */
  private known(layout: string, pointed: P, args: A): RecordedCall<P, A, R> | Seen | "eager" | undefined {
    const known = this.layouts.get(layout);
    if (typeof known !== "object" || !("recordings" in known)) return known;
    const dry = (): Sample<P, A, R> => sampleOf(this.options.eager, pointed, args, { dry: true });
    const found = dry();
    if (found.isFollowed) return undefined;
    this.layouts.delete(layout);
    if (found.obstacle !== null) return undefined;
    const fingerprint = found.fingerprint();
    this.layouts.set(layout, { seen: fingerprint });
    if (known.recordings === "two" && dry().fingerprint() === fingerprint)
      this.adopt(layout, found, fingerprint);
    return this.layouts.get(layout) as RecordedCall<P, A, R> | Seen | "eager";
  }

  private eager(pointed: P, args: A, reason: string | null): R {
    this.reason = reason;
    return this.options.eager(pointed, args);
  }

  private replay(known: RecordedCall<P, A, R>, pointed: P, args: A): R {
    const found = known.replay();
    if (found.end === "otherwise") return this.eager(pointed, args, "derivatives are not finite that were");
    if (found.end === "halfway") throw this.options.halfway();
    this.reason = null;
    const audit = auditAfter(known.replays);
    if (audit !== null) this.audit(known, audit === "values" ? found.outcome : undefined);
    return found.outcome;
  }

  /** Compares all that is computed, or the values of an outcome alone, which vouches for nothing else. */
  private audit(known: RecordedCall<P, A, R>, outcome?: R): void {
    const { since } = known;
    const { eager, agrees } = this.options;
    const isSame =
      outcome !== undefined && agrees
        ? known.compare((pointed, args) => agrees(pointed, args, outcome))
        : known.audit(eager, this.calls);
    if (isSame) return;
    this.distrust("it was found to compute otherwise in a call that looks the same");
    throw this.options.changed(since + 1);
  }

  /** A call op by op, compared with an earlier recording of it where there is one. */
  private record(layout: string, known: Seen | undefined, pointed: P, args: A): R {
    const found = sampleOf(this.options.eager, pointed, args);
    if (found.isFollowed) {
      if (++this.followed >= mostFollowed) this.layouts.set(layout, "eager");
      this.reason = "a transformation outside of it follows what it computes";
      return found.outcome;
    }
    this.followed = 0;
    const given = new Map([...found.own.pointed, ...found.own.copied].map((t, i) => [t, found.given[i]]));
    const fingerprint = found.obstacle === null ? found.fingerprint() : "";
    this.reason =
      found.obstacle ??
      (known !== undefined && known.seen !== fingerprint
        ? "it computes otherwise in calls that look the same"
        : null);
    if (this.reason !== null) this.layouts.set(layout, "eager");
    else if (known === undefined) {
      // what was seen once may never come again: its storage is not kept
      this.layouts.set(layout, { seen: fingerprint });
      return found.outcome;
    }
    if (found.obstacle !== null) return found.outcome;
    const outcome = copierOf(found.outcome).copy(given) as R;
    if (this.reason === null) this.adopt(layout, found, fingerprint);
    return outcome;
  }

  /** What two recordings agree on is what replays need of it, where its results are small enough. */
  private adopt(layout: string, found: Sample<P, A, R>, fingerprint: string): void {
    const kept: Tensor[] = [];
    outlineOf("", found.outcome, (t) => `${kept.push(t)}`);
    const simplified = found.program.simplified({
      given: [...found.own.pointed, ...found.own.copied].map((t) => denseOf(t).data),
      kept: kept.map((t) => denseOf(t).data),
    });
    const limit = this.options.limit();
    if (simplified === null) {
      this.reason = "its replay would compute otherwise";
      this.layouts.set(layout, "eager");
    } else if (simplified.program.bytes > limit) {
      this.reason = `its results take ${formatBytes(simplified.program.bytes)}, more than ${formatBytes(limit)}`;
      this.layouts.set(layout, "eager");
    } else {
      const known = new RecordedCall(movedTo(found, simplified), fingerprint, this.calls);
      this.layouts.set(layout, known);
      // those of another backend will not be asked again
      this.recorded = [...this.recorded.filter((other) => other.isReady), known];
    }
  }

  /** The layout of a call; `null` where there is what no recording could follow. */
  private layoutOf(pointed: P, args: A): string | null {
    this.options.refuse?.(pointed, args);
    let isNumbers = true;
    try {
      const outline = outlineOf("argument", [pointed, args], (t) => {
        isNumbers &&= t.value.kind === "dense";
        return `${t.dtype}(${t.shape})`;
      });
      if (isNumbers) return `${backend().name} ${outline}`;
      this.reason = "a transformation outside of it follows an argument";
    } catch (error) {
      this.reason = (error as Error).message;
    }
    return null;
  }
}

/** How far a layout is on its way to replays. */
function wordOf<P, A, R>(known: RecordedCall<P, A, R> | Seen | Remembered | "eager"): string {
  if (known === "eager") return known;
  if (known instanceof RecordedCall) return "two";
  return "recordings" in known ? known.recordings : "one";
}
