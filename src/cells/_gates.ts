import type { Shape } from "../core/shape.js";
import { conv2d } from "../ops/conv.js";
import { add, mul } from "../ops/pointwise.js";
import { reshape } from "../ops/views.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Locality } from "./_cell.js";

/** How a gate reads a state: v, weight, bias and the number of units to its preactivation. */
export interface Gate {
  /** The cell that has such gates. */
  readonly cell: string;
  readonly locality: Locality;
  /** Shape of the weight for n units. */
  weight(n: number): Shape;
  apply(v: Tensor, w: Tensor, b: Tensor, n: number): Tensor;
}

/** A number for each channel over all positions: [C] as [C, 1, 1]. */
export const perChannel = (b: Tensor): Tensor => reshape(b, [b.size, 1, 1]);

/** Kinds of gates by name. */
export const gates = {
  vector: {
    cell: "rgc",
    locality: "unit",
    weight: (n) => [n],
    apply: (v, w, b) => add(mul(w, v), b),
  },
  pointwise: {
    cell: "rgcPointwise",
    locality: "unit",
    weight: (n) => [n],
    apply: (v, w, b) => add(mul(perChannel(w), v), perChannel(b)),
  },
  depthwise: {
    cell: "rgcDepthwise",
    locality: "channel",
    weight: (n) => [n, 1, 3, 3],
    apply: (v, w, b, n) => add(conv2d(v, w, { padding: 1, groups: n }), perChannel(b)),
  },
  conv: {
    cell: "rgcConv",
    locality: "dense",
    weight: (n) => [n, n, 3, 3],
    apply: (v, w, b) => add(conv2d(v, w, { padding: 1 }), perChannel(b)),
  },
} satisfies Record<string, Gate>;
