import { callable, count, eachOf, having, type Kind, listOf, maybe, text } from "../core/kinds.js";

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
