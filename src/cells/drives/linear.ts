import { count, either, flag, type Known, listOf, options as optionsOf } from "../../core/kinds.js";
import type { Shape } from "../../core/shape.js";
import { mean } from "../../ops/reduce.js";
import { drive } from "../_drive.js";
import { type Drive, defineDrive, requirePicture } from "./_drive.js";

export interface LinearSizes {
  /** Shape of the input without its batch axis; a number m is [m]. */
  readonly input: number | Shape;
  readonly units: number;
  /** Whether the input is a picture [C, H, W] of which the matrix reads the mean over all positions; default false. */
  readonly pool?: boolean;
}

const sizing: Known<LinearSizes> = {
  input: either("a whole number of at least 1 or a shape", count(1), listOf(count(1), 1)),
  units: count(1),
  pool: flag,
};

/** A matrix K [n, ...input] over all of the input; pooled, K [n, C] over the means of its channels. */
export function linear(sizes: LinearSizes): Drive {
  const { input, units, pool = false } = optionsOf("linear drive", sizes, sizing, ["input", "units"]);
  const inputShape = typeof input === "number" ? [input] : input;
  const read = pool ? requirePicture("linear drive", inputShape).slice(0, 1) : inputShape;
  return defineDrive({
    name: "linear",
    inputShape,
    outputShape: [units],
    shapes: { K: [units, ...read] },
    apply: ({ K }, x) => drive(pool ? mean(x, [2, 3]) : x, K),
  });
}
