import { anything, count, type Known, options as optionsOf } from "../../core/kinds.js";
import type { Shape } from "../../core/shape.js";
import { conv2d } from "../../ops/conv.js";
import { type Drive, defineDrive, odd, requirePicture } from "./_drive.js";

export interface ConvSizes {
  /** [C, H, W]. */
  readonly input: Shape;
  /** Channels C' that it gives. */
  readonly units: number;
  /** Side k of its kernels, odd, in pixels; default 3. */
  readonly size?: number;
  /** In pixels; default 1. */
  readonly stride?: number;
}

const sizing: Known<ConvSizes> = { input: anything, units: count(1), size: odd, stride: count(1) };

/** Kernels K [C', C, k, k] over a picture with zeros around it: [C, H, W] to [C', ⌈H/stride⌉, ⌈W/stride⌉]. */
export function conv(sizes: ConvSizes): Drive {
  const given = optionsOf("conv drive", sizes, sizing, ["input", "units"]);
  const [channels, H, W] = requirePicture("conv drive", given.input);
  const { units, size = 3, stride = 1 } = given;
  return defineDrive({
    name: "conv",
    inputShape: [channels, H, W],
    outputShape: [units, Math.ceil(H / stride), Math.ceil(W / stride)],
    shapes: { K: [units, channels, size, size] },
    apply: ({ K }, x) => conv2d(x, K, { padding: (size - 1) / 2, stride }),
  });
}
