import { bytesPerElement } from "../core/dtype.js";
import type { Tape } from "../reverse/tape.js";

/** Bytes of all values that a tape keeps alive, each array counted once. */
export function tapeBytes(tape: Tape): number {
  const seen = new Set<ArrayBufferLike>();
  let bytes = 0;
  for (const { output } of tape.nodes) {
    if (output.value.kind === "dense") {
      const { buffer } = output.value.data;
      if (seen.has(buffer)) continue;
      seen.add(buffer);
      bytes += buffer.byteLength;
    } else bytes += output.size * bytesPerElement[output.dtype];
  }
  return bytes;
}
