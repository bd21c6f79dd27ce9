/** What a model is given of the crops around a fixation. No tensors here: a thread that cuts batches loads none. */
import { standardColors } from "../../data/colors.js";
import { retina } from "../../data/retina.js";
import type { Preset } from "./preset.js";

/** Channels of each crop: three contrasts, ON and OFF; or red, green and blue. */
const channelsOfCrop = { retina: 5, color: 3 } as const;

/** Shape of the input of a preset without its batch axis, [C, P, P]. */
export const inputShape = ({ input }: Pick<Preset, "input">): [number, number, number] => [
  channelsOfCrop[input.channels ?? "retina"] * input.crops.length,
  input.size,
  input.size,
];

/** The input [count, C, P, P] that crops [count, S, 3, P, P], 0 to 255, give. */
export function seenOf(
  { input: { channels = "retina", crops: sides, size } }: Pick<Preset, "input">,
  crops: Float32Array,
  count: number,
): Float32Array {
  return channels === "color" ? standardColors(crops) : retina(crops, count, sides.length, size);
}
