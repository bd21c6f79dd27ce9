import { ArgumentError, DTypeError } from "../core/errors.js";
import { key, normal } from "../core/prng.js";
import { fillTree, type Leaf, leavesOf, mapTree } from "../core/tree.js";
import { jvp } from "../forward/jvp.js";
import { tensor, zerosLike } from "../ops/create.js";
import { vjp } from "../reverse/vjp.js";
import { entries } from "../tensor/read.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { type Difference, differentiate } from "./differences.js";
import { GradientError } from "./errors.js";

export interface CheckGradientsOptions {
  /** Highest order of derivative to check: 1 (default), 2 for gradients of gradients in all four mixtures of modes. */
  readonly order?: number;
  /** Largest error, relative to the largest derivative of the argument's entry or 1; default 1e-7. */
  readonly tolerance?: number;
}

export interface GradientReport {
  /** Largest error found, relative to the largest derivative of the entry or 1. */
  readonly worst: number;
  /** Number of derivatives compared. */
  readonly compared: number;
}

type Args = readonly unknown[];
type Fn = (...args: Args) => unknown;

/**
 * Checks forward and reverse derivatives of `f` at `args` against central differences extrapolated to step zero.
 * Arguments and results may be trees of float64 tensors.
 * @throws GradientError naming the argument's entry, the value expected and the one that came; also where differences
 * do not converge, as at a kink
 */
export function checkGradients<A extends readonly unknown[]>(
  f: (...args: A) => unknown,
  args: A,
  options: CheckGradientsOptions = {},
): GradientReport {
  const { order = 1, tolerance = 1e-7 } = options;
  if (!Number.isInteger(order) || order < 1)
    throw new ArgumentError(`checkGradients: order must be an integer >= 1, got ${order}`);
  for (const { path, value } of leavesOf<Tensor>(args, isTensor, "checkGradients"))
    if (value.dtype !== "float64")
      throw new DTypeError(`checkGradients: expected float64 tensors, got ${value.dtype} at args.${path}`);
  return checkOrder(f as Fn, args, order, tolerance, "");
}

function checkOrder(f: Fn, args: Args, order: number, tolerance: number, of: string): GradientReport {
  const outputs = leavesOf<Tensor>(f(...args), isTensor, "checkGradients");
  const weights = randomLike(outputs, "cotangent");
  const own = compareAll(f, args, weights, tolerance, of);
  if (order === 1) return own;
  const tangents = fillTree(args, isTensor, randomLike(leavesOf<Tensor>(args, isTensor), "tangent")) as Args;
  const reverse: Fn = (...a) => {
    const { value, pullback } = vjp(f, ...a);
    return pullback(fillTree(value, isTensor, weights));
  };
  const forward: Fn = (...a) => jvp(f, a, tangents).tangent;
  const reports = [
    own,
    checkOrder(reverse, args, order - 1, tolerance, `${of} of the reverse derivative`),
    checkOrder(forward, args, order - 1, tolerance, `${of} of the forward derivative`),
  ];
  return {
    worst: Math.max(...reports.map((r) => r.worst)),
    compared: reports.reduce((n, r) => n + r.compared, 0),
  };
}

/** One argument entry after the other: its column of the Jacobian forward, and the weighted sum of it in reverse. */
function compareAll(
  f: Fn,
  args: Args,
  weights: readonly Tensor[],
  tolerance: number,
  of: string,
): GradientReport {
  const { value, pullback } = vjp(f, ...args);
  const gradients = leavesOf<Tensor>(pullback(fillTree(value, isTensor, weights) as never), isTensor);
  const flatWeights = flatten(weights);
  let [worst, compared] = [0, 0];
  leavesOf<Tensor>(args, isTensor).forEach((leaf, k) => {
    for (let i = 0; i < leaf.value.size; i++) {
      const column = (s: number): Float64Array => flatOutputs(f(...shifted(args, k, i, s)));
      const step = 0.05 * Math.max(1, Math.abs(entries(leaf.value)[i]));
      const expected = differentiate(column, step, tolerance / 100);
      const size = expected.values.reduce((top, v) => Math.max(top, Math.abs(v)), 1);
      const where = `args.${leaf.path}${position(leaf.value, i)}`;
      requireConverged(expected, size, tolerance, where, of);
      const judge = (mode: string, got: number, want: number, scale: number): void => {
        const error = Math.abs(got - want) / scale;
        compared++;
        if (!(error <= tolerance))
          throw new GradientError(
            `checkGradients: the ${mode} derivative${of} at ${where} must be ${short(want)} by central differences, got ${short(got)}`,
          );
        worst = Math.max(worst, error);
      };
      const tangents = mapTree(args, isTensor, zerosLike) as Args;
      const pushed = flatOutputs(jvp(f, args, shifted(tangents, k, i, 1)).tangent);
      expected.values.forEach((want, j) => {
        judge("forward", pushed[j], want, size);
      });
      const want = expected.values.reduce((sum, v, j) => sum + v * flatWeights[j], 0);
      const scale = expected.values.reduce((sum, v, j) => sum + Math.abs(v * flatWeights[j]), 1);
      judge("reverse", entries(gradients[k].value)[i], want, scale);
    }
  });
  return { worst, compared };
}

function requireConverged(
  { errors }: Difference,
  size: number,
  tolerance: number,
  where: string,
  of: string,
): void {
  const largest = errors.reduce((top, e) => Math.max(top, e), 0);
  if (!(largest <= tolerance * size))
    throw new GradientError(
      `checkGradients: central differences${of} at ${where} must settle to ${short(tolerance * size)}, got an uncertainty of ${short(largest)}; the function has a kink or a jump nearby`,
    );
}

/** Twelve digits, more than differences tell. */
const short = (v: number): number => Number(v.toPrecision(12));

/** The arguments with entry i of leaf k moved by s. */
function shifted(args: Args, k: number, i: number, s: number): Args {
  const leaves = leavesOf<Tensor>(args, isTensor).map(({ value }, at) => {
    if (at !== k) return value;
    const moved = entries(value).slice();
    moved[i] += s;
    return tensor(moved, { shape: value.shape, dtype: value.dtype });
  });
  return fillTree(args, isTensor, leaves) as Args;
}

function flatten(tensors: readonly Tensor[]): Float64Array {
  return Float64Array.from(tensors.flatMap((t) => Array.from(entries(t))));
}

function flatOutputs(tree: unknown): Float64Array {
  return flatten(leavesOf<Tensor>(tree, isTensor, "checkGradients").map(({ value }) => value));
}

/** Fixed normal numbers in the shapes of the leaves. */
function randomLike(leaves: readonly Leaf<Tensor>[], seed: string): Tensor[] {
  return leaves.map(({ value: { shape, dtype, size } }, at) =>
    tensor(normal(key(at * 31 + seed.length), size), { shape, dtype }),
  );
}

/** Such as `[1,2]` for an entry counted in row-major order. */
function position(t: Tensor, at: number): string {
  const index: number[] = [];
  let rest = at;
  for (let axis = t.rank - 1; axis >= 0; axis--) {
    index.unshift(rest % t.shape[axis]);
    rest = Math.floor(rest / t.shape[axis]);
  }
  return `[${index}]`;
}
