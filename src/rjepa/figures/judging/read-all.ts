import { DataError } from "../../../core/errors.js";
import type { Fixations, PatchFeatures, Readout, Representation } from "../representation.js";
import type { Strangers } from "./strangers.js";

/** Which patches are seen for the steps of a sequence: patch i T + t is fixation t of sequence i. */
export type Patches = (sequence: number) => readonly number[];

/** Steps `from` to `to`, not included, of sequences of so many. */
export const between =
  (steps: number, from: number, to: number): Patches =>
  (i) =>
    Array.from({ length: to - from }, (_, t) => i * steps + from + t);

/** What a data set of N sequences of T fixations shows, patch by patch. */
export interface Shown {
  readonly fixations: Fixations;
  /** Numbers of every patch, [N T, d]; those of the last features that were asked for are kept. */
  features(of: PatchFeatures): Float64Array;
}

/** Crops [patches, S, 3, P, P] of some patches; those that follow each other are cut at once. */
function cropsOf(fixations: Fixations, patches: readonly number[]): Float32Array {
  const { steps, scales, size } = fixations;
  const frame = scales * 3 * size * size;
  const out = new Float32Array(patches.length * frame);
  for (let from = 0; from < patches.length; ) {
    const first = patches[from];
    let to = from + 1;
    while (to < patches.length && patches[to] === first + to - from && patches[to] % steps !== 0) to++;
    const step = first % steps;
    out.set(fixations.crops([(first - step) / steps], step, step + to - from), from * frame);
    from = to;
  }
  return out;
}

export function shown(fixations: Fixations, batch: number): Shown {
  let last: { readonly of: PatchFeatures; readonly values: Float64Array } | null = null;
  const computed = (of: PatchFeatures): Float64Array => {
    const { count, steps } = fixations;
    const out = new Float64Array(count * steps * of.size);
    for (let from = 0; from < count; from += batch) {
      const n = Math.min(batch, count - from);
      const patches = Array.from({ length: n * steps }, (_, i) => from * steps + i);
      out.set(of.of(cropsOf(fixations, patches), n * steps), from * steps * of.size);
    }
    return out;
  };
  return {
    fixations,
    features(of) {
      if (last?.of !== of) last = { of, values: computed(of) };
      return last.values;
    },
  };
}

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

/** Patches that stand in for the last ones of some sequences. */
const patchesOf = ({ sequence, step }: Strangers, which: readonly number[], steps: number): number[] =>
  which.map((i) => sequence[i] * steps + step[i]);

/** What a representation makes of some sequences, t patches of each. */
function readSome(
  { patchwise, read }: Representation,
  { fixations, features }: Shown,
  which: readonly number[],
  t: number,
  patches: Patches,
  strangers: readonly Strangers[],
): Readout {
  const seen = which.flatMap((i) => patches(i));
  const others = strangers.map((s) => patchesOf(s, which, fixations.steps));
  if (patchwise === undefined)
    return read(
      cropsOf(fixations, seen),
      which.length,
      t,
      others.map((o) => cropsOf(fixations, o)),
    );
  // numbers of patches alone are those of all representations of them, and of all pasts
  const { size: d } = patchwise.features;
  const values = features(patchwise.features);
  const rows = (of: readonly number[]): Float64Array => {
    const out = new Float64Array(of.length * d);
    of.forEach((patch, i) => {
      out.set(values.subarray(patch * d, (patch + 1) * d), i * d);
    });
    return out;
  };
  return patchwise.held(rows(seen), t, others.map(rows));
}

/** What a representation makes of all sequences, t patches of each, a batch at a time. */
export function readAll(
  representation: Representation,
  from: Shown,
  t: number,
  patches: Patches,
  batch: number,
  strangers: readonly Strangers[] = [],
): Readout {
  const { size: d, name } = representation;
  const { count } = from.fixations;
  const parts: Readout[] = [];
  for (let first = 0; first < count; first += batch) {
    const which = Array.from({ length: Math.min(batch, count - first) }, (_, i) => first + i);
    const read = readSome(representation, from, which, t, patches, strangers);
    const expected = which.length * t * d;
    if (read.h.length !== expected || read.fresh.length !== expected)
      throw new DataError(
        `judge: expected ${name} to read embeddings [${which.length},${t},${d}], got ${read.h.length} and ${read.fresh.length} numbers`,
      );
    const odd = [read.h, read.fresh].flatMap((x) => x.find((v) => !Number.isFinite(v)) ?? []);
    if (odd.length > 0)
      throw new DataError(`judge: expected ${name} to read finite embeddings, got ${odd[0]}`);
    if (read.others.length !== strangers.length)
      throw new DataError(
        `judge: expected ${name} to read ${strangers.length} sets of other patches, got ${read.others.length}`,
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
