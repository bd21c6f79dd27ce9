import { bytesPerElement } from "../../core/dtype.js";
import type { Tape } from "../../reverse/tape.js";
import { arrayOf } from "../../tensor/read.js";

/** Bytes that the ops from node `from` on keep alive: their results, each array counted once, leaves not at all. */
export function tapeBytes(tape: Tape, from = 0): number {
  const seen = new Set<object>();
  let bytes = 0;
  tape.nodes.forEach(({ op, output }, at) => {
    const { size, dtype } = output;
    const counts = op !== null && at >= from;
    const array = arrayOf(output);
    if (array !== null) {
      if (counts && !seen.has(array)) bytes += array.byteLength;
      seen.add(array);
    } else if (counts && op.view === undefined) bytes += size * bytesPerElement[dtype];
  });
  return bytes;
}
