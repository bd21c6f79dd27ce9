import { OnwardError } from "../core/errors.js";
import { scalar } from "../ops/create.js";
import * as pointwise from "../ops/pointwise.js";
import { item } from "../tensor/read.js";
import type { Tensor } from "../tensor/tensor.js";
import { jvp } from "./jvp.js";

/** Value and first derivative of a scalar computation, for quick work without tensors. */
export interface Dual {
  readonly value: number;
  readonly derivative: number;
}

/** Names of the functions of one number that a dual number has as methods. */
export type Unary = {
  [N in keyof typeof pointwise]: (typeof pointwise)[N] extends (x: number) => Tensor ? N : never;
}[keyof typeof pointwise];
/** Names of the functions of two numbers that a dual number has as methods. */
export type Binary = Exclude<
  {
    [N in keyof typeof pointwise]: (typeof pointwise)[N] extends (a: number, b: number) => Tensor ? N : never;
  }[keyof typeof pointwise],
  Unary
>;

/** A dual number with chainable arithmetic. */
export type DualNumber = Dual & { readonly [N in Unary]: () => DualNumber } & {
  readonly [N in Binary]: (other: DualNumber | number) => DualNumber;
};

class DualValue implements Dual {
  constructor(
    readonly value: number,
    readonly derivative: number,
  ) {}
}

function through(f: (...args: Tensor[]) => Tensor, ...args: Dual[]): DualNumber {
  const { value, tangent } = jvp<Tensor[], Tensor>(
    f,
    args.map((a) => scalar(a.value)),
    args.map((a) => scalar(a.derivative)),
  );
  return new DualValue(item(value), item(tangent)) as unknown as DualNumber;
}

const functions: Record<string, unknown> = { ...pointwise };
// every pointwise op of one or two arguments is a method
for (const [name, value] of Object.entries(functions)) {
  const f = value as (...args: Tensor[]) => Tensor;
  if (f.length > 2) continue;
  Object.defineProperty(DualValue.prototype, name, {
    value(this: DualValue, ...others: (Dual | number)[]) {
      return through(f, this, ...others.map((o) => (typeof o === "number" ? dual(o, 0) : o)));
    },
  });
}

/** A dual number: `dual(1.5).sin().mul(2).derivative` is 2 cos(1.5). The second argument is its own derivative. */
export function dual(value: number, derivative = 1): DualNumber {
  if (typeof value !== "number" || typeof derivative !== "number")
    throw new OnwardError(`dual: expected two numbers, got ${typeof value} and ${typeof derivative}`);
  return new DualValue(value, derivative) as unknown as DualNumber;
}
