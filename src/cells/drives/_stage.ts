import { anything, count, type Known, options as optionsOf } from "../../core/kinds.js";
import type { Shape } from "../../core/shape.js";
import { conv2d } from "../../ops/conv.js";
import { add, relu } from "../../ops/pointwise.js";
import type { Tensor } from "../../tensor/tensor.js";
import {
  type Drive,
  type DriveParams,
  defineDrive,
  heNormal,
  type Initial,
  one,
  requirePicture,
} from "./_drive.js";
import { groupNorm } from "./_norm.js";

export interface StageSizes {
  /** [C, H, W]. */
  readonly input: Shape;
  /** Channels C' that it gives. */
  readonly units: number;
  /** Blocks one after the other; default 1. */
  readonly blocks?: number;
  /** Of the first block, in pixels; default 1. */
  readonly stride?: number;
}

/** One convolution, and the normalization behind it. */
export interface Layer {
  /** What its parameters are called: `K`, `scale` and `bias`, each with this behind it. */
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly size: number;
  readonly stride: number;
}

/** The layers of a block from so many channels to `units`, of which the first ones may shrink the picture. */
export type Body = (from: number, stride: number) => readonly Omit<Layer, "name" | "from">[];

interface Block {
  readonly body: readonly Layer[];
  /** Brings the block's input to the shape of its output; `null` where it has it. */
  readonly skip: Layer | null;
}

/** Far beyond what any stage has. */
const mostBlocks = 1000;

const sizing: Known<StageSizes> = {
  input: anything,
  units: count(1),
  blocks: count(1, mostBlocks),
  stride: count(1),
};

/** What a stage is made of. @throws ArgumentError or ShapeError for sizes that are none */
export function stageSizes(who: string, sizes: StageSizes): Required<StageSizes> {
  const { blocks = 1, stride = 1, units, input } = optionsOf(who, sizes, sizing, ["input", "units"]);
  return { input: requirePicture(who, input), units, blocks, stride };
}

/** x∗K, normalized: [B, C, H, W] to [B, C', ⌈H/stride⌉, ⌈W/stride⌉]. */
export function layer({ name, size, stride }: Layer, params: DriveParams, x: Tensor): Tensor {
  const y = conv2d(x, params[`K${name}`], { padding: (size - 1) / 2, stride });
  return groupNorm(y, params[`scale${name}`], params[`bias${name}`]);
}

/** Shapes of the parameters of layers, and how those start. */
export function parametersOf(
  layers: readonly Layer[],
): Pick<Drive, "shapes"> & Required<Pick<Drive, "initial">> {
  const shapes: Record<string, Shape> = {};
  const initial: Record<string, Initial> = {};
  for (const { name, from, to, size } of layers) {
    shapes[`K${name}`] = [to, from, size, size];
    initial[`K${name}`] = heNormal(shapes[`K${name}`]);
    shapes[`scale${name}`] = [to];
    initial[`scale${name}`] = one;
    shapes[`bias${name}`] = [to];
  }
  return { shapes, initial };
}

/**
 * Blocks with a skip, one after the other: y = relu(body(x) + skip(x)) with a rectifier between the layers of the body (He et al.
 * 2016). Layers of block i are called `ia`, `ib` and so on, and a projection in its skip, 1x1, `is`.
 */
export function stage(
  name: string,
  { input, units, blocks, stride }: Required<StageSizes>,
  body: Body,
): Drive {
  const [channels, H, W] = input;
  const all = Array.from({ length: blocks }, (_, i): Block => {
    const first = i === 0;
    const [from, step] = first ? [channels, stride] : [units, 1];
    let last = from;
    const layers = body(from, step).map((l, j): Layer => {
      const named = { ...l, name: `${i + 1}${"abc"[j]}`, from: last };
      last = l.to;
      return named;
    });
    const fits = from === units && step === 1;
    return {
      body: layers,
      skip: fits ? null : { name: `${i + 1}s`, from, to: units, size: 1, stride: step },
    };
  });
  return defineDrive({
    name,
    inputShape: input,
    outputShape: [units, Math.ceil(H / stride), Math.ceil(W / stride)],
    ...parametersOf(all.flatMap(({ body: layers, skip }) => (skip ? [...layers, skip] : layers))),
    apply: (params, x) => all.reduce((y, block) => applyBlock(block, params, y), x),
  });
}

function applyBlock({ body, skip }: Block, params: DriveParams, x: Tensor): Tensor {
  const y = body.reduce((z, l, j) => layer(l, params, j === 0 ? z : relu(z)), x);
  return relu(add(y, skip ? layer(skip, params, x) : x));
}
