import { ShapeError } from "../../core/errors.js";
import { callable, count, eachOf, having, type Kind, kind, listOf, maybe, text } from "../../core/kinds.js";
import { type Key, normal } from "../../core/prng.js";
import { formatShape, type Shape, sameShape } from "../../core/shape.js";
import { requireTensor, type Tensor } from "../../tensor/tensor.js";
import { requireTensors } from "../_kinds.js";

/** Parameters of a drive, by name. */
export type DriveParams = Readonly<Record<string, Tensor>>;

/** Initial values of a parameter of n numbers. */
export type Initial = (key: Key, n: number) => Float64Array;

/**
 * What drives a cell: a feed-forward map of its input, with parameters of its own. It is a part that is handed to a cell, which
 * knows nothing of it but this.
 */
export interface Drive {
  readonly name: string;
  /** Shape of its input without the batch axis. */
  readonly inputShape: Shape;
  /** Shape of what it gives without the batch axis: [n], or [C, H, W]. */
  readonly outputShape: Shape;
  /** Shapes of its parameters by name. Those of two axes or more are its matrices and kernels. */
  readonly shapes: Readonly<Record<string, Shape>>;
  /** Initial values that differ from the default: N(0, 1/fan-in) for matrices and kernels, zero for vectors. */
  readonly initial?: Readonly<Record<string, Initial>>;
  /** [B, ...inputShape] to [B, ...outputShape]. */
  apply(params: DriveParams, x: Tensor): Tensor;
}

/** A drive that refuses what does not fit it. */
export function defineDrive(drive: Drive): Drive {
  const { name, inputShape, shapes } = drive;
  const names = Object.keys(shapes);
  return {
    ...drive,
    apply(params, x) {
      requireTensors(name, "the parameters", names, params);
      if (!sameShape(requireTensor(name, x).shape.slice(1), inputShape) || x.rank < 1)
        throw new ShapeError(
          `${name}: expected an input of shape [B,${inputShape}], got ${formatShape(x.shape)}`,
        );
      return drive.apply(params, x);
    },
  };
}

/** Names of the matrices and kernels among shapes: what decays, and starts by its fan-in. */
export const weightsOf = ({ shapes }: Pick<Drive, "shapes">): string[] =>
  Object.keys(shapes).filter((name) => shapes[name].length >= 2);

const aShape = listOf(count(1), 1);

/** A drive, the library's or of one's own. */
export const aDrive: Kind = having({
  name: text,
  inputShape: aShape,
  outputShape: aShape,
  shapes: eachOf(aShape),
  initial: maybe(eachOf(callable)),
  apply: callable,
});

/** A side of a kernel that has a middle, so that a stride of s leaves one position of s. */
export const odd = kind(
  "an odd whole number of at least 1",
  (v) => Number.isSafeInteger(v) && (v as number) % 2 === 1,
);

/** The shape of a picture, [C, H, W]. @throws ShapeError for another number of axes */
export function requirePicture(who: string, input: unknown): readonly [number, number, number] {
  aShape(who, "input", input);
  const shape = input as Shape;
  if (shape.length !== 3)
    throw new ShapeError(`${who}: expected an input of shape [C,H,W], got ${formatShape(shape)}`);
  return shape as readonly [number, number, number];
}

/** N(0, 2/fan-in) for a kernel of this shape, which keeps the size of what passes through a rectifier (He et al. 2015). */
export const heNormal =
  (shape: Shape): Initial =>
  (key, n) => {
    const gain = Math.sqrt((2 * shape[0]) / n);
    return normal(key, n).map((v) => v * gain);
  };

export const one: Initial = (_, n) => new Float64Array(n).fill(1);
