/** Tensors and parameters of float32 whose numbers every competitor makes for itself. */
import { sizeOf } from "../../../src/core/shape.js";
import { fillTree, leavesOf } from "../../../src/core/tree.js";
import type { ModelParams } from "../../../src/learn/model/model.js";
import { fromData } from "../../../src/tensor/apply.js";
import { entries } from "../../../src/tensor/read.js";
import { isTensor, type Tensor } from "../../../src/tensor/tensor.js";
import type { Prepared } from "../serve.mjs";
import { checksum, chirp, wave } from "../wave.mjs";

type Numbers = (shape: readonly number[], seed: number, scale?: number, offset?: number) => Tensor;

export const given: Numbers = (shape, seed, scale, offset) =>
  fromData(wave(sizeOf(shape), seed, scale, offset), shape, "float32");

export const givenChirp: Numbers = (shape, seed, scale, offset) =>
  fromData(chirp(sizeOf(shape), seed, scale, offset), shape, "float32");

export const checksumOf = (t: Tensor): [number, number] => checksum(entries(t));

/** A work whose one repetition computes tensors. */
export const computing = (compute: () => readonly Tensor[]): Prepared => ({
  run: compute,
  check: () => compute().map(checksumOf),
});

/**
 * The parameters of a model with other numbers in them: leaf k of the tree is wave (or chirp) k + 1, matrices and kernels of the
 * scale gain / sqrt(fan-in) and vectors of a tenth.
 */
export function filled(
  params: ModelParams,
  gainOf: (path: string) => number = () => 1,
  offsetOf: (path: string) => number = () => 0,
  numbers: Numbers = given,
): ModelParams {
  const values = leavesOf<Tensor>(params, isTensor).map(({ path, value: { shape } }, k) => {
    const scale = shape.length < 2 ? 0.1 : gainOf(path) / Math.sqrt(sizeOf(shape.slice(1)));
    return numbers(shape, k + 1, scale, offsetOf(path));
  });
  return fillTree(params, isTensor, values) as ModelParams;
}

/** Checksums of the gradient, leaf by leaf. */
export const gradientChecks = (gradient: ModelParams): [number, number][] =>
  leavesOf<Tensor>(gradient, isTensor).map(({ value }) => checksumOf(value));
