import { allocate, type TypedArray } from "../core/dtype.js";
import { ArgumentError, ShapeError } from "../core/errors.js";
import { formatShape, sameShape } from "../core/shape.js";
import { fillTree, leavesOf } from "../core/tree.js";
import { fromData } from "../tensor/apply.js";
import { entries } from "../tensor/read.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";

/** Turns gradients into new parameters. Parameters and gradients are trees of one structure. */
export interface Optimizer {
  /** The parameters one step further; the arguments are left as they are. */
  update<P>(params: P, gradient: P): P;
}

/** A constant, or a value per update counted from 0. */
export type Schedule = number | ((update: number) => number);

const valueAt = (schedule: Schedule, update: number): number =>
  typeof schedule === "number" ? schedule : schedule(update);

/** How one tensor's entries change: writes the new values of `x` into `out`. */
type Rule = (x: TypedArray, g: TypedArray, out: TypedArray, slot: number, rate: number) => void;

export interface RateOptions {
  readonly rate: Schedule;
  /** A factor on the rate for a parameter, by its path such as `readout.WG`. */
  readonly scale?: (path: string) => number;
}

function optimizer(name: string, { rate, scale }: RateOptions, begin: () => void, rule: Rule): Optimizer {
  let updates = 0;
  return {
    update<P>(params: P, gradient: P): P {
      const [xs, gs] = [leavesOf<Tensor>(params, isTensor, name), leavesOf<Tensor>(gradient, isTensor, name)];
      if (xs.length !== gs.length)
        throw new ShapeError(`${name}: expected ${xs.length} gradient tensors, got ${gs.length}`);
      const now = valueAt(rate, updates++);
      begin();
      const next = xs.map(({ path, value }, slot) => {
        const g = gs[slot].value;
        if (!sameShape(value.shape, g.shape))
          throw new ShapeError(
            `${name}: the gradient at "${path}" must be ${formatShape(value.shape)}, got ${formatShape(g.shape)}`,
          );
        const out = allocate(value.dtype, value.size);
        rule(entries(value), entries(g), out, slot, now * (scale?.(path) ?? 1));
        return fromData(out, value.shape, value.dtype);
      });
      return fillTree(params, isTensor, next) as P;
    },
  };
}

/** Gradient descent: x − rate · g. */
export function sgd(options: RateOptions): Optimizer {
  return optimizer(
    "sgd",
    options,
    () => {},
    (x, g, out, _, rate) => {
      for (let i = 0; i < x.length; i++) out[i] = x[i] - rate * g[i];
    },
  );
}

export interface AdamOptions extends RateOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
}

/** Adam (Kingma & Ba 2015), with bias correction. Weight decay belongs into the loss. */
export function adam({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, ...options }: AdamOptions): Optimizer {
  if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1))
    throw new ArgumentError(`adam: beta1 and beta2 must lie in [0, 1), got ${beta1} and ${beta2}`);
  const moments: { m: Float64Array; v: Float64Array }[] = [];
  let count = 0;
  return optimizer(
    "adam",
    options,
    () => count++,
    (x, g, out, slot, rate) => {
      moments[slot] ??= { m: new Float64Array(x.length), v: new Float64Array(x.length) };
      const { m, v } = moments[slot];
      const [c1, c2] = [1 - beta1 ** count, 1 - beta2 ** count];
      for (let i = 0; i < x.length; i++) {
        m[i] = beta1 * m[i] + (1 - beta1) * g[i];
        v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i];
        out[i] = x[i] - (rate * (m[i] / c1)) / (Math.sqrt(v[i] / c2) + epsilon);
      }
    },
  );
}

/** Linear warm-up over `warmup` updates, then a half cosine down to zero at `total`. */
export function warmupCosine(peak: number, warmup: number, total: number): Schedule {
  return (update) => {
    if (update < warmup) return (peak * (update + 1)) / warmup;
    const progress = Math.min(1, (update - warmup) / Math.max(1, total - warmup));
    return peak * 0.5 * (1 + Math.cos(Math.PI * progress));
  };
}

/** The gradient scaled down so that its Euclidean norm over all tensors is at most `limit`, and that norm before. */
export function clipByNorm<P>(gradient: P, limit: number): { readonly gradient: P; readonly norm: number } {
  const leaves = leavesOf<Tensor>(gradient, isTensor, "clipByNorm");
  let sum = 0;
  for (const { value } of leaves) for (const g of entries(value)) sum += g * g;
  const norm = Math.sqrt(sum);
  if (!(norm > limit)) return { gradient, norm };
  const factor = limit / norm;
  const scaled = leaves.map(({ value }) => {
    const out = allocate(value.dtype, value.size);
    entries(value).forEach((g, i) => {
      out[i] = g * factor;
    });
    return fromData(out, value.shape, value.dtype);
  });
  return { gradient: fillTree(gradient, isTensor, scaled) as P, norm };
}
