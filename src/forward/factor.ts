import type { DType } from "../core/dtype.js";
import { cast } from "../ops/cast.js";
import { contract } from "../ops/contract.js";
import { scalar } from "../ops/create.js";
import { add } from "../ops/pointwise.js";
import { sum } from "../ops/reduce.js";
import { scale } from "../ops/scale.js";
import { permute, reshape } from "../ops/views.js";
import { viewOf } from "../tensor/apply.js";
import { lyingOf } from "../tensor/lying.js";
import { allFinite } from "../tensor/read.js";
import type { Tensor } from "../tensor/tensor.js";

/** A named axis. Identity is the name; two axes of one size are still two. */
export class Axis {
  constructor(
    readonly size: number,
    /** For people: plans and messages. */
    readonly label: string,
  ) {}
}

/** A tensor whose axes have names, one per axis, in memory order. Missing names mean constant along them. */
export interface Factor {
  readonly axes: readonly Axis[];
  readonly tensor: Tensor;
}

/** An axis of a name of its own. */
export const fresh = (size: number): Axis => new Axis(size, `${size}`);

export const carries = (f: { readonly axes: readonly Axis[] } | null, a: Axis): boolean =>
  f?.axes.includes(a) ?? false;

/** The tensor laid out along `axes`, with size 1 where the factor lacks one. */
export function align(f: Factor, axes: readonly Axis[]): Tensor {
  const order = axes.flatMap((a) => {
    const at = f.axes.indexOf(a);
    return at < 0 ? [] : [at];
  });
  const x = permute(f.tensor, order);
  return reshape(
    x,
    axes.map((a) => (f.axes.includes(a) ? a.size : 1)),
  );
}

const union = (a: readonly Axis[], b: readonly Axis[]): Axis[] => [...a, ...b.filter((x) => !a.includes(x))];

/** f * g with strong zeros, summed over the axes in `over`; a contraction follows IEEE. `null` stands for one. */
export function product(f: Factor | null, g: Factor | null, over: readonly Axis[] = []): Factor | null {
  return productBy(contraction, f, g, over);
}

/**
 * The same where zero must win over infinity, as it does where factors are multiplied entry by entry: a contraction that does
 * not come out finite is multiplied out before it is summed.
 */
export function strongProduct(f: Factor | null, g: Factor | null, over: readonly Axis[] = []): Factor | null {
  return productBy(strongContraction, f, g, over);
}

/** A sum of products over axes that both factors carry, and one of them others too. */
type Contract = (f: Factor, g: Factor, summed: readonly Axis[]) => Factor;

function productBy(
  contracted: Contract,
  f: Factor | null,
  g: Factor | null,
  over: readonly Axis[],
): Factor | null {
  if (f === null || g === null) {
    const only = f ?? g;
    return only === null ? null : sumOver(only, over);
  }
  const summed = over.filter((a) => f.axes.includes(a) || g.axes.includes(a));
  if (summed.length === 0) return outer(f, g);
  const left = sumOver(
    f,
    summed.filter((a) => !g.axes.includes(a)),
  );
  const right = sumOver(
    g,
    summed.filter((a) => !f.axes.includes(a)),
  );
  // with all axes in common it is a sum of products entry by entry
  if (left.axes.length === right.axes.length && left.axes.every((a) => right.axes.includes(a)))
    return sumOver({ axes: left.axes, tensor: scale(left.tensor, align(right, left.axes)) }, summed);
  return contracted(left, right, summed);
}

/** f * g entry by entry. */
function outer(f: Factor, g: Factor): Factor {
  const axes = union(f.axes, g.axes);
  return { axes, tensor: scale(align(f, axes), align(g, axes)) };
}

const contraction: Contract = (f, g, summed) => {
  const axes = union(f.axes, g.axes);
  const name = (a: Axis): string => `${axes.indexOf(a)}`;
  const out = axes.filter((a) => !summed.includes(a));
  return {
    axes: out,
    tensor: contract(f.tensor, g.tensor, f.axes.map(name), g.axes.map(name), out.map(name)),
  };
};

const strongContraction: Contract = (f, g, summed) => {
  const whole = contraction(f, g, summed);
  return allFinite(whole.tensor) ? whole : sumOver(outer(f, g), summed);
};

/** Sums over axes that the factor carries; axes that it lacks are left alone. */
export function sumOver(f: Factor, over: readonly Axis[]): Factor {
  const at = f.axes.flatMap((a, i) => (over.includes(a) ? [i] : []));
  if (at.length === 0) return f;
  // one entry is its own sum
  if (at.every((i) => f.axes[i].size === 1)) return squeezeOut(f, over);
  return { axes: f.axes.filter((a) => !over.includes(a)), tensor: sum(f.tensor, at) };
}

/** f + g; `null` stands for one. */
export function plus(f: Factor | null, g: Factor | null, dtype: DType): Factor {
  const a = f ?? { axes: [], tensor: scalar(1, dtype) };
  const b = g ?? { axes: [], tensor: scalar(1, dtype) };
  const axes = union(a.axes, b.axes);
  return { axes, tensor: add(align(a, axes), align(b, axes)) };
}

/** The factor with names exchanged. */
export function rename(f: Factor, names: ReadonlyMap<Axis, Axis>): Factor {
  return f.axes.some((a) => names.has(a))
    ? { axes: f.axes.map((a) => names.get(a) ?? a), tensor: f.tensor }
    : f;
}

/** The factor in another dtype. */
export const asDType = (f: Factor, dtype: DType): Factor =>
  f.tensor.dtype === dtype ? f : { axes: f.axes, tensor: cast(f.tensor, dtype) };

/** The factor without its axes of size 1 among `axes`. */
export function squeezeOut(f: Factor, axes: readonly Axis[]): Factor {
  const rest = f.axes.filter((a) => !(a.size === 1 && axes.includes(a)));
  return rest.length === f.axes.length
    ? f
    : {
        axes: rest,
        tensor: reshape(
          f.tensor,
          rest.map((a) => a.size),
        ),
      };
}

/** The factor where the positions along `from` and `onto` agree, both now named `onto`. */
export function diagonalOf(f: Factor, from: Axis, onto: Axis): Factor {
  const [i, j] = [f.axes.indexOf(from), f.axes.indexOf(onto)];
  if (i < 0 || j < 0) return rename(f, new Map([[from, onto]]));
  const { data, strides, offset } = lyingOf(f.tensor);
  const rest = f.axes.flatMap((_, at) => (at === i ? [] : [at]));
  const along = rest.map((at) => strides[at] + (at === j ? strides[i] : 0));
  const axes = rest.map((at) => f.axes[at]);
  const shape = axes.map((a) => a.size);
  return { axes, tensor: viewOf(data, shape, f.tensor.dtype, along, offset) };
}
