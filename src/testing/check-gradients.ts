import { ArgumentError, DTypeError } from "../core/errors.js";
import {
  anything,
  callable,
  count,
  isArray,
  type Known,
  kindOf,
  nameOf,
  number,
  options as optionsOf,
} from "../core/kinds.js";
import { pairLeaves } from "../core/pair-leaves.js";
import { key, normal } from "../core/prng.js";
import { fillTree, type Leaf, leavesOf, mapTree } from "../core/tree.js";
import { jvp } from "../forward/jvp.js";
import { tensor, zerosLike } from "../ops/create.js";
import { vjp } from "../reverse/vjp.js";
import { entries } from "../tensor/read.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { cornerOf, differentiate } from "./differences.js";
import { GradientError, UnsettledError } from "./errors.js";

/** A way to take derivatives. */
export type Mode = "forward" | "reverse";
const known: readonly Mode[] = ["forward", "reverse"];

export interface CheckGradientsOptions {
  /** Highest order of derivative to check: 1 (default), 2 for gradients of gradients in all mixtures of `modes`. */
  readonly order?: number;
  /** Which derivatives are compared, and differentiated again at orders above 1; default both. */
  readonly modes?: readonly Mode[];
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

const checking: Known<CheckGradientsOptions> = { order: count(1, 4), modes: anything, tolerance: number };

/**
 * Checks forward and reverse derivatives of `f` at `args` against central differences extrapolated to step zero.
 * Arguments and results may be trees of float64 tensors.
 * @throws GradientError naming the argument's entry, the value expected and the one that came; UnsettledError, one of
 * them, where differences tell nothing, as at a kink
 */
export function checkGradients<A extends readonly unknown[]>(
  f: (...args: A) => unknown,
  args: A,
  options: CheckGradientsOptions = {},
): GradientReport {
  callable("checkGradients", "the function", f);
  if (!isArray(args))
    throw new ArgumentError(`checkGradients: expected an array of arguments, got ${kindOf(args)}`);
  optionsOf("checkGradients", options, checking);
  return checkDerivatives(f as Fn, args, options, {
    who: "checkGradients",
    derivative: "derivative",
    place: (path) => `args.${path}`,
  });
}

/** How a check speaks of itself, of what it differentiates and of the entries of its arguments. */
export interface Wording {
  readonly who: string;
  /** Such as `derivative of next`. */
  readonly derivative: string;
  place(path: string): string;
}

/** `checkGradients` in other words. */
export function checkDerivatives(
  f: Fn,
  args: Args,
  { order = 1, tolerance = 1e-7, modes = known }: CheckGradientsOptions,
  wording: Wording,
): GradientReport {
  const { who } = wording;
  if (!Number.isInteger(order) || order < 1)
    throw new ArgumentError(`${who}: order must be an integer >= 1, got ${order}`);
  if (!isArray(modes) || modes.length === 0 || !modes.every((mode) => known.includes(mode)))
    throw new ArgumentError(
      `${who}: modes must be some of ${known.join(", ")}, got ${isArray(modes) ? `[${modes.slice(0, 3).map(nameOf)}]` : nameOf(modes)}`,
    );
  for (const { path, value } of leavesOf<Tensor>(args, isTensor, who))
    if (value.dtype !== "float64")
      throw new DTypeError(`${who}: expected float64 tensors, got ${value.dtype} at args.${path}`);
  return checkOrder(f, args, order, { modes, tolerance, wording });
}

interface Judging {
  readonly modes: readonly Mode[];
  readonly tolerance: number;
  readonly wording: Wording;
}

function checkOrder(f: Fn, args: Args, order: number, judging: Judging): GradientReport {
  const outputs = f(...args);
  const leaves = leavesOf<Tensor>(outputs, isTensor, judging.wording.who);
  const weights = fillTree(outputs, isTensor, randomLike(leaves, "cotangent"));
  const own = compareAll(f, args, weights, judging);
  if (order === 1) return own;
  const tangents = fillTree(args, isTensor, randomLike(leavesOf<Tensor>(args, isTensor), "tangent")) as Args;
  const derivatives: Record<Mode, Fn> = {
    reverse: (...a) => {
      const { pullback } = vjp(f, ...a);
      return pullback(weights);
    },
    forward: (...a) => jvp(f, a, tangents).tangent,
  };
  const reports = judging.modes.map((mode) => {
    const derivative = `${judging.wording.derivative} of the ${mode} derivative`;
    return checkOrder(derivatives[mode], args, order - 1, {
      ...judging,
      wording: { ...judging.wording, derivative },
    });
  });
  return {
    worst: Math.max(own.worst, ...reports.map((r) => r.worst)),
    compared: reports.reduce((n, r) => n + r.compared, own.compared),
  };
}

/** One argument entry after the other: its column of the Jacobian forward, and the weighted sum of it in reverse. */
function compareAll(
  f: Fn,
  args: Args,
  weights: unknown,
  { modes, tolerance, wording }: Judging,
): GradientReport {
  const { who, derivative } = wording;
  const gradients = modes.includes("reverse") ? gradientsOf(f, args, weights) : null;
  const flatWeights = flatOutputs(weights, weights);
  let [worst, compared] = [0, 0];
  leavesOf<Tensor>(args, isTensor).forEach((leaf, k) => {
    for (let i = 0; i < leaf.value.size; i++) {
      const column = (s: number): Float64Array => flatOutputs(weights, f(...shifted(args, k, i, s)));
      const step = 0.05 * Math.max(1, Math.abs(entries(leaf.value)[i]));
      const expected = differentiate(column, step, tolerance / 100);
      const size = expected.values.reduce((top, v) => Math.max(top, Math.abs(v)), 1);
      const where = wording.place(`${leaf.path}${position(leaf.value, i)}`);
      const unsettled = (goal: number, by: number): UnsettledError =>
        new UnsettledError(
          `${who}: central differences for the ${derivative} at ${where} must settle to ${short(goal)}, got an uncertainty of ${short(by)}; the function has a kink or a jump nearby`,
        );
      const uncertain = expected.errors.reduce((top, e) => Math.max(top, e), 0);
      if (!(uncertain <= tolerance * size)) throw unsettled(tolerance * size, uncertain);
      const judge = (
        mode: Mode,
        got: number,
        want: (column: Float64Array) => number,
        scale: number,
      ): void => {
        const wanted = want(expected.values);
        const error = Math.abs(got - wanted) / scale;
        compared++;
        if (!(error <= tolerance)) {
          const doubt = doubtOf(column, step, wanted, want, tolerance);
          if (!(doubt <= error * scale * certain)) throw unsettled(tolerance * scale, doubt);
          throw new GradientError(
            `${who}: the ${mode} ${derivative} at ${where} must be ${short(wanted)} by central differences, got ${short(got)}`,
          );
        }
        worst = Math.max(worst, error);
      };
      if (modes.includes("forward")) {
        const tangents = mapTree(args, isTensor, zerosLike) as Args;
        const pushed = flatOutputs(weights, jvp(f, args, shifted(tangents, k, i, 1)).tangent);
        expected.values.forEach((_, j) => {
          judge("forward", pushed[j], (values) => values[j], size);
        });
      }
      if (gradients === null) continue;
      const want = (values: Float64Array): number =>
        values.reduce((sum, v, j) => sum + v * flatWeights[j], 0);
      const scale = expected.values.reduce((sum, v, j) => sum + Math.abs(v * flatWeights[j]), 1);
      judge("reverse", entries(gradients[k].value)[i], want, scale);
    }
  });
  return { worst, compared };
}

/** The doubt, relative to the discrepancy, up to which a derivative is called wrong. */
const certain = 0.1;

/**
 * How far a difference may be off after all, asked only where it disagrees: what much smaller steps make of it, which
 * see a bend that larger ones jump over; and at a corner, where both settle halfway, the whole step between the slopes.
 */
function doubtOf(
  column: (s: number) => Float64Array,
  step: number,
  wanted: number,
  want: (column: Float64Array) => number,
  tolerance: number,
): number {
  const finer = differentiate(column, step / 32, tolerance / 100);
  return Math.max(
    Math.abs(want(finer.values) - wanted),
    cornerOf((s) => [want(column(s))], step),
  );
}

function gradientsOf(f: Fn, args: Args, weights: unknown): Leaf<Tensor>[] {
  return leavesOf<Tensor>(vjp(f, ...args).pullback(weights) as never, isTensor);
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

/** All entries of an outcome, in the order of the weights: calls may name their outputs in another order. */
function flatOutputs(weights: unknown, tree: unknown): Float64Array {
  const words = {
    who: "checkGradients",
    reference: "the first outputs",
    other: "the outputs of a later call",
  };
  const pairs = pairLeaves<Tensor>(words, weights, tree, isTensor);
  return Float64Array.from(pairs.flatMap(({ other }) => Array.from(entries(other))));
}

/** Fixed normal numbers in the shapes of the leaves. */
function randomLike(leaves: readonly Leaf<Tensor>[], seed: string): Tensor[] {
  return leaves.map(({ value: { shape, dtype, size } }, at) =>
    tensor(normal(key(at * 31 + seed.length), size), { shape, dtype }),
  );
}

/** Such as `[1,2]` for an entry counted in row-major order; nothing for a scalar. */
function position(t: Tensor, at: number): string {
  if (t.rank === 0) return "";
  const index: number[] = [];
  let rest = at;
  for (let axis = t.rank - 1; axis >= 0; axis--) {
    index.unshift(rest % t.shape[axis]);
    rest = Math.floor(rest / t.shape[axis]);
  }
  return `[${index}]`;
}
