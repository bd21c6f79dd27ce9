import type { Step } from "../parts/steps.js";

/** Cuts batches somewhere else: the earliest update first of those that are wanted. */
export interface Cutter {
  cut(update: number): void;
  /** Is no longer wanted. It may come nevertheless, if it is being cut. */
  drop(update: number): void;
}

/** A batch that is being cut or was, until whoever asked for it has it. */
interface Batch {
  readonly promise: Promise<Step[]>;
  readonly resolve: (steps: Step[]) => void;
  readonly reject: (error: Error) => void;
  asked: boolean;
  isMade: boolean;
}

function pending(): Batch {
  let [resolve, reject]: [Batch["resolve"], Batch["reject"]] = [() => {}, () => {}];
  const promise = new Promise<Step[]>((made, failed) => {
    [resolve, reject] = [made, failed];
  });
  // nobody may ever ask for it
  promise.catch(() => {});
  return { promise, resolve, reject, asked: false, isMade: false };
}

/**
 * Has the batches cut that follow the last one that was asked for, so that they are there when they are asked for. Besides
 * what was asked for, at most `ahead` are held or under way; others are dropped.
 */
export class Ahead {
  private readonly batches = new Map<number, Batch>();
  private failure: Error | null = null;

  /** @param updates how many updates there are */
  constructor(
    private readonly cutter: Cutter,
    private readonly updates: number,
    private readonly ahead: number,
  ) {}

  /** The batch of an update; cut anew where it was handed out before. */
  ask(update: number): Promise<Step[]> {
    if (this.failure !== null) return Promise.reject(this.failure);
    const last = Math.min(update + this.ahead, this.updates - 1);
    for (const [at, { asked }] of this.batches)
      if (!asked && (at < update || at > last)) {
        this.batches.delete(at);
        this.cutter.drop(at);
      }
    for (let at = update; at <= last; at++) {
      if (this.batches.has(at)) continue;
      this.batches.set(at, pending());
      this.cutter.cut(at);
    }
    const found = this.batches.get(update) as Batch;
    found.asked = true;
    if (found.isMade) this.batches.delete(update);
    return found.promise;
  }

  /** Takes in what was cut. */
  made(update: number, steps: Step[]): void {
    const found = this.batches.get(update);
    // dropped while it was being cut
    if (found === undefined) return;
    found.isMade = true;
    found.resolve(steps);
    if (found.asked) this.batches.delete(update);
  }

  /** Whoever waits, and whoever asks later, gets the error: the first, if there are several. */
  fail(error: Error): void {
    this.failure ??= error;
    for (const { reject } of this.batches.values()) reject(this.failure);
    this.batches.clear();
  }
}
