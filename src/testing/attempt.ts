import { OnwardError } from "../core/errors.js";
import { GradientError } from "./errors.js";

/** Runs a part of a cell; what it throws is said of that part. @throws GradientError */
export function attempt<T>(part: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof GradientError) throw error;
    const what = error instanceof OnwardError ? error.message : String(error);
    throw new GradientError(`${part} must not throw, got "${what}"`);
  }
}
