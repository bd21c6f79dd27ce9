import { bytesPerElement, type TypedArray } from "../core/dtype.js";
import type { Tape } from "../reverse/tape.js";

/** Bytes that the ops from node `from` on keep alive: their results, each array counted once, leaves not at all. */
export function tapeBytes(tape: Tape, from = 0): number {
  const seen = new Set<TypedArray>();
  let bytes = 0;
  tape.nodes.forEach(({ op, output: { value, size, dtype } }, at) => {
    const counts = op !== null && at >= from;
    if (value.kind === "dense") {
      if (counts && !seen.has(value.data)) bytes += value.data.byteLength;
      seen.add(value.data);
    } else if (counts && op.view === undefined) bytes += size * bytesPerElement[dtype];
  });
  return bytes;
}
