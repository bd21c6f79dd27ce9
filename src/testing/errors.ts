import { OnwardError } from "../core/errors.js";
import type { BlockReport } from "./block-error.js";

/** A derivative that is not the one expected. */
export class GradientError extends OnwardError {
  constructor(
    message: string,
    /** The blocks that were compared, where there are several. */
    readonly blocks: readonly BlockReport[] = [],
  ) {
    super(message);
  }
}

/** Finite differences that do not settle, as at a kink: nothing is known of the derivative there. */
export class UnsettledError extends GradientError {}

/** An influence that takes more numbers than a cell's locality promises. */
export class TieError extends GradientError {}
