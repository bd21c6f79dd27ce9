import { ArgumentError } from "../../core/errors.js";
import { count, flag, nameIn, oneOf } from "../../core/kinds.js";
import { samplers } from "../../data/fixations.js";
import { aPath, side } from "../../data/kinds.js";
import { perSecond, seconds } from "../../data/reference-video.js";
import { byKind, type Field, leaf, optional } from "./schema.js";

const viewers = count(1);
const sampler = nameIn(samplers);
const files = {
  sampler: optional(leaf(sampler)),
  viewers: optional(leaf(viewers)),
  maxSide: optional(leaf(side)),
};

/** Parts of each kind of source; those of scenes are what a run without data has. */
const sources = {
  folder: { images: leaf(aPath), scanpaths: optional(leaf(aPath)), ...files },
  labeled: { folder: leaf(aPath), ...files },
  video: {
    videos: leaf(aPath),
    ...files,
    rate: optional(leaf(perSecond)),
    stretch: optional(leaf(seconds)),
  },
  scenes: {
    moving: optional(leaf(flag)),
    count: leaf(count(2), 667),
    width: leaf(side, 480),
    height: leaf(side, 360),
    viewers: leaf(viewers, 4),
    sampler: leaf(sampler, "centerBiased"),
  },
};
const parts = byKind(sources, oneOf(...Object.keys(sources)), "scenes");

/** Where fixations come from. */
export const sourceField: Field = (who, path, given) => {
  const found = parts(who, path, given) as Record<string, unknown>;
  if (found.scanpaths !== undefined) {
    if (found.sampler !== undefined)
      throw new ArgumentError(
        `${who}: ${path}.sampler: expected no scanpaths beside it, which say where is looked`,
      );
    return found;
  }
  return parts(who, path, { sampler: "centerBiased", viewers: 1, ...found });
};
