import { allocate, type DType, store, type TypedArray } from "../core/dtype.js";
import { DTypeError, ShapeError } from "../core/errors.js";
import { checkShape, formatShape, type Shape, sizeOf } from "../core/shape.js";
import { fromData } from "../tensor/apply.js";
import { Tensor } from "../tensor/tensor.js";
import { noteZeros } from "../tensor/zeros.js";
import { cast } from "./cast.js";
import { reshape } from "./views.js";

/** Numbers or booleans in nested arrays of equal lengths. */
export type Nested = number | boolean | readonly Nested[];

export interface CreateOptions {
  /** Default `float64`; `bool` when the first entry is a boolean. */
  readonly dtype?: DType;
}

/**
 * A tensor from nested arrays, a typed array (copied) or another tensor, in the dtype and shape asked for.
 * @throws ShapeError when rows differ in length or the shape asked for holds another number of entries
 * @throws DTypeError when an entry is no number, or no value of the dtype
 */
export function tensor(
  values: Nested | TypedArray | Tensor,
  options: CreateOptions & { shape?: Shape } = {},
): Tensor {
  if (values instanceof Tensor)
    return reshape(cast(values, options.dtype ?? values.dtype), options.shape ?? values.shape);
  const { shape: found, dtype, flat } = isTyped(values) ? typedEntries(values) : nestedEntries(values);
  const shape = checkShape("tensor", options.shape ?? found);
  if (sizeOf(shape) !== flat.length)
    throw new ShapeError(
      `tensor: expected ${sizeOf(shape)} numbers for shape ${formatShape(shape)}, got ${flat.length}`,
    );
  const wanted = options.dtype ?? dtype;
  return fromData(store("tensor", wanted, flat), shape, wanted);
}

function filled(who: string, shape: Shape, value: number, { dtype = "float64" }: CreateOptions = {}): Tensor {
  const [one] = store(who, dtype, [value]);
  const data = allocate(dtype, sizeOf(checkShape(who, shape)));
  if (value !== 0) data.fill(one);
  const made = fromData(data, shape, dtype);
  return value === 0 ? noteZeros(made) : made;
}

export const full = (shape: Shape, value: number, options?: CreateOptions): Tensor =>
  filled("full", shape, value, options);
export const zeros = (shape: Shape, options?: CreateOptions): Tensor => filled("zeros", shape, 0, options);
export const ones = (shape: Shape, options?: CreateOptions): Tensor => filled("ones", shape, 1, options);

/** A scalar. */
export function scalar(value: number, dtype: DType = "float64"): Tensor {
  const made = fromData(store("scalar", dtype, [value]), [], dtype);
  return value === 0 ? noteZeros(made) : made;
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
  const values = Array.from({ length: n }, (_, i) => from + i * step);
  return fromData(store("arange", dtype, values), [n], dtype);
}

/** Zeros of the shape and dtype of another tensor. */
export const zerosLike = (t: Tensor): Tensor => full(t.shape, 0, { dtype: t.dtype });
export const onesLike = (t: Tensor): Tensor => full(t.shape, 1, { dtype: t.dtype });

/** Numbers take the dtype of the tensor beside them. */
export function asTensor(x: Tensor | number, dtype: DType = "float64"): Tensor {
  return x instanceof Tensor ? x : scalar(x, dtype);
}

interface Entries {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly flat: ArrayLike<number>;
}

function nestedEntries(values: Nested): Entries {
  const shape: number[] = [];
  for (let at: unknown = values; Array.isArray(at); at = at[0]) shape.push(at.length);
  const flat: number[] = [];
  let boolean = false;
  const visit = (node: Nested, depth: number): void => {
    if (Array.isArray(node)) {
      if (node.length !== shape[depth])
        throw new ShapeError(
          `tensor: rows must have equal lengths, got ${shape[depth]} and ${node.length} at depth ${depth}`,
        );
      for (const child of node) visit(child, depth + 1);
      return;
    }
    if (depth !== shape.length)
      throw new ShapeError(
        `tensor: rows must have equal depth, got a number at depth ${depth} of ${shape.length}`,
      );
    if (typeof node !== "number" && typeof node !== "boolean")
      throw new DTypeError(
        `tensor: expected numbers or booleans, got ${node === null ? "null" : typeof node}`,
      );
    boolean ||= typeof node === "boolean";
    flat.push(Number(node));
  };
  visit(values, 0);
  return { shape, dtype: boolean ? "bool" : "float64", flat };
}

const isTyped = (values: unknown): values is TypedArray => ArrayBuffer.isView(values);

const typedEntries = (values: TypedArray): Entries => ({
  shape: [values.length],
  dtype: dtypeOf(values),
  flat: values,
});

function dtypeOf(values: TypedArray): DType {
  if (values instanceof Float64Array) return "float64";
  if (values instanceof Float32Array) return "float32";
  if (values instanceof Int32Array) return "int32";
  if (values instanceof Uint8Array) return "bool";
  throw new DTypeError("tensor: expected a Float64Array, Float32Array, Int32Array or Uint8Array");
}
