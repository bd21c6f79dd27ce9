/**
 * Errors are one sentence: who, what was expected, what came.
 * Every error that Onward throws on purpose is one of these classes.
 */
import { printable, printableLines } from "./printable.js";

/** Base of all errors thrown on purpose. Messages quote names from outside, so control characters are spelled out. */
export class OnwardError extends Error {
  constructor(message: string) {
    super(printableLines(message));
    this.name = new.target.name;
  }
}

/** Shapes, axes or ranks that do not fit together. */
export class ShapeError extends OnwardError {}

/** An element type that an operation does not accept. */
export class DTypeError extends OnwardError {}

/** An argument outside its domain: an option, a name, a count. */
export class ArgumentError extends OnwardError {
  constructor(message: string) {
    super(printable(message));
  }
}

/** A followed value used outside the transformation that made it. */
export class LevelError extends OnwardError {}

/** A backend that is missing or failed; `code` is stable, the message is for people. */
export class BackendError extends OnwardError {
  constructor(
    message: string,
    readonly code: string,
  ) {
    super(printable(message));
  }
}

/** A run that would not fit: what it would need and what there is, in bytes. */
export class PlanError extends OnwardError {
  constructor(
    message: string,
    readonly needed: number,
    readonly available: number,
  ) {
    super(message);
  }
}

/** A saved model that cannot be read back. */
export class CheckpointError extends OnwardError {
  constructor(message: string) {
    super(printable(message));
  }
}

/** A file or a datum that cannot be used, and why. */
export class DataError extends OnwardError {
  constructor(
    message: string,
    /** The file's name as it is, which may hold anything. */
    readonly file: string | null = null,
  ) {
    super(printable(message));
  }
}

/** Where a NaN was born: of which op, in which reading, and where that was called. */
export interface NumericalSite {
  readonly op: string;
  /** `value`, or the derivative that was being computed. */
  readonly reading: string;
  /** Dtype and shape of each input, such as `float64 [2,3]`. */
  readonly inputs: readonly string[];
  /** Position of the first such entry in what came out. */
  readonly index: readonly number[];
  /** `folder/file.ts:line`, where the stack tells. */
  readonly called: string | null;
}

/** A NaN out of numbers, found by `debug.nans`. */
export class NumericalError extends OnwardError {
  constructor(
    message: string,
    readonly site: NumericalSite,
  ) {
    super(message);
  }
}

/** A learning rule that does not apply to a model, or has no digits left to answer with. */
export class RuleError extends OnwardError {}
