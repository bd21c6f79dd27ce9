import { RuleError } from "../core/errors.js";

/** What a learner found out about its model holds until it starts anew: nothing is handed out that may be wrong. */
export class Doubt {
  private error: RuleError | null = null;

  /** @param found called at the first such error */
  constructor(private readonly found: () => void) {}

  /** Runs `f`, unless a RuleError came before, which is thrown again. */
  guard<R>(f: () => R): R {
    if (this.error !== null) throw this.error;
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

  clear(): void {
    this.error = null;
  }
}
