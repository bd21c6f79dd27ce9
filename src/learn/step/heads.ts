/** The loss of a step head by head: one without a name, or several, counted in the order of their names. */
import { ArgumentError, DTypeError, ShapeError } from "../../core/errors.js";
import { quote } from "../../core/kinds.js";
import { formatShape } from "../../core/shape.js";
import { childOf, namesOf, nodeKind, put, requireNames } from "../../core/tree-node.js";
import { namedPath } from "../../core/tree-path.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import type { Model, StepLoss } from "../model/model.js";
import { plus } from "./gradient-sum.js";

/** One time step of data, and the heads whose errors count in it; `null`: all. */
export interface Timestep<S> {
  readonly sample: S;
  readonly heads: readonly string[] | null;
}

/** Names in the order in which heads are counted, whatever the order of keys; `null` where the loss has none. */
export const headNames = (loss: StepLoss): readonly string[] | null =>
  isTensor(loss) ? null : Object.keys(loss).sort();

/** Whether names of heads are the same. */
export const sameHeads = (a: readonly string[] | null, b: readonly string[] | null): boolean =>
  a === null || b === null ? a === b : a.length === b.length && a.every((name, i) => name === b[i]);

/** The loss of each head, in their order. */
export const headLosses = (loss: StepLoss): readonly Tensor[] =>
  isTensor(loss)
    ? [loss]
    : Object.keys(loss)
        .sort()
        .map((name) => loss[name]);

/** A loss of the same heads. */
export function mapLoss(loss: StepLoss, f: (t: Tensor) => Tensor): StepLoss {
  if (isTensor(loss)) return f(loss);
  const mapped: Record<string, Tensor> = {};
  for (const name of Object.keys(loss)) put(mapped, name, f(loss[name]));
  return mapped;
}

/** The loss of a step: a scalar, or scalars of one dtype by name. @throws ShapeError, DTypeError, ArgumentError */
export function lossOf<S>(model: Model<S>, context: Parameters<Model<S>["loss"]>[0]): StepLoss {
  const loss: unknown = model.loss(context);
  const names = isTensor(loss) ? null : namesOf(loss);
  if (names === null) return scalarOf("loss", loss);
  requireNames(loss as object, "loss", "");
  if (names.length === 0)
    throw new ArgumentError("loss: expected a scalar or at least one by its name, got an empty object");
  const heads: Record<string, Tensor> = {};
  for (const name of names)
    put(heads, name, scalarOf(namedPath("loss", name), childOf(loss as object, name, "", "loss")));
  const [{ dtype }, ...others] = headLosses(heads);
  const other = others.find((head) => head.dtype !== dtype);
  if (other) throw new DTypeError(`loss: expected heads of one dtype, got ${dtype} and ${other.dtype}`);
  return heads;
}

function scalarOf(who: string, found: unknown): Tensor {
  if (isTensor(found) && found.rank === 0) return found;
  throw new ShapeError(
    `${who}: expected a scalar, got ${isTensor(found) ? formatShape(found.shape) : nodeKind(found)}`,
  );
}

/** Which heads of a loss count, by what was asked for: all, or those that are named. @throws ArgumentError for other names */
export function countedHeads(
  rule: string,
  loss: StepLoss,
  asked: readonly string[] | null,
): readonly boolean[] {
  const names = headNames(loss);
  if (asked === null) return (names ?? [""]).map(() => true);
  const known = namesOfHeads(rule, names);
  for (const name of asked) positionOf(rule, known, name);
  return known.map((name) => asked.includes(name));
}

/** Adds the losses that count to the sum of each head; `null` where nothing has counted. */
export function addLosses(totals: (Tensor | null)[], loss: StepLoss, counts: readonly boolean[]): void {
  headLosses(loss).forEach((head, h) => {
    totals[h] = plus(totals[h] ?? null, counts[h] ? head : null);
  });
}

/** Which head a name is of. @throws ArgumentError where it is of none */
export function positionOf(rule: string, names: readonly string[] | null, name: string): number {
  const known = namesOfHeads(rule, names);
  const at = known.indexOf(name);
  if (at >= 0) return at;
  throw new ArgumentError(
    `${rule}: expected a head among ${known.map(quote).join(", ")}, got ${quote(name)}`,
  );
}

function namesOfHeads(rule: string, names: readonly string[] | null): readonly string[] {
  if (names !== null) return names;
  throw new ArgumentError(
    `${rule}: expected a model whose loss gives its heads by name, { actor, critic }, where heads are asked for, got a scalar loss`,
  );
}
