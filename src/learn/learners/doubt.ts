import { RuleError } from "../../core/errors.js";

/** What a learner found out about its model holds until it starts anew: nothing is handed out that may be wrong. */
export class Doubt {
  private error: RuleError | null = null;

  /** @param found called at the first such error */
  constructor(private readonly found: () => void) {}

  /** Runs `f`, unless a RuleError came before, which is thrown again. */
  guard<R>(f: () => R): R {
    this.check();
    try {
      return f();
    } catch (error) {
      if (error instanceof RuleError) {
        this.error = error;
        this.found();
      }
      throw error;
    }
  }

  /** Runs `f`, which changes what is held: whatever stops it halfway is remembered too. */
  whole<R>(rule: string, f: () => R): R {
    try {
      return f();
    } catch (error) {
      if (!(error instanceof RuleError)) {
        const message = error instanceof Error ? error.message : String(error);
        this.error = new RuleError(
          `${rule}: expected what a step changes to be changed to its end, got an error halfway (${message}); call reset() first`,
        );
      }
      throw error;
    }
  }

  /** @throws what was remembered */
  check(): void {
    if (this.error !== null) throw this.error;
  }

  clear(): void {
    this.error = null;
  }
}
