import { contract } from "../ops/contract.js";
import type { Tensor } from "../tensor/tensor.js";

/** W x: input [B, ...m] and matrix [n, ...m] to [B, n]; an input of several axes keeps them apart, and so their ties. */
export function drive(x: Tensor, W: Tensor): Tensor {
  const axes = x.shape.slice(1).map((_, i) => `${i}`);
  return contract(x, W, ["b", ...axes], ["n", ...axes], ["b", "n"]);
}
