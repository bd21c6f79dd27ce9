/** How long was waited for batches. */
export interface Waited {
  readonly seconds: number;
  /** Of the time since the first batch was there, 0 to 1. */
  readonly share: number;
}

/** Measures how long somebody waits, from when a first wait is over: what came before was the start. */
export class Waiting {
  private seconds = 0;
  private open = 0;
  /** When the current wait began, and when the first was over. */
  private since = 0;
  private started: number | null = null;

  /** `now` gives seconds. */
  constructor(private readonly now: () => number = () => performance.now() / 1000) {}

  /** Whether anybody waits. */
  get isOpen(): boolean {
    return this.open > 0;
  }

  begin(): void {
    if (this.open++ === 0) this.since = this.now();
  }

  end(): void {
    const now = this.now();
    this.open--;
    if (this.started === null) {
      this.started = now;
      this.since = now;
    } else if (this.open === 0) this.seconds += now - this.since;
  }

  get waited(): Waited {
    if (this.started === null) return { seconds: 0, share: 0 };
    const now = this.now();
    const seconds = this.seconds + (this.open > 0 ? now - this.since : 0);
    return { seconds, share: seconds === 0 ? 0 : seconds / (now - this.started) };
  }
}
