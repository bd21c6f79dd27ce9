import { allocate, type DType } from "../core/dtype.js";
import type { Shape } from "../core/shape.js";
import type { Index } from "../device/attributes.js";
import { fromData } from "../tensor/apply.js";
import type { Tensor } from "../tensor/tensor.js";

/** A constant tensor from a flat list. */
export function fromMatrix(values: readonly number[], shape: Shape, dtype: DType): Tensor {
  const data = allocate(dtype, values.length);
  data.set(values);
  return fromData(data, shape, dtype);
}

/** The matrix of a `take`: 1 at [j..., index.at[j]], shape [...index.shape, size]. */
export function selector(index: Index, size: number, dtype: DType): Tensor {
  const data = allocate(dtype, index.at.length * size);
  index.at.forEach((from, j) => {
    if (from >= 0) data[j * size + from] = 1;
  });
  return fromData(data, [...index.shape, size], dtype);
}

/** 1 where an index takes an entry, 0 where it stands for a zero; shape of the index. */
export function indexMask(index: Index, dtype: DType): Tensor {
  const data = allocate(dtype, index.at.length);
  index.at.forEach((from, j) => {
    data[j] = from >= 0 ? 1 : 0;
  });
  return fromData(data, index.shape, dtype);
}
