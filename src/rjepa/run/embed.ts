import { DataError } from "../../core/errors.js";
import { foldIn, key as keyOf } from "../../core/prng.js";
import { openGallery } from "../../data/gallery.js";
import { requireTarget, writeParts } from "../../data/node/write.js";
import type { Problem } from "../../data/problem.js";
import type { References, Seen } from "../../data/references.js";
import { nothingUsable } from "../../data/viewers.js";
import { fileBytes, headOf, type Outlined } from "../../tensor/saved/save.js";
import type { Readout } from "../figures/representation.js";
import { fixationsOf } from "../parts/data.js";
import { representationOf } from "../parts/read.js";
import type { Reader } from "../parts/reader.js";
import { Column } from "./column.js";
import type { Config } from "./config.js";
import { looks, openRun, type SessionOptions } from "./session.js";
import { placeOf, referencesOf, type Source } from "./source.js";

export interface EmbedOptions extends Omit<SessionOptions, "judges"> {
  readonly source: Source;
  /** The file of features. */
  readonly out: string;
}

/** What was written: N sequences of T fixations. */
export interface Embedded {
  readonly images: number;
  /** N */
  readonly sequences: number;
  /** T */
  readonly steps: number;
  /** Size of an embedding, d, and of a context, 0 where there is none. */
  readonly sizes: { readonly h: number; readonly c: number };
  /** Updates that the model has made. */
  readonly updates: number;
  readonly problems: readonly Problem[];
}

/** Images that are decoded together, and sequences that are read together: memory is bounded by these, however many there are. */
const [imagesAtOnce, sequencesAtOnce] = [8, 64];

/** A model, and what is to be saved of it beside features. */
interface Trained {
  readonly reader: Reader;
  readonly config: Config;
  readonly updates: number;
}

/** The model of a run's newest checkpoint, standardized as where it is judged; its data are let go. */
async function trainedOf(who: string, path: string, options: EmbedOptions): Promise<Trained> {
  const { trainer, looked, loader, config } = await openRun(who, path, { ...options, judges: false });
  try {
    return { reader: trainer.reader(looked(looks)), config, updates: trainer.updates };
  } finally {
    await loader.close();
  }
}

/**
 * Writes what a run's model makes of sequences, in the safetensors format: `h` [N, T, d], the embeddings, and `c` [N, T, C], all
 * recurrent states of the areas without a plane, both float32; `fixations` [N, T, 2] in pixels of the image; `image` [N], numbers
 * among the names in `images`, and `viewer` [N]. The folder of the run is only read.
 * @throws CheckpointError, DataError, ArgumentError, PlanError
 */
export async function embed(who: string, path: string, options: EmbedOptions): Promise<Embedded> {
  const { source, out, memoryLimit, say } = options;
  // what would fail at the end is tried first
  await requireTarget(who, out);
  const [h, c] = [await Column.beside(who, out), await Column.beside(who, out)];
  try {
    const trained = await trainedOf(who, path, options);
    const { seed, recipe } = trained.config;
    const found = await referencesOf(source, recipe.steps, foldIn(keyOf(seed), "data"), memoryLimit);
    say?.(`embedding ${found.sequences.length} sequences on ${found.images.length} images`);
    const read = await readAll(trained.reader, found, options, async (readout) => {
      await h.append(Float32Array.from(readout.h));
      if (readout.context !== null) await c.append(Float32Array.from(readout.context));
    });
    const { rows } = read;
    if (rows.length === 0) throw nothingUsable(placeOf(source), read.problems);
    const [n, t] = [rows.length, found.steps];
    const fixations = new Float64Array(n * t * 2);
    rows.forEach((row, i) => fixations.set(row.fixations, i * t * 2));
    const sizes = { h: recipe.preset.embedding, c: read.context };
    const names = found.images.map(({ name }) => name);
    const tensors: Record<string, Outlined> = {
      fixations: { dtype: "float64", shape: [n, t, 2] },
      h: { dtype: "float32", shape: [n, t, sizes.h] },
      ...(sizes.c > 0 ? { c: { dtype: "float32", shape: [n, t, sizes.c] } } : {}),
      image: { dtype: "int32", shape: [n] },
      viewer: { dtype: "int32", shape: [n] },
    };
    const from = { recipe: recipe.name, control: trained.config.control, updates: trained.updates };
    const head = headOf(tensors, { images: names, ...from }, { images: JSON.stringify(names) });
    await writeParts(
      who,
      out,
      (async function* () {
        yield head;
        yield fileBytes(fixations);
        yield* h.bytes();
        if (sizes.c > 0) yield* c.bytes();
        yield fileBytes(Int32Array.from(rows, ({ image }) => image));
        yield fileBytes(Int32Array.from(rows, ({ viewer }) => viewer));
      })(),
    );
    const images = new Set(rows.map(({ image }) => image)).size;
    return { images, sequences: n, steps: t, sizes, updates: trained.updates, problems: read.problems };
  } finally {
    await Promise.all([h.close(), c.close()]);
  }
}

/** Reads all sequences, a few images at a time; those on images that cannot be decoded are left out, and named. */
async function readAll(
  reader: Reader,
  data: References,
  { memoryLimit, onImage }: EmbedOptions,
  take: (readout: Readout) => Promise<void>,
) {
  const representation = representationOf("trained", reader);
  const { steps } = data;
  const byImage = new Map<number, Seen[]>();
  for (const seen of data.sequences) {
    const of = byImage.get(seen.image);
    if (of === undefined) byImage.set(seen.image, [seen]);
    else of.push(seen);
  }
  const used = [...byImage.keys()];
  const rows: Seen[] = [];
  const problems = [...data.problems];
  let context = 0;
  for (let from = 0; from < used.length; from += imagesAtOnce) {
    const images = used.slice(from, from + imagesAtOnce);
    const sequences = images.flatMap((image) => byImage.get(image) as Seen[]);
    const part = { ...data, sequences, problems: [] };
    const gallery = await openGallery(part, memoryLimit === undefined ? {} : { memoryLimit }).catch(
      (error: unknown) => {
        if (!(error instanceof DataError)) throw error;
        // none of these could be decoded
        problems.push(...images.map((i) => ({ file: data.images[i].name, reason: error.message })));
        return null;
      },
    );
    onImage?.(Math.min(from + imagesAtOnce, used.length), used.length);
    if (gallery === null) continue;
    const { references } = gallery;
    problems.push(...references.problems);
    const fixations = fixationsOf(gallery, references, reader.jepa.preset.input);
    for (let at = 0; at < fixations.count; at += sequencesAtOnce) {
      const some = references.sequences.slice(at, at + sequencesAtOnce);
      const crops = fixations.crops(
        Int32Array.from(some, (_, i) => at + i),
        0,
        steps,
      );
      const readout = representation.read(crops, some.length, steps);
      context = (readout.context?.length ?? 0) / (some.length * steps);
      await take(readout);
      rows.push(...some);
    }
  }
  return { rows, context, problems };
}
