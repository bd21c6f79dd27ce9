import { sizeOf, stridesOf } from "../../core/shape.js";
import type { KernelCall, Operand } from "../backend.js";
import { hostZeros } from "../host-storage.js";

/** A call that copies operands of one shape beside each other along a new first axis, and its result as an operand. */
export function besideEachOther(operands: readonly Operand[]): {
  readonly call: KernelCall;
  readonly whole: Operand;
} {
  const [{ shape, dtype }] = operands;
  const all = [operands.length, ...shape];
  const out = { data: hostZeros(dtype, sizeOf(all)), shape: all, dtype };
  const call: KernelCall = {
    kind: "kernel",
    name: "concat",
    inputs: operands.map((o) => ({ ...o, shape: [1, ...shape], strides: [sizeOf(shape), ...o.strides] })),
    attrs: { axis: 0 },
    out,
  };
  return { call, whole: { ...out, strides: stridesOf(all), offset: 0 } };
}
