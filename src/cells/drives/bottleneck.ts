import { ArgumentError } from "../../core/errors.js";
import type { Drive } from "./_drive.js";
import { type StageSizes, stage, stageSizes } from "./_stage.js";

const expansion = 4;

/**
 * A stage of bottleneck blocks (He et al. 2016): convolutions 1x1 to C'/4 channels, 3x3, and 1x1 to C', with a skip; [C, H, W]
 * to [C', ⌈H/stride⌉, ⌈W/stride⌉]. The 3x3 of the first block has the stride, as in later versions: a 1x1 of stride 2 would not
 * look at three quarters of its input. Block i has kernels `Kia`, `Kib` and `Kic`, and `Kis`, 1x1, where its shape changes; each
 * with a scale and a bias by channel.
 * @throws ArgumentError unless C' is a multiple of 4
 */
export function bottleneck(sizes: StageSizes): Drive {
  const given = stageSizes("bottleneck drive", sizes);
  const { units } = given;
  if (units % expansion !== 0)
    throw new ArgumentError(`bottleneck drive: expected units as a multiple of ${expansion}, got ${units}`);
  const narrow = units / expansion;
  return stage("bottleneck", given, (_, stride) => [
    { to: narrow, size: 1, stride: 1 },
    { to: narrow, size: 3, stride },
    { to: units, size: 1, stride: 1 },
  ]);
}
