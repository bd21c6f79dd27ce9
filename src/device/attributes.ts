/** What kernels read beside their operands. */
import type { Shape } from "../core/shape.js";

/** Of a contraction: labels of the axes of two operands and of the result; each label stands in at least two of the three. */
export interface ContractAttrs {
  readonly aLabels: readonly string[];
  readonly bLabels: readonly string[];
  readonly outLabels: readonly string[];
}

/** Of a convolution and its transposes: along height and width. */
export interface ConvAttrs {
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly groups: number;
}

/** Positions along one axis, arranged in `shape`; -1 stands for a zero. */
export interface Index {
  readonly shape: Shape;
  readonly at: Int32Array;
}
