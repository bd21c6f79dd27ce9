import { aDType, allocate, type DType, requireDType, store, type TypedArray } from "../core/dtype.js";
import { DTypeError, ShapeError } from "../core/errors.js";
import { anything, isArray, type Known, kindOf, options as optionsOf } from "../core/kinds.js";
import { checkShape, formatShape, mostAxes, type Shape, sizeOf } from "../core/shape.js";
import { fromData } from "../tensor/apply.js";
import { isTensor, noTensor, requireTensor, type Tensor } from "../tensor/tensor.js";
import { noteZeros } from "../tensor/watch/zeros.js";
import { cast } from "./cast.js";
import { reshape } from "./views.js";

/** Numbers or booleans in nested arrays of equal lengths. */
export type Nested = number | boolean | readonly Nested[];

export interface CreateOptions {
  /** Default `float64`; `bool` when the first entry is a boolean. */
  readonly dtype?: DType;
}

const creating: Known<CreateOptions> = { dtype: aDType };
const shaping: Known<CreateOptions & { shape?: Shape }> = { dtype: aDType, shape: anything };

/**
 * A tensor from nested arrays, a typed array (copied) or another tensor, in the dtype and shape asked for.
 * @throws ShapeError when rows differ in length or the shape asked for holds another number of entries
 * @throws DTypeError when an entry is no number, or no value of the dtype
 * @throws PlanError when it would take more than 2^31 − 1 entries or than the memory that is free, as any tensor
 */
export function tensor(
  values: Nested | TypedArray | Tensor,
  options?: CreateOptions & { shape?: Shape },
): Tensor {
  const { dtype: asked, shape: wanted } = optionsOf("tensor", options, shaping);
  if (isTensor(values)) return reshape(cast(values, asked ?? values.dtype), wanted ?? values.shape);
  const {
    shape: found,
    dtype,
    flat,
  } = ArrayBuffer.isView(values) ? typedEntries(values) : nestedEntries(values);
  const shape = wanted === undefined ? found : checkShape("tensor", wanted);
  if (sizeOf(shape) !== flat.length)
    throw new ShapeError(
      `tensor: expected ${sizeOf(shape)} numbers for shape ${formatShape(shape)}, got ${flat.length}`,
    );
  return fromData(store("tensor", asked ?? dtype, flat), shape, asked ?? dtype);
}

function filled(who: string, shape: Shape, value: number, options?: CreateOptions): Tensor {
  const { dtype = "float64" } = optionsOf(who, options, creating);
  const own = checkShape(who, shape);
  const one = single(who, value, dtype);
  const data = allocate(dtype, sizeOf(own), who);
  if (value !== 0 || Object.is(value, -0)) data.fill(one[0]);
  const made = fromData(data, own, dtype);
  return value === 0 ? noteZeros(made) : made;
}

export const full = (shape: Shape, value: number, options?: CreateOptions): Tensor =>
  filled("full", shape, value, options);
export const zeros = (shape: Shape, options?: CreateOptions): Tensor => filled("zeros", shape, 0, options);
export const ones = (shape: Shape, options?: CreateOptions): Tensor => filled("ones", shape, 1, options);

/** An array of one number. */
function single(who: string, value: number, dtype: DType): TypedArray {
  if (typeof value !== "number") throw new DTypeError(`${who}: expected a number, got ${kindOf(value)}`);
  switch (dtype) {
    case "float64":
      return Float64Array.of(value);
    case "float32":
      return Float32Array.of(value);
    default:
      return store(who, requireDType(who, dtype), [value]);
  }
}

/** A scalar. @throws DTypeError for what is no number */
export function scalar(value: number, dtype: DType = "float64"): Tensor {
  const made = fromData(single("scalar", value, dtype), [], dtype);
  return value === 0 ? noteZeros(made) : made;
}

const sizeKind = (who: string, n: number): Shape => checkShape(who, [n, n]);

/** The identity matrix [n, n]. */
export function eye(n: number, options?: CreateOptions): Tensor {
  const { dtype = "float64" } = optionsOf("eye", options, creating);
  const shape = sizeKind("eye", n);
  const data = allocate(dtype, n * n, "eye");
  for (let i = 0; i < n; i++) data[i * n + i] = 1;
  return fromData(data, shape, dtype);
}

/** start, start + step, ... below stop; `arange(n)` counts 0 to n - 1. */
export function arange(start: number, stop?: number, step = 1, options?: CreateOptions): Tensor {
  const { dtype = "float64" } = optionsOf("arange", options, creating);
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  if (!(Number.isFinite(from) && Number.isFinite(to) && Number.isFinite(step)) || step === 0)
    throw new ShapeError(
      `arange: expected finite bounds and a step other than 0, got ${[from, to, step].map(kindOf).join(", ")}`,
    );
  const n = Math.max(0, Math.ceil((to - from) / step));
  const data = allocate(dtype, n, "arange");
  if (dtype === "float64" || dtype === "float32") {
    for (let i = 0; i < n; i++) data[i] = from + i * step;
    return fromData(data, [n], dtype);
  }
  const exact = allocate("float64", n, "arange").map((_, i) => from + i * step);
  return fromData(store("arange", dtype, exact), [n], dtype);
}

/** Zeros of the shape and dtype of another tensor. */
export const zerosLike = (t: Tensor): Tensor => filledLike("zerosLike", t, 0);
export const onesLike = (t: Tensor): Tensor => filledLike("onesLike", t, 1);

function filledLike(who: string, t: Tensor, value: number): Tensor {
  const { shape, dtype } = requireTensor(who, t);
  const data = allocate(dtype, sizeOf(shape), who);
  if (value !== 0) data.fill(value);
  const made = fromData(data, shape, dtype);
  return value === 0 ? noteZeros(made) : made;
}

/** Numbers take the dtype of the tensor beside them. @throws DTypeError for what is neither */
export function asTensor(x: Tensor | number, dtype: DType = "float64"): Tensor {
  return operand("asTensor", x, dtype);
}

/** The gate of all operands: a tensor, or a number in the dtype of the tensor beside it. @throws DTypeError */
export function operand(who: string, x: Tensor | number, dtype: DType): Tensor {
  if (isTensor(x)) return x;
  if (typeof x !== "number") throw noTensor(who, x, "a tensor or a number");
  const made = fromData(single(who, x, dtype), [], dtype);
  return x === 0 ? noteZeros(made) : made;
}

interface Entries {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly flat: ArrayLike<number>;
}

function nestedEntries(values: Nested): Entries {
  const shape: number[] = [];
  for (let at: unknown = values; isArray(at); at = at[0]) {
    shape.push(at.length);
    if (shape.length > mostAxes)
      throw new ShapeError(
        `tensor: expected arrays nested at most ${mostAxes} deep, got deeper or cyclic ones`,
      );
  }
  const flat = allocate("float64", sizeOf(shape), "tensor");
  let [at, boolean] = [0, false];
  const visit = (node: unknown, depth: number): void => {
    if (isArray(node)) {
      if (node.length !== shape[depth])
        throw new ShapeError(
          depth < shape.length
            ? `tensor: rows must have equal lengths, got ${shape[depth]} and ${node.length} at depth ${depth}`
            : `tensor: rows must have equal depth, got an array at depth ${depth} beside numbers`,
        );
      for (let i = 0; i < node.length; i++) visit(node[i], depth + 1);
      return;
    }
    if (typeof node !== "number" && typeof node !== "boolean")
      throw new DTypeError(`tensor: expected numbers or booleans, got ${kindOf(node)}`);
    if (depth !== shape.length)
      throw new ShapeError(
        `tensor: rows must have equal depth, got a number at depth ${depth} of ${shape.length}`,
      );
    boolean ||= typeof node === "boolean";
    flat[at++] = Number(node);
  };
  visit(values, 0);
  return { shape, dtype: boolean ? "bool" : "float64", flat };
}

function typedEntries(values: ArrayBufferView): Entries {
  return { shape: [(values as TypedArray).length], dtype: dtypeOf(values), flat: values as TypedArray };
}

function dtypeOf(values: ArrayBufferView): DType {
  if (values instanceof Float64Array) return "float64";
  if (values instanceof Float32Array) return "float32";
  if (values instanceof Int32Array) return "int32";
  if (values instanceof Uint8Array) return "bool";
  throw new DTypeError(
    `tensor: expected a Float64Array, Float32Array, Int32Array or Uint8Array, got ${kindOf(values)}`,
  );
}
