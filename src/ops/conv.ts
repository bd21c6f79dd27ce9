import { requireFloat, sameDType } from "../core/dtype.js";
import { ShapeError } from "../core/errors.js";
import { anything, isArray, type Known, kindOf, options as optionsOf } from "../core/kinds.js";
import { formatShape, type Shape } from "../core/shape.js";
import type { Index } from "../device/attributes.js";
import { apply } from "../tensor/apply.js";
import { contraction, type LinearMap } from "../tensor/linear-map.js";
import type { Op } from "../tensor/op.js";
import { requireTensor, type Tensor } from "../tensor/tensor.js";
import { max, mean } from "./reduce.js";
import { takeIndex } from "./take.js";
import { permute, reshape } from "./views.js";

/** A number for both axes, or [vertical, horizontal]. */
export type Pair = number | readonly [number, number];

export interface ConvOptions {
  readonly stride?: Pair;
  /** Zeros around the input, in pixels. */
  readonly padding?: Pair;
  /** Channels are cut into this many groups that do not see each other. */
  readonly groups?: number;
}

const convolving: Known<ConvOptions> = { stride: anything, padding: anything, groups: anything };

interface Geometry {
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly groups: number;
}

/** Both numbers of a pair. @throws ShapeError unless they are integers of at least `least` */
function pair(who: string, what: string, p: Pair, least: number): readonly [number, number] {
  const both: readonly unknown[] = isArray(p) ? p : [p, p];
  if (both.length === 2 && both.every((n) => Number.isSafeInteger(n) && (n as number) >= least))
    return [both[0] as number, both[1] as number];
  throw new ShapeError(
    `${who}: expected ${what} as an integer >= ${least} or two of them, got ${isArray(p) ? `[${p.slice(0, 3).map(kindOf)}]` : kindOf(p)}`,
  );
}

function outputSize(n: number, kernel: number, stride: number, padding: number): number {
  return Math.floor((n + 2 * padding - kernel) / stride) + 1;
}

const convOp: Op<Geometry> = {
  name: "conv2d",
  infer: ([x, k], g) => {
    if (x.shape.length !== 4 || k.shape.length !== 4)
      throw new ShapeError(
        `conv2d: expected input [B,C,H,W] and kernel [O,C/groups,kh,kw], got ${formatShape(x.shape)} and ${formatShape(k.shape)}`,
      );
    const [B, C, H, W] = x.shape;
    const [O, I, kh, kw] = k.shape;
    if (I * g.groups !== C || O % g.groups !== 0)
      throw new ShapeError(
        `conv2d: channels must agree (${g.groups} groups), got input ${formatShape(x.shape)} and kernel ${formatShape(k.shape)}`,
      );
    const h = outputSize(H, kh, g.stride[0], g.padding[0]);
    const w = outputSize(W, kw, g.stride[1], g.padding[1]);
    if (h < 1 || w < 1)
      throw new ShapeError(
        `conv2d: kernel ${formatShape(k.shape)} does not fit into input ${formatShape(x.shape)}`,
      );
    return { shape: [B, O, h, w], dtype: requireFloat("conv2d", sameDType("conv2d", [x.dtype, k.dtype])) };
  },
  linearize: ({ inputs: [x, k], attrs: g }, i) => [
    i === 0 ? alongInput(x.shape, k, g) : alongKernel(x, k.shape, g),
  ],
};

/** t -> t * k (convolution), transposed by `conv2dInput`. */
function alongInput(inputShape: Shape, k: Tensor, g: Geometry): LinearMap {
  return {
    kind: "stencil",
    name: "conv2d",
    forward: (t) => apply(convOp, [t, k], g),
    transpose: (ct) => apply(inputOp, [ct, k], { ...g, inputShape }),
    chain: () =>
      chainOf(inputShape, k.shape, g, (labels) => [
        groupedKernel(k, g.groups),
        labels.kernel,
        labels.patches,
      ]),
  };
}

/** t -> x * t (convolution), transposed by `conv2dKernel`. */
function alongKernel(x: Tensor, kernelShape: Shape, g: Geometry): LinearMap {
  return {
    kind: "stencil",
    name: "conv2d",
    forward: (t) => apply(convOp, [x, t], g),
    transpose: (ct) => apply(kernelOp, [x, ct], { ...g, kernelShape }),
    chain: () => {
      const [O, I, kh, kw] = kernelShape;
      const maps: LinearMap[] = [];
      const p =
        g.groups > 1
          ? { kernel: ["g", "o", "i", "y", "x"], patches: ["b", "g", "i", "y", "h", "x", "w"] }
          : null;
      const kernel = p ? p.kernel : ["o", "i", "y", "x"];
      if (p) maps.push({ kind: "reshape", from: kernelShape, to: [g.groups, O / g.groups, I, kh, kw] });
      const patches = unfold(x, kernelShape, g);
      const out = p ? ["b", "g", "o", "h", "w"] : ["b", "o", "h", "w"];
      const source = p ? reshape(patches, [x.shape[0], g.groups, I, ...patches.shape.slice(2)]) : patches;
      maps.push(contraction(source, kernel, p ? p.patches : ["b", "i", "y", "h", "x", "w"], out));
      if (p) {
        const [B, h, w] = [x.shape[0], patches.shape[3], patches.shape[5]];
        maps.push({ kind: "reshape", from: [B, g.groups, O / g.groups, h, w], to: [B, O, h, w] });
      }
      return maps;
    },
  };
}

function groupedKernel(k: Tensor, groups: number): Tensor {
  return groups === 1 ? k : reshape(k, [groups, k.shape[0] / groups, ...k.shape.slice(1)]);
}

/** The convolution along its input as a chain: two gathers that lay out patches, then a contraction with the kernel. */
function chainOf(
  inputShape: Shape,
  kernelShape: Shape,
  g: Geometry,
  by: (labels: { kernel: string[]; patches: string[] }) => [Tensor, string[], string[]],
): LinearMap[] {
  const [B, C, H, W] = inputShape;
  const [O, I, kh, kw] = kernelShape;
  const rows = windows(H, kh, g.stride[0], g.padding[0]);
  const columns = windows(W, kw, g.stride[1], g.padding[1]);
  const [h, w] = [rows.shape[1], columns.shape[1]];
  const maps: LinearMap[] = [];
  const grouped = g.groups > 1;
  // a depthwise kernel keeps its channel axis, and so its tie: [C, 1, kh, kw] acts as [C, kh, kw]
  const depthwise = grouped && I === 1 && O === C;
  maps.push({ kind: "take", axis: 2, index: rows, size: H });
  maps.push({ kind: "take", axis: 4, index: columns, size: W });
  if (depthwise) {
    const [kernel] = by({ kernel: [], patches: [] });
    const flat = reshape(kernel, [C, kh, kw]);
    maps.push(contraction(flat, ["b", "c", "y", "h", "x", "w"], ["c", "y", "x"], ["b", "c", "h", "w"]));
    return maps;
  }
  if (grouped) maps.push({ kind: "reshape", from: [B, C, kh, h, kw, w], to: [B, g.groups, I, kh, h, kw, w] });
  const [kernel, kernelLabels, patchLabels] = by(
    grouped
      ? { kernel: ["g", "o", "i", "y", "x"], patches: ["b", "g", "i", "y", "h", "x", "w"] }
      : { kernel: ["o", "i", "y", "x"], patches: ["b", "i", "y", "h", "x", "w"] },
  );
  maps.push(
    contraction(
      kernel,
      patchLabels,
      kernelLabels,
      grouped ? ["b", "g", "o", "h", "w"] : ["b", "o", "h", "w"],
    ),
  );
  if (grouped) maps.push({ kind: "reshape", from: [B, g.groups, O / g.groups, h, w], to: [B, O, h, w] });
  return maps;
}

const knownWindows = new Map<string, Index>();

/** Positions [kernel, output] along one axis that each output reads; -1 in the padding. One geometry is one index. */
function windows(n: number, kernel: number, stride: number, padding: number): Index {
  const name = `${n},${kernel},${stride},${padding}`;
  const found = knownWindows.get(name) ?? makeWindows(n, kernel, stride, padding);
  knownWindows.set(name, found);
  return found;
}

function makeWindows(n: number, kernel: number, stride: number, padding: number): Index {
  const out = outputSize(n, kernel, stride, padding);
  const at = new Int32Array(kernel * out);
  for (let k = 0; k < kernel; k++)
    for (let o = 0; o < out; o++) {
      const from = o * stride + k - padding;
      at[k * out + o] = from >= 0 && from < n ? from : -1;
    }
  return { shape: [kernel, out], at };
}

/** Patches [B, C, kh, H', kw, W'] of an input [B, C, H, W]. */
function unfold(x: Tensor, kernelShape: Shape, g: Geometry): Tensor {
  const rows = windows(x.shape[2], kernelShape[2], g.stride[0], g.padding[0]);
  const columns = windows(x.shape[3], kernelShape[3], g.stride[1], g.padding[1]);
  return takeIndex(takeIndex(x, 2, rows), 4, columns);
}

const inputOp: Op<Geometry & { inputShape: Shape }> = {
  name: "conv2dInput",
  infer: ([ct], { inputShape }) => ({ shape: inputShape, dtype: ct.dtype }),
  linearize: ({ inputs: [ct, k], attrs }, i) => [
    i === 0
      ? {
          kind: "stencil",
          name: "conv2dInput",
          forward: (t) => apply(inputOp, [t, k], attrs),
          transpose: (c) => apply(convOp, [c, k], attrs),
          chain: null,
        }
      : {
          kind: "stencil",
          name: "conv2dInput",
          forward: (t) => apply(inputOp, [ct, t], attrs),
          transpose: (c) => apply(kernelOp, [c, ct], { ...attrs, kernelShape: k.shape }),
          chain: null,
        },
  ],
};

const kernelOp: Op<Geometry & { kernelShape: Shape }> = {
  name: "conv2dKernel",
  infer: ([x], { kernelShape }) => ({ shape: kernelShape, dtype: x.dtype }),
  linearize: ({ inputs: [x, ct], attrs }, i) => [
    i === 0
      ? {
          kind: "stencil",
          name: "conv2dKernel",
          forward: (t) => apply(kernelOp, [t, ct], attrs),
          transpose: (c) => apply(inputOp, [ct, c], { ...attrs, inputShape: x.shape }),
          chain: null,
        }
      : {
          kind: "stencil",
          name: "conv2dKernel",
          forward: (t) => apply(kernelOp, [x, t], attrs),
          transpose: (c) => apply(convOp, [x, c], attrs),
          chain: null,
        },
  ],
};

/**
 * Cross-correlation of x [B, C, H, W] with k [O, C/groups, kh, kw], giving [B, O, H', W'],
 * H' = floor((H + 2 padding - kh) / stride) + 1.
 */
export function conv2d(x: Tensor, k: Tensor, options?: ConvOptions): Tensor {
  const given = optionsOf("conv2d", options, convolving);
  const stride = pair("conv2d", "a stride", given.stride ?? 1, 1);
  const padding = pair("conv2d", "a padding", given.padding ?? 0, 0);
  const { groups = 1 } = given;
  if (!Number.isSafeInteger(groups) || groups < 1)
    throw new ShapeError(`conv2d: expected groups as an integer >= 1, got ${kindOf(groups)}`);
  return apply(convOp, [requireTensor("conv2d", x), requireTensor("conv2d", k)], { stride, padding, groups });
}

export interface PoolOptions {
  /** Default: the window's size. */
  readonly stride?: Pair;
}

const pooling: Known<PoolOptions> = { stride: anything };

function pooled(who: string, x: Tensor, size: Pair, options?: PoolOptions): Tensor {
  const { stride } = optionsOf(who, options, pooling);
  if (requireTensor(who, x).rank !== 4)
    throw new ShapeError(`${who}: expected [B,C,H,W], got ${formatShape(x.shape)}`);
  const [kh, kw] = pair(who, "a window", size, 1);
  const [sh, sw] = pair(who, "a stride", stride ?? size, 1);
  if (kh > x.shape[2] || kw > x.shape[3])
    throw new ShapeError(`${who}: a window of ${kh}x${kw} does not fit into ${formatShape(x.shape)}`);
  const patches = unfold(x, [1, 1, kh, kw], { stride: [sh, sw], padding: [0, 0], groups: 1 });
  return permute(patches, [0, 1, 3, 5, 2, 4]);
}

/** Means over windows of [B, C, H, W]; windows that would leave the input are left out. */
export function avgPool2d(x: Tensor, size: Pair, options?: PoolOptions): Tensor {
  return mean(pooled("avgPool2d", x, size, options), [4, 5]);
}

/** Maxima over windows of [B, C, H, W]; ties share the derivative equally. */
export function maxPool2d(x: Tensor, size: Pair, options?: PoolOptions): Tensor {
  return max(pooled("maxPool2d", x, size, options), [4, 5]);
}
