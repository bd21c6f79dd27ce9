import type { TypedArray } from "../../core/dtype.js";
import type { Shape } from "../../core/shape.js";
import { sizeOf, stridesOf } from "../../core/shape.js";
import type { ConvAttrs } from "../../device/attributes.js";
import type { Operand, Result } from "../../device/backend.js";
import { arrayOf, hostZeros } from "../../device/host-storage.js";
import { gemm } from "./gemm.js";
import { runReshape } from "./reindex.js";

/** Sizes of a convolution, per group of channels. */
interface Sizes {
  readonly batch: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly height: number;
  readonly width: number;
  readonly kh: number;
  readonly kw: number;
  readonly outHeight: number;
  readonly outWidth: number;
}

function sizesOf(x: Shape, k: Shape, y: Shape, groups: number): Sizes {
  return {
    batch: x[0],
    inputs: k[1],
    outputs: k[0] / groups,
    height: x[2],
    width: x[3],
    kh: k[2],
    kw: k[3],
    outHeight: y[2],
    outWidth: y[3],
  };
}

/** The operand's numbers without gaps. */
function contiguous(x: Operand): { data: TypedArray; offset: number } {
  const strides = stridesOf(x.shape);
  if (x.strides.every((s, i) => s === strides[i] || x.shape[i] === 1))
    return { data: arrayOf(x.data), offset: x.offset };
  const data = hostZeros(x.dtype, sizeOf(x.shape));
  runReshape([x], { data, shape: x.shape, dtype: x.dtype });
  return { data: data.array, offset: 0 };
}

/** Visits every entry of the patches [positions x taps] of one group of one image, with its place there and in the image. */
function eachTap(
  s: Sizes,
  { stride, padding }: ConvAttrs,
  visit: (patch: number, image: number, count: number) => void,
): void {
  const taps = s.inputs * s.kh * s.kw;
  for (let oy = 0; oy < s.outHeight; oy++)
    for (let ox = 0; ox < s.outWidth; ox++) {
      const [y0, x0] = [oy * stride[0] - padding[0], ox * stride[1] - padding[1]];
      const [first, last] = [Math.max(0, -x0), Math.min(s.kw, s.width - x0)];
      if (last <= first) continue;
      const row = (oy * s.outWidth + ox) * taps;
      for (let c = 0; c < s.inputs; c++)
        for (let ky = Math.max(0, -y0); ky < Math.min(s.kh, s.height - y0); ky++)
          visit(
            row + (c * s.kh + ky) * s.kw + first,
            (c * s.height + y0 + ky) * s.width + x0 + first,
            last - first,
          );
    }
}

function unfold(patches: Float64Array, x: TypedArray, from: number, s: Sizes, attrs: ConvAttrs): void {
  patches.fill(0);
  eachTap(s, attrs, (patch, image, count) => {
    for (let j = 0; j < count; j++) patches[patch + j] = x[from + image + j];
  });
}

/** Images and groups of a convolution, with the offsets of their parts. */
function eachPart(
  s: Sizes,
  groups: number,
  visit: (part: { image: number; result: number; kernel: number }) => void,
): void {
  const [plane, outPlane] = [s.height * s.width, s.outHeight * s.outWidth];
  for (let b = 0; b < s.batch; b++)
    for (let g = 0; g < groups; g++)
      visit({
        image: (b * groups + g) * s.inputs * plane,
        result: (b * groups + g) * s.outputs * outPlane,
        kernel: g * s.outputs * s.inputs * s.kh * s.kw,
      });
}

/** Cross-correlation: patches laid out in rows, one matrix product per image and group. */
export function runConv2d([x, k]: readonly Operand[], attrs: ConvAttrs, out: Result): void {
  const s = sizesOf(x.shape, k.shape, out.shape, attrs.groups);
  const [taps, positions] = [s.inputs * s.kh * s.kw, s.outHeight * s.outWidth];
  const [image, kernel] = [contiguous(x), contiguous(k)];
  const patches = new Float64Array(positions * taps);
  eachPart(s, attrs.groups, (part) => {
    unfold(patches, image.data, image.offset + part.image, s, attrs);
    gemm(
      arrayOf(out.data),
      part.result,
      positions,
      1,
      kernel.data,
      kernel.offset + part.kernel,
      taps,
      patches,
      0,
      taps,
      s.outputs,
      positions,
      taps,
    );
  });
}

function transposed(x: TypedArray, from: number, rows: number, columns: number): Float64Array {
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) out[j * rows + i] = x[from + i * columns + j];
  return out;
}

/** Sums of float32 entries are kept in double precision until the end. */
const accumulator = (out: Result): TypedArray =>
  out.dtype === "float32" ? new Float64Array(out.data.length) : arrayOf(out.data);

/** The transpose along the input: cotangents times kernels give patches, which are added back into the image. */
export function runConv2dInput([ct, k]: readonly Operand[], attrs: ConvAttrs, out: Result): void {
  const s = sizesOf(out.shape, k.shape, ct.shape, attrs.groups);
  const [taps, positions] = [s.inputs * s.kh * s.kw, s.outHeight * s.outWidth];
  const [error, kernel] = [contiguous(ct), contiguous(k)];
  const into = accumulator(out);
  const patches = new Float64Array(positions * taps);
  eachPart(s, attrs.groups, (part) => {
    const errors = transposed(error.data, error.offset + part.result, s.outputs, positions);
    const kernels = transposed(kernel.data, kernel.offset + part.kernel, s.outputs, taps);
    gemm(patches, 0, taps, 1, errors, 0, s.outputs, kernels, 0, s.outputs, positions, taps, s.outputs);
    eachTap(s, attrs, (patch, image, count) => {
      for (let j = 0; j < count; j++) into[part.image + image + j] += patches[patch + j];
    });
  });
  if (into !== arrayOf(out.data)) out.data.write(into);
}

/** The transpose along the kernel: cotangents times patches, summed over the batch. */
export function runConv2dKernel([x, ct]: readonly Operand[], attrs: ConvAttrs, out: Result): void {
  const s = sizesOf(x.shape, out.shape, ct.shape, attrs.groups);
  const [taps, positions] = [s.inputs * s.kh * s.kw, s.outHeight * s.outWidth];
  const [image, error] = [contiguous(x), contiguous(ct)];
  const patches = new Float64Array(positions * taps);
  const sum = new Float64Array(s.outputs * taps);
  const into = accumulator(out);
  eachPart(s, attrs.groups, (part) => {
    unfold(patches, image.data, image.offset + part.image, s, attrs);
    const columns = transposed(patches, 0, positions, taps);
    gemm(
      sum,
      0,
      taps,
      1,
      error.data,
      error.offset + part.result,
      positions,
      columns,
      0,
      positions,
      s.outputs,
      taps,
      positions,
    );
    for (let j = 0; j < sum.length; j++) into[part.kernel + j] += sum[j];
  });
  if (into !== arrayOf(out.data)) out.data.write(into);
}
