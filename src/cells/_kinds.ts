import {
  callable,
  count,
  eachOf,
  having,
  type Kind,
  listOf,
  maybe,
  plainObject,
  text,
} from "../core/kinds.js";
import { childOf } from "../core/tree-node.js";
import { isTensor, noTensor } from "../tensor/tensor.js";

const shape = listOf(count(0));

/** A cell, the library's or of one's own. */
export const aCell: Kind = having({
  name: text,
  states: listOf(text, 1),
  shapes: eachOf(shape),
  start: maybe(callable),
  geometry: having({ input: shape, state: shape }),
  outputShape: shape,
  init: callable,
  zeroState: callable,
  next: callable,
  output: callable,
});

/** Requires an object of tensors under these names. @throws DTypeError */
export function requireTensors(who: string, what: string, names: readonly string[], given: unknown): void {
  plainObject(who, what, given);
  for (const name of names)
    if (!isTensor(childOf(given as object, name, "", who)))
      throw noTensor(who, childOf(given as object, name, "", who), `a tensor as ${name} among ${what}`);
}
