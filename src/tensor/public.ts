import { PublicTensor, type TensorClass, type Tensor as TensorType } from "./tensor.js";

/** An immutable n-dimensional array: for types and `instanceof`; functions such as `tensor` make one. */
export type Tensor = TensorType;
export const Tensor: TensorClass = PublicTensor;
