import type { Tensor } from "../tensor.js";

/** Tensors that were made as zeros while somebody cares; `null` where nobody does. */
let noted: WeakSet<Tensor> | null = null;

/** Called where zeros are made. */
export function noteZeros(t: Tensor): Tensor {
  noted?.add(t);
  return t;
}

/** Runs `f`, and remembers which tensors are zeros by construction: to tell them by their numbers would be to read these. */
export function notingZeros<R>(f: (isZero: (t: Tensor) => boolean) => R): R {
  const before = noted;
  const mine = new WeakSet<Tensor>();
  noted = mine;
  try {
    return f((t) => mine.has(t));
  } finally {
    noted = before;
  }
}
