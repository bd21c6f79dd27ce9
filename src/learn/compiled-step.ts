import type { TypedArray } from "../core/dtype.js";
import { RuleError } from "../core/errors.js";
import { type Leaf, leavesOf } from "../core/tree.js";
import { denseOf } from "../tensor/read.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { watch } from "../tensor/watch.js";
import type { ModelParams } from "./model.js";
import {
  type EagerStep,
  fillSlots,
  owned,
  type Recording,
  recordStep,
  type StepOutcome,
} from "./recording.js";
import type { Past } from "./step.js";

/** A step that was recorded once. */
interface Seen {
  readonly program: null;
  readonly fingerprint: string;
}

/** The first audit comes after so many replays; each later one after so many times as many. */
const [firstAudit, auditGrowth] = [16, 8];

/**
 * Time steps by replaying their kernel calls. Steps of one layout are recorded twice; where both recordings do the same,
 * later steps replay it. A model that looks at numbers to decide what to do is never replayed, nor is a step whose results
 * are large beside the influence. A model that changes otherwise, by a variable of its own, is found out at the next audit:
 * a step op by op, recorded and compared.
 */
export class CompiledStep<S> {
  private readonly recordings = new Map<string, Recording | Seen | "eager">();
  /** What was replayed last, and most likely comes next. */
  private last: Recording | null = null;

  constructor(
    private readonly rule: string,
    private readonly eager: EagerStep<S>,
    /** Bytes that the results of one step may go on taking. */
    private readonly limit: () => number,
  ) {}

  step(params: ModelParams, past: Past, sample: S): StepOutcome {
    // who watches for NaNs sees ops, not replays
    if (watch.by !== null) return this.eager(params, past, sample);
    const { last } = this;
    if (last !== null && !isAudit(last.replays + 1) && fits(last, params, past, sample))
      return this.replay(last, past, sample) ?? this.eager(params, past, sample);
    const layout = layoutOf(params, past, sample);
    const known = layout === null ? "eager" : this.recordings.get(layout);
    if (layout === null || known === "eager") return this.eager(params, past, sample);
    if (known?.program && !isAudit(known.replays + 1)) {
      bind(known, params);
      this.last = known;
      return this.replay(known, past, sample) ?? this.eager(params, past, sample);
    }
    return this.record(layout, known, params, past, sample);
  }

  /** Bytes of the arrays that replays write to. */
  get bytes(): number {
    let total = 0;
    for (const known of this.recordings.values())
      if (known !== "eager" && known.program)
        total += known.slots.reduce((n, t) => n + denseOf(t).data.byteLength, known.program.bytes);
    return total;
  }

  /** Forgets all recordings, for an influence that starts on new arrays. */
  clear(): void {
    this.recordings.clear();
    this.last = null;
  }

  /** A step op by op, compared with an earlier recording of it where there is one. */
  private record(
    layout: string,
    known: Recording | Seen | undefined,
    params: ModelParams,
    past: Past,
    sample: S,
  ): StepOutcome {
    const { recording: found, given } = recordStep(this.eager, params, past, sample, arraysOf(params));
    const { fingerprint } = found;
    const isSame = fingerprint === known?.fingerprint;
    if (known?.program && !isSame)
      throw new RuleError(
        `${this.rule}: expected a model that computes the same in all steps of one shape, got a change within the last ${known.replays} steps; start the rule without compile`,
      );
    const varies = found.program.reads > 0 || (known !== undefined && !isSame);
    const replays = known?.program ? known.replays + 1 : 0;
    // what was seen once may never come again: its arrays are not kept
    this.recordings.set(
      layout,
      varies ? "eager" : known ? this.adopt(found, replays) : { program: null, fingerprint },
    );
    if (this.last === known) this.last = null;
    return owned(found.outcome, found.slots, given);
  }

  /** What two recordings agree on is what replays need of it, where its results are small enough. */
  private adopt(found: Recording, replays: number): Recording | "eager" {
    const { slots, arrays, outcome } = found;
    const program = found.program.simplified({
      given: [...arrays, ...slots.map((t) => denseOf(t).data)],
      kept: leavesOf<Tensor>({ ...outcome }, isTensor).map(({ value }) => denseOf(value).data),
    });
    return program.bytes > this.limit() ? "eager" : { ...found, program, replays };
  }

  /** `null` where the step takes another course than it took, before it changed anything. */
  private replay(known: Recording, past: Past, sample: S): StepOutcome | null {
    const given = fillSlots(known, sample, past);
    const end = known.program.replay();
    if (end === "otherwise") return null;
    if (end === "halfway")
      throw new RuleError(
        `${this.rule}: expected derivatives that are finite where they were before, got one that is not; start the rule without compile`,
      );
    known.replays++;
    return owned(known.outcome, known.slots, given);
  }
}

function isAudit(replay: number): boolean {
  let at = firstAudit;
  while (at < replay) at *= auditGrowth;
  return at === replay;
}

const arraysOf = (params: ModelParams): TypedArray[] =>
  leavesOf<Tensor>(params, isTensor).map(({ value }) => denseOf(value).data);

/** Points the program at the parameters of now. */
function bind(known: Recording, params: ModelParams): void {
  if (params === known.params) return;
  const arrays = arraysOf(params);
  known.program.rebind(new Map(known.arrays.map((data, i) => [data, arrays[i]])));
  known.arrays = arrays;
  known.params = params;
}

/** Whether the arguments look like the recorded ones, and the parameters are those that the program points at. */
const fits = ({ params, form }: Recording, now: ModelParams, past: Past, sample: unknown): boolean =>
  params === now && form.past.fits(past) && form.sample.fits(sample);

/**
 * Where the tensors stand and what they look like; `null` where there is anything else, which no recording could follow,
 * or where parameters share an array, which later ones need not do.
 */
function layoutOf(params: ModelParams, past: Past, sample: unknown): string | null {
  let leaves: readonly Leaf<Tensor>[];
  try {
    leaves = leavesOf<Tensor>({ params, past, sample }, isTensor);
  } catch {
    return null;
  }
  const arrays = arraysOf(params);
  if (new Set(arrays).size < arrays.length) return null;
  return leaves
    .map(({ path, value }) => {
      const { strides, offset } = denseOf(value);
      return `${path}:${value.dtype}[${value.shape}]/${strides}+${offset}`;
    })
    .join(";");
}
