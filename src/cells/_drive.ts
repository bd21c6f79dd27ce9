import { ShapeError } from "../core/errors.js";
import { formatShape } from "../core/shape.js";
import { contract } from "../ops/contract.js";
import { requireTensor, type Tensor } from "../tensor/tensor.js";

/** W x: input [B, ...m] and matrix [n, ...m] to [B, n]; an input of several axes keeps them apart, and so their ties. */
export function drive(x: Tensor, W: Tensor): Tensor {
  requireTensor("drive", W);
  if (requireTensor("drive", x).rank < 1 || W.rank !== x.rank)
    throw new ShapeError(
      `drive: expected input [B, ...m] and matrix [n, ...m], got ${formatShape(x.shape)} and ${formatShape(W.shape)}`,
    );
  const axes = x.shape.slice(1).map((_, i) => `${i}`);
  return contract(x, W, ["b", ...axes], ["n", ...axes], ["b", "n"]);
}
