import { allocate, type DType, type TypedArray } from "../core/dtype.js";
import { DTypeError, ShapeError } from "../core/errors.js";
import { checkShape, formatShape, type Shape, sizeOf } from "../core/shape.js";
import { fromData } from "../tensor/apply.js";
import { Tensor } from "../tensor/tensor.js";

/** Numbers or booleans in nested arrays of equal lengths. */
export type Nested = number | boolean | readonly Nested[];

export interface CreateOptions {
  /** Default `float64`; `bool` when the first entry is a boolean. */
  readonly dtype?: DType;
}

/** A tensor from nested arrays or a typed array. @throws ShapeError when rows differ in length. */
export function tensor(
  values: Nested | TypedArray | Tensor,
  options: CreateOptions & { shape?: Shape } = {},
): Tensor {
  if (values instanceof Tensor) return values;
  if (isTyped(values)) {
    const dtype = options.dtype ?? dtypeOf(values);
    const shape = checkShape("tensor", options.shape ?? [values.length]);
    if (sizeOf(shape) !== values.length)
      throw new ShapeError(
        `tensor: expected ${sizeOf(shape)} numbers for shape ${formatShape(shape)}, got ${values.length}`,
      );
    const data = allocate(dtype, values.length);
    data.set(values);
    return fromData(data, shape, dtype);
  }
  const found = nestedShape(values);
  const flat: number[] = [];
  let boolean = false;
  const visit = (node: Nested, depth: number): void => {
    if (Array.isArray(node)) {
      if (node.length !== found[depth])
        throw new ShapeError(
          `tensor: rows must have equal lengths, got ${found[depth]} and ${node.length} at depth ${depth}`,
        );
      for (const child of node) visit(child, depth + 1);
    } else {
      if (depth !== found.length)
        throw new ShapeError(
          `tensor: rows must have equal depth, got a number at depth ${depth} of ${found.length}`,
        );
      if (typeof node !== "number" && typeof node !== "boolean")
        throw new DTypeError(
          `tensor: expected numbers or booleans, got ${node === null ? "null" : typeof node}`,
        );
      boolean ||= typeof node === "boolean";
      flat.push(Number(node));
    }
  };
  visit(values, 0);
  const dtype = options.dtype ?? (boolean ? "bool" : "float64");
  const shape = options.shape ?? found;
  if (sizeOf(shape) !== flat.length)
    throw new ShapeError(
      `tensor: expected ${sizeOf(shape)} numbers for shape ${formatShape(shape)}, got ${flat.length}`,
    );
  const data = allocate(dtype, flat.length);
  for (let i = 0; i < flat.length; i++) data[i] = dtype === "bool" ? (flat[i] ? 1 : 0) : flat[i];
  return fromData(data, shape, dtype);
}

export function full(shape: Shape, value: number, options: CreateOptions = {}): Tensor {
  const dtype = options.dtype ?? "float64";
  const data = allocate(dtype, sizeOf(checkShape("full", shape)));
  if (value !== 0) data.fill(value);
  return fromData(data, shape, dtype);
}

export const zeros = (shape: Shape, options?: CreateOptions): Tensor => full(shape, 0, options);
export const ones = (shape: Shape, options?: CreateOptions): Tensor => full(shape, 1, options);

/** A scalar. */
export function scalar(value: number, dtype: DType = "float64"): Tensor {
  const data = allocate(dtype, 1);
  data[0] = value;
  return fromData(data, [], dtype);
}

/** The identity matrix [n, n]. */
export function eye(n: number, options: CreateOptions = {}): Tensor {
  const dtype = options.dtype ?? "float64";
  const data = allocate(dtype, sizeOf(checkShape("eye", [n, n])));
  for (let i = 0; i < n; i++) data[i * n + i] = 1;
  return fromData(data, [n, n], dtype);
}

/** start, start + step, ... below stop; `arange(n)` counts 0 to n - 1. */
export function arange(start: number, stop?: number, step = 1, options: CreateOptions = {}): Tensor {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  if (!(Number.isFinite(from) && Number.isFinite(to) && Number.isFinite(step)) || step === 0)
    throw new ShapeError(
      `arange: expected finite bounds and a step other than 0, got ${from}, ${to}, ${step}`,
    );
  const n = Math.max(0, Math.ceil((to - from) / step));
  const dtype = options.dtype ?? "float64";
  const data = allocate(dtype, n);
  for (let i = 0; i < n; i++) data[i] = from + i * step;
  return fromData(data, [n], dtype);
}

/** Zeros of the shape and dtype of another tensor. */
export const zerosLike = (t: Tensor): Tensor => full(t.shape, 0, { dtype: t.dtype });
export const onesLike = (t: Tensor): Tensor => full(t.shape, 1, { dtype: t.dtype });

/** Numbers take the dtype of the tensor beside them. */
export function asTensor(x: Tensor | number, dtype: DType = "float64"): Tensor {
  return x instanceof Tensor ? x : scalar(x, dtype);
}

function nestedShape(values: Nested): number[] {
  const shape: number[] = [];
  let at: Nested | undefined = values;
  while (Array.isArray(at)) {
    shape.push(at.length);
    at = at[0] as Nested | undefined;
  }
  return shape;
}

function isTyped(values: unknown): values is TypedArray {
  return ArrayBuffer.isView(values);
}

function dtypeOf(values: TypedArray): DType {
  if (values instanceof Float64Array) return "float64";
  if (values instanceof Float32Array) return "float32";
  if (values instanceof Int32Array) return "int32";
  if (values instanceof Uint8Array) return "bool";
  throw new DTypeError("tensor: expected a Float64Array, Float32Array, Int32Array or Uint8Array");
}
