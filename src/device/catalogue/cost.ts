import { type Shape, sizeOf } from "../../core/shape.js";
import type { ContractAttrs } from "../attributes.js";

/**
 * The least work, as counted below, that is worth a call of the addon, by what a unit of it costs. As measured: such a call
 * takes about half a microsecond, in which V8 adds up some 250 pairs of numbers, or takes 25 exponentials. Its strided
 * copies and sums over matrices have more to prepare, and its products of matrices most.
 */
export const [cheap, strided, root, costly, product] = [320, 96, 64, 32, 16] as const;

/** Multiplications and the like that a call takes, roughly. */
export type Work = (
  inputs: readonly { readonly shape: Shape }[],
  attrs: unknown,
  out: { readonly data: { readonly length: number } },
) => number;

/** One for each entry of the result. */
export const perResult: Work = (_inputs, _attrs, out) => out.data.length;
/** One for each entry of the operand. */
export const perOperand: Work = ([x]) => sizeOf(x.shape);

export const contraction: Work = ([a], attrs, out) => {
  const { aLabels, outLabels } = attrs as ContractAttrs;
  let n = out.data.length;
  for (let i = 0; i < aLabels.length; i++) if (!outLabels.includes(aLabels[i])) n *= a.shape[i];
  return n;
};

const image = (shape: Shape): number => shape[0] * sizeOf(shape.slice(2));
/** Of an image [B, I, H, W] and a kernel [O, I, h, w], and of the two transposes, which take a result [B, O, H', W'] as well. */
export const convolution: Work = ([, kernel], _, out) => out.data.length * sizeOf(kernel.shape.slice(1));
export const convolutionToImage: Work = ([result, kernel]) => image(result.shape) * sizeOf(kernel.shape);
export const convolutionToKernel: Work = ([, result], _, out) => image(result.shape) * out.data.length;
