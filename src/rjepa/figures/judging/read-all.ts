import { DataError } from "../../../core/errors.js";
import type { Fixations, Readout, Representation } from "../representation.js";
import type { Strangers } from "./strangers.js";

/** Crops [n, t, S, 3, P, P] of some sequences. */
export type Cut = (sequences: readonly number[]) => Float32Array;

/** A part of a readout of all sequences: the same field of each batch, one after the other. */
function joined(parts: readonly Float64Array[]): Float64Array {
  const out = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Crops [n, S, 3, P, P] of the fixations that stand in for the last ones of these sequences. */
function strangersCrops(
  fixations: Fixations,
  { sequence, step }: Strangers,
  sequences: readonly number[],
): Float32Array {
  const { scales, size } = fixations;
  const frame = scales * 3 * size * size;
  const out = new Float32Array(sequences.length * frame);
  sequences.forEach((i, at) => {
    out.set(fixations.crops([sequence[i]], step[i], step[i] + 1), at * frame);
  });
  return out;
}

/** What a representation makes of all sequences, t fixations of each as `cut` gives them, a batch at a time. */
export function readAll(
  representation: Representation,
  fixations: Fixations,
  steps: number,
  cut: Cut,
  batch: number,
  strangers: readonly Strangers[] = [],
): Readout {
  const { size: d, name } = representation;
  const parts: Readout[] = [];
  for (let from = 0; from < fixations.count; from += batch) {
    const which = Array.from({ length: Math.min(batch, fixations.count - from) }, (_, i) => from + i);
    const others = strangers.map((s) => strangersCrops(fixations, s, which));
    const read = representation.read(cut(which), which.length, steps, others);
    const expected = which.length * steps * d;
    if (read.h.length !== expected || read.fresh.length !== expected)
      throw new DataError(
        `judge: expected ${name} to read embeddings [${which.length},${steps},${d}], got ${read.h.length} and ${read.fresh.length} numbers`,
      );
    const odd = [read.h, read.fresh].flatMap((x) => x.find((v) => !Number.isFinite(v)) ?? []);
    if (odd.length > 0)
      throw new DataError(`judge: expected ${name} to read finite embeddings, got ${odd[0]}`);
    if (read.others.length !== others.length)
      throw new DataError(
        `judge: expected ${name} to read ${others.length} sets of other patches, got ${read.others.length}`,
      );
    parts.push(read);
  }
  const contexts = parts.flatMap(({ context }) => (context === null ? [] : [context]));
  return {
    h: joined(parts.map((p) => p.h)),
    fresh: joined(parts.map((p) => p.fresh)),
    context: contexts.length === parts.length ? joined(contexts) : null,
    others: strangers.map((_, j) => ({
      h: joined(parts.map((p) => p.others[j].h)),
      fresh: joined(parts.map((p) => p.others[j].fresh)),
    })),
  };
}
