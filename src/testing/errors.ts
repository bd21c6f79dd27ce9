import { OnwardError } from "../core/errors.js";

/** A derivative that is not the one expected. */
export class GradientError extends OnwardError {}
