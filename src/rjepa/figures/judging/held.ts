import type { Fixations } from "../representation.js";

/** Bytes of crops that are kept. */
const most = 2 ** 28;

/**
 * The same sequences, whose crops are cut once and kept, as figures read them some ten times for each row; as they are where
 * all of their crops take more than 256 MiB.
 */
export function held(fixations: Fixations, limit = most): Fixations {
  const { count, steps, scales, size } = fixations;
  const frame = scales * 3 * size * size;
  if (4 * count * steps * frame > limit) return fixations;
  const kept = new Map<number, Float32Array>();
  const cropsOf = (i: number): Float32Array => {
    let own = kept.get(i);
    if (own === undefined) {
      own = fixations.crops([i], 0, steps);
      kept.set(i, own);
    }
    return own;
  };
  return {
    ...fixations,
    crops(sequences, from, to) {
      const run = (to - from) * frame;
      const out = new Float32Array(sequences.length * run);
      for (let k = 0; k < sequences.length; k++)
        out.set(cropsOf(sequences[k]).subarray(from * frame, to * frame), k * run);
      return out;
    },
  };
}
