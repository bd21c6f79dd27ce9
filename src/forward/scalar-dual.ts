import { DTypeError } from "../core/errors.js";
import { kindOf } from "../core/kinds.js";
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
  readonly #made = true;

  /** Never throws, also for a proxy. */
  static made(x: object): x is DualValue {
    return #made in x;
  }

  constructor(
    readonly value: number,
    readonly derivative: number,
  ) {}
}

/** A dual number, or a plain one as a constant. @throws DTypeError */
function dualOf(name: string, x: Dual | number): Dual {
  if (typeof x === "number") return dual(x, 0);
  if (typeof x === "object" && x !== null && DualValue.made(x)) return x;
  throw new DTypeError(`${name}: expected a dual number or a number, got ${kindOf(x)}`);
}

function through(f: (...args: Tensor[]) => Tensor, ...args: Dual[]): DualNumber {
  const { value, tangent } = jvp<Tensor[], Tensor>(
    f,
    args.map((a) => scalar(a.value)),
    args.map((a) => scalar(a.derivative)),
  );
  return new DualWithMethods(item(value), item(tangent)) as unknown as DualNumber;
}

/** Every pointwise op of one or two arguments is a method. */
/* @__NO_SIDE_EFFECTS__ */
function withMethods<C extends typeof DualValue>(type: C): C {
  const functions: Record<string, unknown> = { ...pointwise };
  for (const [name, value] of Object.entries(functions)) {
    const f = value as (...args: Tensor[]) => Tensor;
    if (f.length > 2) continue;
    Object.defineProperty(type.prototype, name, {
      value(this: DualValue, ...others: (Dual | number)[]) {
        return through(f, dualOf(name, this), ...others.slice(0, f.length - 1).map((o) => dualOf(name, o)));
      },
    });
  }
  return type;
}
const DualWithMethods = withMethods(DualValue);

/** A dual number: `dual(1.5).sin().mul(2).derivative` is 2 cos(1.5). The second argument is its own derivative. */
export function dual(value: number, derivative = 1): DualNumber {
  if (typeof value !== "number" || typeof derivative !== "number")
    throw new DTypeError(`dual: expected two numbers, got ${kindOf(value)} and ${kindOf(derivative)}`);
  return new DualWithMethods(value, derivative) as unknown as DualNumber;
}
