import { bytesPerElement } from "../../src/core/dtype.js";
import { isArray, isPlain } from "../../src/core/kinds.js";
import { isTensor, type Tensor } from "../../src/tensor/tensor.js";

const arrays = { float64: Float64Array, float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

/** What is wrong with a tensor: shape, dtype, and the array that holds its entries agree. */
function faultOf(t: Tensor): string | null {
  const { shape, dtype, value } = t;
  if (!Array.isArray(shape) || !shape.every((d) => Number.isInteger(d) && d >= 0)) return `shape [${shape}]`;
  if (!Object.hasOwn(bytesPerElement, dtype)) return `dtype ${dtype}`;
  if (value.kind === "abstract") return null;
  if (value.kind === "followed")
    return String(value.primal.shape) === String(shape) ? faultOf(value.primal) : "a primal of another shape";
  const { data, strides, offset } = value;
  if (String(value.shape) !== String(shape) || value.dtype !== dtype)
    return "a view of another shape or dtype";
  if (data.dtype !== dtype || !(data.host() instanceof arrays[dtype])) return `data for ${dtype}`;
  if (strides.length !== shape.length || !strides.every(Number.isInteger)) return `strides [${strides}]`;
  if (t.size === 0) return null;
  let [low, high] = [offset, offset];
  shape.forEach((d, i) => {
    if (strides[i] < 0) low += strides[i] * (d - 1);
    else high += strides[i] * (d - 1);
  });
  return low >= 0 && high < data.length ? null : `entries ${low} to ${high} of ${data.length}`;
}

/** The first malformed tensor in a result, in words; `null` where all are well-formed. */
export function malformed(result: unknown, depth = 4): string | null {
  if (isTensor(result)) return faultOf(result);
  if (typeof result !== "object" || result === null || depth === 0) return null;
  // what a caller put in may throw at any touch
  if (!isArray(result) && !isPlain(result)) return null;
  for (const name of Object.keys(result).slice(0, 20)) {
    const { value } = Object.getOwnPropertyDescriptor(result, name) ?? {};
    const fault = malformed(value, depth - 1);
    if (fault) return fault;
  }
  return null;
}
