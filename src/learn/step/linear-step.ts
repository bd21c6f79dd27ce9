/** A recorded step as a linear map of its states and parameters, in either direction. */
import { onesLike } from "../../ops/create.js";
import { accumulate, type Tape } from "../../reverse/tape.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { StepRecord } from "./step.js";

/** Cotangents or tangents by node of the step's tape. */
export type ByNode = Map<number, Tensor>;

/**
 * Carries the cotangents of area `b`'s new states back through its `next`, and through the outputs below it to the
 * new states of the area below, unless it is to stay within the area. Nodes in `constant` are constants to `next`; all
 * others, parameters too, take their share.
 */
export function transposeArea(
  { tape, areas }: StepRecord,
  b: number,
  cotangents: ByNode,
  constant: ReadonlySet<number> = new Set(),
  within = false,
): void {
  const area = areas[b];
  area.results.forEach((node, k) => {
    const ct = cotangents.get(area.current[k]);
    if (node >= 0 && ct !== undefined && !constant.has(node)) accumulate(cotangents, node, ct);
  });
  tape.pullback(cotangents, area.end - 1, area.start, constant);
  if (!within) tape.pullback(cotangents, area.start - 1, b > 0 ? areas[b - 1].end : 0);
}

/** Cotangents of a sum of numbers on a tape at all that they were computed from; none of constants, as -1 says. */
export function cotangentsOf(tape: Tape, ...nodes: readonly number[]): ByNode {
  const cotangents: ByNode = new Map();
  for (const node of nodes) if (node >= 0) accumulate(cotangents, node, onesLike(tape.nodes[node].output));
  if (cotangents.size === 0) return cotangents;
  tape.pullback(cotangents, tape.nodes.length - 1);
  return cotangents;
}

/**
 * Cotangents of the loss at the leaves of its step: states before and after, and parameters that it reads itself.
 * @param counts which heads of it; default all
 */
export const lossCotangents = (
  { tape, losses }: StepRecord,
  counts: (head: number) => boolean = () => true,
): ByNode => cotangentsOf(tape, ...losses.filter((_, head) => counts(head)));

/**
 * Local credit: the error of an area goes down within the time step through its `next`, with respect to the input only.
 * The area's own parameters and previous states are constants there: its traces count them already.
 */
export function carryDown(record: StepRecord, cotangents: ByNode): void {
  for (let b = record.areas.length - 1; b >= 1; b--)
    transposeArea(record, b, cotangents, new Set([...record.parameters, ...record.areas[b].previous]));
}

/** J v: tangents of all new states from those of all previous states, both by node, area by area from the bottom up. */
export function pushStates({ tape, areas }: StepRecord, tangents: ByNode): void {
  areas.forEach((area, b) => {
    tape.pushforward(tangents, b > 0 ? areas[b - 1].end : 0, area.end);
    area.results.forEach((node, k) => {
      const t = tangents.get(node);
      if (t !== undefined) tangents.set(area.current[k], t);
    });
  });
}
