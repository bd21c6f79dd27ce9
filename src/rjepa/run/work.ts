/** What passes between a loader and its thread. */
import { ArgumentError, DataError, PlanError } from "../../core/errors.js";
import type { Gallery } from "../../data/gallery.js";
import type { Pyramid } from "../../data/pyramid.js";
import type { ImageReference, References } from "../../data/references.js";
import type { Preset } from "../parts/preset.js";
import type { BatchOptions, Step } from "../parts/steps.js";

/** What is cut of a data set: the fovea, and which batches. */
export type Cutting = Pick<Preset, "input"> & BatchOptions;

/** All that a thread needs to cut batches. Pixels are shared, the rest is copied. */
export interface Work {
  readonly references: Omit<References, "images"> & {
    readonly images: readonly Omit<ImageReference, "load" | "play">[];
  };
  /** Of all frames, by numbers of images. */
  readonly pyramids: ReadonlyMap<number, readonly Pyramid[]>;
  readonly cutting: Cutting;
}

/** The work of cutting batches of a data set. */
export function workOf(gallery: Gallery, data: References, cutting: Cutting): Work {
  const used = new Set(data.sequences.map(({ image }) => image));
  return {
    // functions do not pass between threads
    references: { ...data, images: data.images.map(({ load: _, play: __, ...image }) => image) },
    pyramids: new Map(
      [...used].map((image) => {
        const { frames = 1 } = data.images[image];
        return [image, Array.from({ length: frames }, (_, frame) => gallery.pyramid(image, frame))];
      }),
    ),
    cutting,
  };
}

/** To the thread: the batch of an update is wanted, or no longer. */
export type Order = { readonly cut: number } | { readonly drop: number };

/** From the thread, whose batches change hands and are not copied. */
export type Answer =
  | { readonly isReady: true }
  | { readonly made: number; readonly steps: Step[] }
  | { readonly failed: PlainError };

/** An error without its class, which is lost between threads. */
interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly file?: string | null;
  readonly needed?: number;
  readonly available?: number;
}

export function plainError(error: unknown): PlainError {
  if (!(error instanceof Error)) return { name: "", message: String(error) };
  const { name, message, file, needed, available } = error as Error & PlainError;
  return { name, message, file, needed, available };
}

/** The error that it was; a DataError in place of one that is not of this library. */
export function errorOf({ name, message, file, needed = 0, available = 0 }: PlainError): Error {
  if (name === "DataError") return new DataError(message, file);
  if (name === "PlanError") return new PlanError(message, needed, available);
  if (name === "ArgumentError") return new ArgumentError(message);
  return new DataError(`loader: expected a batch, got an error: ${message}`);
}
