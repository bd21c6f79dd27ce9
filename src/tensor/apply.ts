import type { DType, TypedArray } from "../core/dtype.js";
import { type Shape, sizeOf, stridesOf } from "../core/shape.js";
import { backend, type Operand } from "../device/backend.js";
import { HostStorage, hostZeros } from "../device/host-storage.js";
import { noteLevel } from "../device/recording.js";
import type { Storage } from "../device/storage.js";
import { isMuted, type Level, muted, requireOpen } from "./level.js";
import type { Aval, Op } from "./op.js";
import type { Reading } from "./reading.js";
import { abstractValue, type Dense, Tensor } from "./tensor.js";
import { watch } from "./watch/watch.js";

/** Applies an op: the highest level among the inputs decides which reading of it runs. */
export function apply<A>(op: Op<A>, inputs: readonly Tensor[], attrs: A): Tensor {
  let top: Level | null = null;
  let abstract = false;
  for (const { value } of inputs) {
    if (value.kind === "followed") {
      if (muted !== null && isMuted(value.reading)) return apply(op, inputs.map(heard), attrs);
      requireOpen(value.reading, op.name);
      if (top === null || value.reading.level > top.level) top = value.reading;
    } else if (value.kind === "abstract") abstract = true;
  }
  if (top !== null) {
    noteLevel(top.level);
    return (top as Reading).process(op as Op<unknown>, inputs, attrs);
  }
  if (op.evaluate) return op.evaluate(inputs, attrs);
  const aval = op.infer(inputs, attrs);
  if (abstract) return abstractTensor(aval);
  if (op.view) {
    const view = op.view(inputs[0], attrs);
    if (view) return view;
  }
  const at = backend();
  const n = sizeOf(aval.shape);
  const data = at.allocate ? at.allocate(op.name, aval.dtype, n) : hostZeros(aval.dtype, n, op.name);
  const out = { data, shape: aval.shape, dtype: aval.dtype };
  at.run(op.name, inputs.map(operandOf), attrs, out);
  const result = onStorage(out.data, aval.shape, aval.dtype);
  if (watch.by !== null) watch.by.applied(op.name, inputs, result);
  return result;
}

/** A tensor over an array that the caller gives away. */
export const fromData = (data: TypedArray, shape: Shape, dtype: DType): Tensor =>
  onStorage(new HostStorage(data, dtype), shape, dtype);

/** A tensor of all that a storage holds, in row-major order. */
export function onStorage(data: Storage, shape: Shape, dtype: DType): Tensor {
  return viewOf(data, shape, dtype, stridesOf(shape), 0);
}

/** A tensor that lies strided in a storage. */
export const viewOf = (
  data: Storage,
  shape: Shape,
  dtype: DType,
  strides: readonly number[],
  offset: number,
): Tensor => new Tensor(shape, dtype, { kind: "dense", data, shape, strides, offset, dtype });

export function abstractTensor(aval: Aval): Tensor {
  return new Tensor(aval.shape, aval.dtype, abstractValue);
}

/** The value itself, below all levels that follow it. */
export function primalOf(t: Tensor): Tensor {
  let at = t;
  while (at.value.kind === "followed") at = at.value.primal;
  return at;
}

/** The value without levels on top that count as absent. */
export function heard(t: Tensor): Tensor {
  let at = t;
  while (at.value.kind === "followed" && isMuted(at.value.reading)) at = at.value.primal;
  return at;
}

const operandOf = (t: Tensor): Operand => t.value as Dense;
