import type { Tensor } from "../../../tensor/tensor.js";
import { plus } from "../../step/gradient-sum.js";
import { type ByNode, carryDown, cotangentsOf, transposeArea } from "../../step/linear-step.js";
import type { StepRecord } from "../../step/step.js";
import type { StateErrors } from "../influence.js";

/** What the losses of a block of steps say of its states, all that follows in the block counted. */
export interface BlockErrors {
  /** λ(t) after each step: errors with respect to the new states, by area. */
  readonly after: readonly (readonly StateErrors[])[];
  /** λ(0): errors with respect to the states that the block starts from, by area. */
  readonly before: readonly StateErrors[];
  /** What the losses say of parameters that they, or outputs within their step, read themselves; by block. */
  readonly direct: readonly (Tensor | null)[];
}

/**
 * Runs errors back over a block of steps: λ(t) = e(t) + e⁻(t+1) + λ(t+1) ∂next/∂z. With `local` credit they reach areas
 * below within the time step of their loss only, and go back in time within their own area.
 * @param losses node of the loss of each step; -1 where there is none
 */
export function blockErrors(
  records: readonly StepRecord[],
  losses: readonly number[],
  credit: "exact" | "own",
): BlockErrors {
  const parameters = new Set(records[0].parameters);
  let carried: readonly StateErrors[] = records[0].areas.map((area) => area.previous.map(() => null));
  let direct: readonly (Tensor | null)[] = records[0].parameters.map(() => null);
  const after: (readonly StateErrors[])[] = [];
  for (const [s, record] of [...records.entries()].reverse()) {
    const cotangents = cotangentsOf(record.tape, losses[s]);
    if (credit === "own") carryDown(record, cotangents);
    direct = record.parameters.map((node, k) => plus(cotangents.get(node) ?? null, direct[k]));
    const found: StateErrors[] = record.areas.map(() => []);
    const before: StateErrors[] = record.areas.map(() => []);
    for (let b = record.areas.length - 1; b >= 0; b--) {
      const { current, previous } = record.areas[b];
      const errors = current.map((node, i) => plus(cotangents.get(node) ?? null, carried[b][i]));
      found[b] = errors;
      const down: ByNode = credit === "own" ? new Map() : cotangents;
      current.forEach((node, i) => put(down, node, errors[i]));
      if (credit === "own") {
        transposeArea(record, b, down, parameters, true);
        before[b] = previous.map((node) => plus(cotangents.get(node) ?? null, down.get(node) ?? null));
      } else {
        transposeArea(record, b, down, parameters);
        before[b] = previous.map((node) => cotangents.get(node) ?? null);
      }
    }
    after.push(found);
    carried = before;
  }
  return { after: after.reverse(), before: carried, direct };
}

/** Where nothing is learned from a block. */
export function noErrors(records: readonly StepRecord[]): BlockErrors {
  const none = records[0].areas.map((area) => area.previous.map(() => null));
  return { after: records.map(() => none), before: none, direct: records[0].parameters.map(() => null) };
}

function put(into: ByNode, node: number, error: Tensor | null): void {
  if (error === null) into.delete(node);
  else into.set(node, error);
}
