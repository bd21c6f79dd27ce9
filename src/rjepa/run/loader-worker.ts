/** Cuts the batches that a loader wants, in a thread of its own. */
import { parentPort, workerData } from "node:worker_threads";
import { DataError } from "../../core/errors.js";
import { galleryOf } from "../../data/gallery.js";
import { buffersOf, orderOf, stepsOf } from "../parts/steps.js";
import { type Answer, type Order, plainError, type Work } from "./work.js";

const { references, pyramids, cutting } = workerData as Work;
const undecoded = (): never => {
  throw new DataError("loader: expected images that are decoded already");
};
const images = references.images.map((image) => ({ ...image, load: undecoded, play: undecoded }));
const data = { ...references, images };
const gallery = galleryOf(data, pyramids);
const wanted = new Set<number>();

function answer(message: Answer, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

/** One batch, and then a turn for what was ordered meanwhile. */
function next(): void {
  // dropped since
  if (wanted.size === 0) return;
  const update = Math.min(...wanted);
  wanted.delete(update);
  try {
    const steps = stepsOf(gallery, data, cutting, orderOf(cutting), update);
    answer({ made: update, steps }, buffersOf(steps));
  } catch (error) {
    answer({ failed: plainError(error) });
    return;
  }
  if (wanted.size > 0) setImmediate(next);
}

parentPort?.on("message", (order: Order) => {
  if ("drop" in order) wanted.delete(order.drop);
  else if (wanted.add(order.cut).size === 1) setImmediate(next);
});
answer({ isReady: true });
