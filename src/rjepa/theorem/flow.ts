import { fillTree, leavesOf } from "../../core/tree.js";
import { add, mul } from "../../ops/pointwise.js";
import { grad } from "../../reverse/vjp.js";
import { compile } from "../../tensor/compile/compile.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";

type Loss<P> = (params: P) => Tensor;

/**
 * Gradient flow dθ/dt = −∂L/∂θ by the classical method of Runge and Kutta (Kutta 1901), of fourth order: what is left of the
 * discretization is far below what is measured.
 * @param seen called at the start and after every step
 */
export function flow<P>(
  loss: Loss<P>,
  start: P,
  { time, step }: { readonly time: number; readonly step: number },
  seen: (params: P, t: number) => void = () => {},
): P {
  const slope = compile(grad(loss as (params: never) => Tensor)) as unknown as (params: P) => P;
  const moved = (params: P, slopes: P, by: number): P => {
    const found = leavesOf<Tensor>(slopes, isTensor);
    const values = leavesOf<Tensor>(params, isTensor).map(({ value }, i) =>
      add(value, mul(found[i].value, -by)),
    );
    return fillTree(params, isTensor, values) as P;
  };
  const steps = Math.round(time / step);
  let at = start;
  seen(at, 0);
  for (let k = 1; k <= steps; k++) {
    const a = slope(at);
    const b = slope(moved(at, a, step / 2));
    const c = slope(moved(at, b, step / 2));
    const d = slope(moved(at, c, step));
    at = moved(moved(moved(moved(at, a, step / 6), b, step / 3), c, step / 3), d, step / 6);
    seen(at, k * step);
  }
  return at;
}
