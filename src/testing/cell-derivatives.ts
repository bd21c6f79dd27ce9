import type { Cell } from "../cells/_cell.js";
import { isFloat } from "../core/dtype.js";
import { foldIn, key, normal } from "../core/prng.js";
import { fillTree, leavesOf, mapTree } from "../core/tree.js";
import { jvp } from "../forward/jvp.js";
import { scalar, tensor } from "../ops/create.js";
import { add, mul } from "../ops/pointwise.js";
import { vjp } from "../reverse/vjp.js";
import { entries } from "../tensor/read.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { type BlockReport, blockError } from "./block-error.js";
import type { CellAnswer, CellArgs } from "./cell-contract.js";
import { flat } from "./cell-contract.js";
import { checkDerivatives } from "./check-gradients.js";
import { differentiate } from "./differences.js";
import { GradientError, UnsettledError } from "./errors.js";

/** Largest error of a derivative, relative to the largest of its column or 1: what differences tell in float64. */
export const differenceTolerance = 1e-7;

export interface DerivativeReport {
  /** Derivatives compared. */
  readonly compared: number;
  readonly worst: number;
  readonly tolerance: number;
  /** Blocks at a kink, of which nothing is known. */
  readonly unsettled: number;
}

/** States that have derivatives, and the output, after one step. */
function step(cell: Cell, { params, state, input }: CellArgs): CellAnswer {
  const next = cell.next(params, state, input);
  const smooth = cell.states.filter((name) => isFloat(next[name].dtype));
  return {
    state: Object.fromEntries(smooth.map((name) => [name, next[name]])),
    output: cell.output(params, next, input),
  };
}

/** What a step may be differentiated by: no integers or booleans. */
const movable = (args: CellArgs): { readonly path: string; readonly value: Tensor }[] =>
  leavesOf<Tensor>(args, isTensor).filter(({ value }) => isFloat(value.dtype));

/**
 * Compares the derivatives of one step by every parameter block, every state and the input, each along one random
 * direction, with central differences. Learning rules cannot notice what is wrong here: they all read the same
 * linearization.
 * @throws GradientError with a table of all blocks
 */
export function checkStep(who: string, cell: Cell, args: CellArgs, seed: number): DerivativeReport {
  let [compared, worst, unsettled] = [0, 0, 0];
  movable(args).forEach(({ path, value }) => {
    const along = directionOf(value, seed, path);
    const moved = (s: Tensor): CellAnswer =>
      step(cell, replaced(args, new Map([[path, add(value, mul(s, along))]])));
    try {
      const report = checkDerivatives(
        (s) => moved(s as Tensor),
        [scalar(0)],
        { tolerance: differenceTolerance },
        {
          who,
          derivative: "derivative of next and output",
          place: () => `${path} (along a random direction)`,
        },
      );
      compared += report.compared;
      worst = Math.max(worst, report.worst);
    } catch (error) {
      if (error instanceof UnsettledError) unsettled++;
      else if (error instanceof GradientError)
        throw new GradientError(
          `${error.message}; is there a customJvp with another derivative, or a stopGradient that hides a path?`,
          stepTable(cell, args, seed),
        );
      else throw error;
    }
  });
  return { compared, worst, tolerance: differenceTolerance, unsettled };
}

/** Both ways make the same few hundred products and sums, in another order. */
const bothWaysTolerance = 1e-11;

/**
 * The same where a derivative is replaced on purpose, so that values tell nothing of it: ⟨w, J d⟩ forward against ⟨Jᵀ w, d⟩ in
 * reverse, for a random direction d of each block and weights w of states and output.
 * @throws GradientError where they differ
 */
export function checkBothWays(who: string, cell: Cell, args: CellArgs, seed: number): DerivativeReport {
  const leaves = movable(args);
  const { value, pullback } = vjpOf(cell, args, leaves);
  const weights = mapTree(value, isTensor, (t: Tensor, path) => directionOf(t, seed, `weight ${path}`));
  const [back] = pullback(weights as CellAnswer);
  let worst = 0;
  leaves.forEach(({ path, value: t }, k) => {
    const along = directionOf(t, seed, path);
    const moved = (s: Tensor): CellAnswer =>
      step(cell, replaced(args, new Map([[path, add(t, mul(s, along))]])));
    const { tangent } = jvp(moved, [scalar(0)], [scalar(1)]);
    const products = zip(flat(tangent), flat(weights));
    const [forward, reverse] = [products, zip(flat(back[k]), flat(along))].map(total);
    const error = Math.abs(forward - reverse) / Math.max(1, ...products.map(Math.abs));
    if (!(error <= bothWaysTolerance))
      throw new GradientError(
        `${who}: the derivative of next and output at ${path} must be the same in both modes, got ${forward} forward and ${reverse} in reverse`,
        [],
      );
    worst = Math.max(worst, error);
  });
  return { compared: leaves.length, worst, tolerance: bothWaysTolerance, unsettled: 0 };
}

const zip = (a: readonly number[], b: readonly number[]): number[] => a.map((v, i) => v * b[i]);
const total = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0);

/** Entries of a block up to which each is differentiated by itself. */
const fewEntries = 64;

/** The derivative of a weighted sum of states and output by each block, reverse mode against differences. */
function stepTable(cell: Cell, args: CellArgs, seed: number): BlockReport[] {
  const leaves = movable(args);
  const { value, pullback } = vjpOf(cell, args, leaves);
  const outputs = leavesOf<Tensor>(value, isTensor);
  const weights = outputs.map(({ value: t, path }) => directionOf(t, seed, `weight ${path}`));
  const weighted = fillTree(value, isTensor, weights) as CellAnswer;
  const flatWeights = flat(weighted);
  const [gradients] = pullback(weighted);
  return leaves.map(({ path, value: t }, k) => {
    const own = entries(gradients[k]);
    const directions =
      t.size <= fewEntries
        ? Array.from({ length: t.size }, (_, i) => new Float64Array(t.size).fill(1, i, i + 1))
        : Array.from({ length: fewEntries }, (_, i) => normal(foldIn(foldIn(key(seed), path), i), t.size));
    const got = directions.map((d) => d.reduce((sum, v, i) => sum + v * own[i], 0));
    const expected = directions.map((d) => {
      const along = tensor(d, { shape: t.shape });
      const total = (s: number): number[] => {
        const answer = flat(step(cell, replaced(args, new Map([[path, add(t, mul(s, along))]]))));
        return [answer.reduce((sum, v, i) => sum + v * flatWeights[i], 0)];
      };
      return differentiate(total, 0.05, differenceTolerance / 100).values[0];
    });
    return { path, ...blockError(got, expected) };
  });
}

/** A step and its pullback to what it may be differentiated by, in the order of `leaves`. */
function vjpOf(cell: Cell, args: CellArgs, leaves: ReturnType<typeof movable>) {
  const named = (values: readonly Tensor[]) => new Map(leaves.map(({ path }, i) => [path, values[i]]));
  return vjp(
    (values: readonly Tensor[]) => step(cell, replaced(args, named(values))),
    leaves.map((leaf) => leaf.value),
  );
}

function directionOf(t: Tensor, seed: number, path: string): Tensor {
  return tensor(normal(foldIn(foldIn(key(seed), "direction"), path), t.size), { shape: t.shape });
}

const replaced = (args: CellArgs, by: ReadonlyMap<string, Tensor>): CellArgs =>
  mapTree(args, isTensor, (t: Tensor, path) => by.get(path) ?? t) as CellArgs;
