import type { Drive } from "./_drive.js";
import { type StageSizes, stage, stageSizes } from "./_stage.js";

/**
 * A stage of blocks of two 3x3 convolutions with a skip (He et al. 2016): [C, H, W] to [C', ⌈H/stride⌉, ⌈W/stride⌉]. Block i has
 * kernels `Kia` and `Kib`, and `Kis`, 1x1, where its shape changes; each with a scale and a bias by channel.
 */
export function residual(sizes: StageSizes): Drive {
  const given = stageSizes("residual drive", sizes);
  const to = given.units;
  return stage("residual", given, (_, stride) => [
    { to, size: 3, stride },
    { to, size: 3, stride: 1 },
  ]);
}
