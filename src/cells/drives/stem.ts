import { anything, count, type Known, options as optionsOf } from "../../core/kinds.js";
import type { Shape } from "../../core/shape.js";
import { maxPool2d } from "../../ops/conv.js";
import { relu } from "../../ops/pointwise.js";
import { pad } from "../../ops/take.js";
import { type Drive, defineDrive, requirePicture } from "./_drive.js";
import { type Layer, layer, parametersOf } from "./_stage.js";

export interface StemSizes {
  /** [C, H, W]. */
  readonly input: Shape;
  /** Channels C' that it gives. */
  readonly units: number;
}

const sizing: Known<StemSizes> = { input: anything, units: count(1) };
const none = [0, 0] as const;
const around = [1, 1] as const;

/**
 * How a residual network begins (He et al. 2016): kernels K [C', C, 7, 7] of stride 2 with a scale and a bias by channel, a
 * rectifier, and maxima over 3x3 of stride 2; [C, H, W] to [C', ⌈H/4⌉, ⌈W/4⌉].
 */
export function stem(sizes: StemSizes): Drive {
  const { input, units } = optionsOf("stem drive", sizes, sizing, ["input", "units"]);
  const [channels, H, W] = requirePicture("stem drive", input);
  const first: Layer = { name: "", from: channels, to: units, size: 7, stride: 2 };
  return defineDrive({
    name: "stem",
    inputShape: [channels, H, W],
    outputShape: [units, Math.ceil(H / 4), Math.ceil(W / 4)],
    ...parametersOf([first]),
    apply(params, x) {
      // nothing behind a rectifier is below the zeros around it
      const y = pad(relu(layer(first, params, x)), [none, none, around, around]);
      return maxPool2d(y, 3, { stride: 2 });
    },
  });
}
