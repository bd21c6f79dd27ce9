/** Errors on their way through one step: from the loss and from areas above, down to areas below and to parameters. */
import { RuleError } from "../../core/errors.js";
import { foldIn, key, uniform } from "../../core/prng.js";
import { tensor } from "../../ops/create.js";
import { entries } from "../../tensor/read.js";
import type { Tensor } from "../../tensor/tensor.js";
import { type ByNode, transposeArea } from "../linear-step.js";
import type { StepRecord } from "../step.js";
import { type Blocks, inverse, rowNorms } from "./block-matrix.js";
import type { Rounded } from "./jacobian-product.js";
import type { StepJacobian } from "./jacobians.js";

/** A step as the passes see it. */
export interface Visit {
  readonly t: number;
  readonly record: StepRecord;
  readonly jacobian: StepJacobian;
  /** Cotangents of the loss; empty where it is forgotten. */
  readonly loss: ByNode;
  /** What areas above have said so far of anything below them, parameters too; and a sample of the rounding in it. */
  readonly down: ByNode;
  readonly doubt: ByNode;
}

/** Errors of an area's states before and after a step: what the loss and the areas above say of them. */
export interface Said {
  readonly before: Rounded;
  readonly after: Rounded;
}

const stateOf = ({ record }: Visit, b: number): Tensor =>
  record.tape.nodes[record.areas[b].current[0]].output;

export function inverted({ jacobian, t }: Visit, b: number): Blocks {
  const back = inverse(jacobian.ownBlocks(b));
  if (back === null)
    throw new RuleError(
      `fptt: expected an invertible recurrence, got a singular Jacobian in area ${b + 1} at step ${t + 1}; use rfp or bptt`,
    );
  return back;
}

export const nothing = (n: number): Rounded => ({
  value: new Float64Array(n),
  rounding: new Float64Array(n),
});

export const precision = (visit: Visit, b: number): number =>
  stateOf(visit, b).dtype === "float64" ? 2 ** -52 : 2 ** -23;

/** One rounding of the largest size per entry, with a random sign: errors of many roundings do not all add up. */
export function unitRounding(visit: Visit, b: number, n: number): Float64Array {
  const blocks = visit.jacobian.ownBlocks(b);
  const [p, q] = [rowNorms(blocks), rowNorms(inverted(visit, b))];
  return uniform(foldIn(key(visit.t), b), n).map((u, i) => {
    const g = Math.floor(i / blocks.size);
    return (u < 0.5 ? -1 : 1) * precision(visit, b) * Math.max(1, p[g] * q[g]);
  });
}

export function listen(visit: Visit, b: number): Said {
  const { loss, down, doubt, t } = visit;
  const { previous, current } = visit.record.areas[b];
  const [own, above] = [pack(visit, b, current, loss), pack(visit, b, current, down)];
  const after = { value: own.map((v, i) => v + above[i]), rounding: pack(visit, b, current, doubt) };
  // the states that the sequence starts from are constants
  const before = { ...nothing(own.length), ...(t > 0 ? { value: pack(visit, b, previous, loss) } : {}) };
  return { before, after };
}

/** Carries an area's error through its step, to all that is below and to the parameters. */
export function carry(visit: Visit, b: number, lambda: Rounded): void {
  const { record } = visit;
  const { current, previous } = record.areas[b];
  const { size, shape, dtype } = stateOf(visit, b);
  const at = positions(visit, b);
  for (const [into, from] of [
    [visit.down, lambda.value],
    [visit.doubt, lambda.rounding],
  ] as const) {
    current.forEach((node, k) => {
      const values = Float64Array.from({ length: size }, (_, i) => from[at(i, k)]);
      into.set(node, tensor(values, { shape, dtype }));
    });
    transposeArea(record, b, into, new Set(previous));
  }
}

/** Cotangents of an area's states as one vector, laid out as its Jacobian's blocks are. */
function pack(visit: Visit, b: number, nodes: readonly number[], cotangents: ByNode): Float64Array {
  const { size } = stateOf(visit, b);
  const out = new Float64Array(size * nodes.length);
  const at = positions(visit, b);
  nodes.forEach((node, k) => {
    const ct = cotangents.get(node);
    if (ct)
      entries(ct).forEach((v, i) => {
        out[at(i, k)] = v;
      });
  });
  return out;
}

/** Where entry i of state k lies: states side by side in a block per unit, or one after the other in a block per stream. */
function positions(visit: Visit, b: number): (i: number, k: number) => number {
  const states = visit.record.areas[b].current.length;
  const { size, shape } = stateOf(visit, b);
  const units = size / shape[0];
  if (visit.jacobian.ownBlocks(b).size === states) return (i, k) => i * states + k;
  return (i, k) => (Math.floor(i / units) * states + k) * units + (i % units);
}
