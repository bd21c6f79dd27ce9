import { bytesPerElement } from "../../core/dtype.js";
import type { Tape } from "../../reverse/tape.js";
import { storageOf } from "../../tensor/read.js";

/** Bytes that the ops from node `from` on keep alive: their results, each storage counted once, leaves not at all. */
export function tapeBytes(tape: Tape, from = 0): number {
  const seen = new Set<object>();
  let bytes = 0;
  tape.nodes.forEach(({ op, output }, at) => {
    const { size, dtype } = output;
    const counts = op !== null && at >= from;
    const storage = storageOf(output);
    if (storage !== null) {
      if (counts && !seen.has(storage)) bytes += storage.bytes;
      seen.add(storage);
    } else if (counts && op.view === undefined) bytes += size * bytesPerElement[dtype];
  });
  return bytes;
}
