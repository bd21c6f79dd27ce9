import { ShapeError } from "../core/errors.js";
import { ordered, pairLeaves } from "../core/pair-leaves.js";
import { requireFunction } from "../core/require-function.js";
import { formatShape } from "../core/shape.js";
import { fillTree, leavesOf, mapTree } from "../core/tree.js";
import { isList, nodeKind } from "../core/tree-node.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { stack } from "./join.js";
import { select } from "./take.js";

export interface ScanResult<C, Y> {
  readonly carry: C;
  /** The outputs of all steps, stacked along a new first axis. */
  readonly outputs: Y;
}

/**
 * Runs `step(carry, x)` over the first axis of `xs`, as a loop. Trees of tensors throughout: every step gives the paths of
 * `init` and of the first outputs, in any order of keys.
 * @throws ShapeError where it does not, or where inputs share no first axis
 */
export function scan<C, X, Y>(step: (carry: C, x: X) => readonly [C, Y], init: C, xs: X): ScanResult<C, Y> {
  requireFunction("scan", step);
  const leaves = leavesOf<Tensor>(xs, isTensor, { who: "scan", role: "inputs" });
  const steps = leaves[0]?.value.shape[0];
  if (steps === undefined || steps === 0 || leaves.some(({ value }) => value.shape[0] !== steps))
    throw new ShapeError(
      `scan: expected inputs that share a first axis of size at least 1, got ${leaves.map((l) => formatShape(l.value.shape)).join(" and ") || "none"}`,
    );
  // a tree of one's own, which no step changes
  const start = mapTree(init, isTensor, (t) => t, { who: "scan", role: "first carry" });
  let carry = init;
  let first: unknown;
  const columns: Tensor[][] = [];
  for (let t = 0; t < steps; t++) {
    const found: unknown = step(carry, mapTree(xs, isTensor, (x: Tensor) => select(x, 0, t)) as X);
    if (!isList(found) || found.length !== 2)
      throw new ShapeError(`scan: expected a step that gives [carry, output], got ${nodeKind(found)}`);
    const of = { who: "scan", reference: "the first carry", other: `the carry of step ${t}` };
    carry = ordered<Tensor>(of, start, found[0], isTensor) as C;
    if (t === 0) first = mapTree(found[1], isTensor, (y) => y, { who: "scan", role: "outputs" });
    const words = { who: "scan", reference: "the first outputs", other: `the outputs of step ${t}` };
    pairLeaves<Tensor>(words, first, found[1], isTensor).forEach(({ other }, i) => {
      if (t === 0) columns.push([other]);
      else columns[i].push(other);
    });
  }
  return {
    carry,
    outputs: fillTree(
      first,
      isTensor,
      columns.map((column) => stack(column)),
    ) as Y,
  };
}
