import { ShapeError } from "../core/errors.js";
import { formatShape } from "../core/shape.js";
import { fillTree, leavesOf, mapTree } from "../core/tree.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { stack } from "./join.js";
import { select } from "./take.js";

export interface ScanResult<C, Y> {
  readonly carry: C;
  /** The outputs of all steps, stacked along a new first axis. */
  readonly outputs: Y;
}

/** Runs `step(carry, x)` over the first axis of `xs`, as a loop. Trees of tensors throughout. */
export function scan<C, X, Y>(step: (carry: C, x: X) => readonly [C, Y], init: C, xs: X): ScanResult<C, Y> {
  const leaves = leavesOf<Tensor>(xs, isTensor, "scan");
  const steps = leaves[0]?.value.shape[0];
  if (steps === undefined || steps === 0 || leaves.some(({ value }) => value.shape[0] !== steps))
    throw new ShapeError(
      `scan: expected inputs that share a first axis of size at least 1, got ${leaves.map((l) => formatShape(l.value.shape)).join(" and ") || "none"}`,
    );
  let carry = init;
  const outputs: Y[] = [];
  for (let t = 0; t < steps; t++) {
    const [next, y] = step(carry, mapTree(xs, isTensor, (x: Tensor) => select(x, 0, t)) as X);
    carry = next;
    outputs.push(y);
  }
  const columns = outputs.map((y) => leavesOf<Tensor>(y, isTensor, "scan").map((l) => l.value));
  const stacked = columns[0].map((_, i) => stack(columns.map((row) => row[i])));
  return { carry, outputs: fillTree(outputs[0], isTensor, stacked) as Y };
}
