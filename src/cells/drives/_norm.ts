import { add, mul, rsqrt, sub } from "../../ops/pointwise.js";
import { mean, variance } from "../../ops/reduce.js";
import { reshape } from "../../ops/views.js";
import type { Tensor } from "../../tensor/tensor.js";

const fewest = 16;
/** Added to a variance. */
const floor = 1e-5;

/** Groups that channels are cut into: as many as leave each at least 16; fewer channels are one group. */
export function groupsOf(channels: number): number {
  for (let groups = Math.floor(channels / fewest); groups > 1; groups--)
    if (channels % groups === 0) return groups;
  return 1;
}

/**
 * Group normalization (Wu & He 2018) of a picture [B, C, H, W], with a scale and a bias for each channel, [C]. Mean and variance
 * are those of one sample's channels of one group over all positions, so that no stream sees another, and none sees its past:
 * batch statistics do the one, and running ones the other. The convolutions before it have no bias, so that the mean is worth
 * taking off, which a root mean square alone would leave. Groups have 16 channels at least, which that paper finds as good as its
 * 32 groups: at one position, as deep in a small picture, a group of one channel would be always zero.
 */
export function groupNorm(x: Tensor, scale: Tensor, bias: Tensor): Tensor {
  const [B, C, H, W] = x.shape;
  const groups = groupsOf(C);
  const apart = reshape(x, [B, groups, C / groups, H, W]);
  const over = [2, 3, 4];
  const centered = sub(apart, mean(apart, over, { keepDims: true }));
  const deviation = rsqrt(add(variance(apart, over, { keepDims: true }), floor));
  const normal = reshape(mul(centered, deviation), x.shape);
  return add(mul(normal, reshape(scale, [C, 1, 1])), reshape(bias, [C, 1, 1]));
}
