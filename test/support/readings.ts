import { grad, jvp, onesLike, type Tensor } from "../../src/index.js";

/** A function that treats every entry alike: entry i of the result depends on entry i of each argument only. */
export type Elementwise = (...xs: Tensor[]) => Tensor;

/** One derivative, as each reading gives it; all entries at once. */
export type Readings = Readonly<Record<string, Tensor>>;

/** The derivative of `f` with respect to argument `i`, by forward and by reverse mode. */
export function first(f: Elementwise, xs: readonly Tensor[], i: number): Readings {
  return { forward: pushed(f, i)(...xs), reverse: pulled(f, i)(...xs) };
}

/** The second derivative of `f` with respect to arguments `i` and then `j`, by every nesting. */
export function second(f: Elementwise, xs: readonly Tensor[], i: number, j: number): Readings {
  return {
    "forward over forward": pushed(pushed(f, i), j)(...xs),
    "forward over reverse": pushed(pulled(f, i), j)(...xs),
    "reverse over forward": pulled(pushed(f, i), j)(...xs),
    "reverse over reverse": pulled(pulled(f, i), j)(...xs),
  };
}

/** Forward mode along argument `i`. */
export const pushed =
  (f: Elementwise, i: number): Elementwise =>
  (...xs) =>
    jvp<Tensor[], Tensor>(
      f,
      xs,
      xs.map((x, k) => (k === i ? onesLike(x) : null) as Tensor),
    ).tangent;

/** Reverse mode with respect to argument `i`. */
export const pulled =
  (f: Elementwise, i: number): Elementwise =>
  (...xs) =>
    grad((x: Tensor) => f(...xs.map((own, k) => (k === i ? x : own))).sum())(xs[i]);
