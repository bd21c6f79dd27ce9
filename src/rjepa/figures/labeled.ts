import { DataError } from "../../core/errors.js";
import { enlarge } from "../../data/enlarge.js";
import { cutUnchecked, type Fovea, foveaLength } from "../../data/fovea.js";
import type { Image } from "../../data/image.js";
import type { LabeledImages } from "../../data/labeled-folder.js";
import { pyramid } from "../../data/pyramid.js";
import type { Labeled } from "./judging/data.js";
import type { Fixations } from "./representation.js";

/** Where a labeled image is looked at: its center, and between the center and each corner; shares of width and height. */
const looks = [
  [1 / 2, 1 / 2],
  [1 / 4, 1 / 4],
  [3 / 4, 1 / 4],
  [3 / 4, 3 / 4],
  [1 / 4, 3 / 4],
] as const;

/** Small images are enlarged to at least this share of the largest crop: pixels seen one by one are corners that no picture has. */
const leastSide = 1 / 2;

/** Five fixations on each image, whose largest crop is as wide as the shorter side, the others in the ratios of the fovea's. */
function fiveFixations({ images: given }: LabeledImages, { crops: sides, size }: Fovea): Fixations {
  const largest = Math.max(...sides);
  const shorter = ({ width, height }: Image): number => Math.min(width, height);
  const images = given.map((image) => enlarge(image, Math.ceil((leastSide * largest) / shorter(image))));
  const pyramids = images.map(pyramid);
  const foveas = images.map((image) => ({
    size,
    crops: sides.map((side) => (shorter(image) * side) / largest),
  }));
  const places = images.flatMap(({ width, height }) => looks.flatMap(([x, y]) => [x * width, y * height]));
  const steps = looks.length;
  return {
    count: images.length,
    steps,
    scales: sides.length,
    size,
    image: Int32Array.from(images.keys()),
    positions: Float64Array.from(places),
    diagonal: Float64Array.from(images, ({ width, height }) => Math.hypot(width, height)),
    crops(which, from, to) {
      const length = foveaLength({ crops: sides, size });
      const out = new Float32Array(which.length * (to - from) * length);
      for (let at = 0, k = 0; k < which.length; k++)
        for (let t = from; t < to; t++, at += length) {
          const place = 2 * (which[k] * steps + t);
          const [x, y] = [places[place], places[place + 1]];
          cutUnchecked(pyramids[which[k]], x, y, foveas[which[k]], 1, false, out, at);
        }
      return out;
    },
  };
}

/**
 * Labeled images as the probes see them: five fixations on each, of as many crops as the fovea has, the largest as wide as
 * the image's shorter side. @throws DataError where the labels of both are not the same
 */
export function labeledOf(fit: LabeledImages, test: LabeledImages, fovea: Fovea): Labeled {
  if (fit.names.join("\n") !== test.names.join("\n"))
    throw new DataError(
      `labeled: expected images to test of the labels ${fit.names.join(", ")}, got ${test.names.join(", ")}`,
    );
  return {
    fit: fiveFixations(fit, fovea),
    fitLabels: fit.labels,
    test: fiveFixations(test, fovea),
    testLabels: test.labels,
  };
}
