import { aCell } from "../../cells/_kinds.js";
import { type LearnedStart, learnedStart } from "../../cells/_start.js";
import { aDType, type DType } from "../../core/dtype.js";
import { ShapeError } from "../../core/errors.js";
import {
  anything,
  callable,
  fieldOf,
  flag,
  having,
  type Known,
  kindOf,
  listOf,
  oneOf,
  options as optionsOf,
} from "../../core/kinds.js";
import { foldIn, type Key } from "../../core/prng.js";
import { formatShape, sameShape } from "../../core/shape.js";
import { mul, square, sub } from "../../ops/pointwise.js";
import { sum } from "../../ops/reduce.js";
import { isTensor, requireTensor, type Tensor } from "../../tensor/tensor.js";
import type { Areas, LossContext, Model, ModelParams, StepLoss } from "./model.js";

/** One time step of supervised data: input [B, ...] and target [B, ...]. */
export interface Supervised {
  readonly input: Tensor;
  readonly target: Tensor;
}

export interface NetworkOptions<S, A extends Areas = Areas, R extends string = string> {
  /** Loss of one step, a scalar or one by name for each head; default: half the squared distance of the top output from `sample.target`. */
  readonly loss?: (context: LossContext<S, A, R>) => StepLoss;
  /** The input of a sample; default: `sample.input`. */
  readonly input?: (sample: S) => Tensor;
  /** `learned`: states start from parameters of the areas, `h0` of a state `h`, as `learnedStart` of `onward/cells` makes them. */
  readonly start?: "learned";
  /** Parameters that only the loss reads. */
  readonly readout?: (key: Key) => Readonly<Record<R, Tensor>>;
  /** Areas take their input from below as a constant. */
  readonly detached?: boolean;
  /**
   * Whether `loss` and `input` compute the same from the same arguments in every step; default: none is given. The model is
   * pure where they are and all areas say that they are.
   */
  readonly pure?: boolean;
}

/** Areas whose starts are learned. */
export type LearnedStarts<A extends Areas> = { readonly [I in keyof A]: LearnedStart<A[I]> };

const ofNetwork: Known<NetworkOptions<unknown>> = {
  loss: callable,
  input: callable,
  readout: callable,
  detached: flag,
  pure: flag,
  start: oneOf("learned"),
};

const withDType: Known<{ readonly dtype?: DType }> = { dtype: aDType };

/**
 * A model of areas stacked bottom to top. The types of a literal list of areas know the names of their parameters and states;
 * where `readout` is written before `loss`, its names too.
 * @throws ShapeError when an area does not fit onto the one below.
 */
export function network<S = Supervised, const A extends Areas = Areas, R extends string = string>(
  areas: A,
  options: NetworkOptions<S, LearnedStarts<A>, R> & { readonly start: "learned" },
): Model<S, LearnedStarts<A>, R>;
export function network<S = Supervised, const A extends Areas = Areas, R extends string = string>(
  areas: A,
  options?: NetworkOptions<S, A, R>,
): Model<S, A, R>;
export function network<S>(given: Areas, options: NetworkOptions<S> = {}): Model<S> {
  listOf(aCell, 1)("network", "areas", given);
  options = optionsOf("network", options, ofNetwork);
  const areas = options.start === "learned" ? given.map((area) => learnedStart(area)) : given;
  areas.slice(1).forEach((area, i) => {
    const below = areas[i];
    if (!sameShape(area.geometry.input, below.outputShape))
      throw new ShapeError(
        `network: area ${i + 2} (${area.name}) expects input ${formatShape(area.geometry.input)}, got ${formatShape(below.outputShape)} from ${below.name}`,
      );
  });
  return {
    areas,
    detached: options.detached ?? false,
    pure:
      (options.pure ?? (options.loss === undefined && options.input === undefined)) &&
      areas.every((area) => area.pure === true),
    init(key, given): ModelParams {
      const { dtype } = optionsOf("init", given, withDType);
      return {
        areas: areas.map((area, i) => area.init(foldIn(key, i), { dtype })),
        readout: options.readout?.(foldIn(key, "readout")) ?? {},
      };
    },
    input: options.input ?? inputOf,
    loss: options.loss ?? squaredError,
  };
}

/** @deprecated the name of `network` before 0.1; `stack` of `onward` stacks tensors */
export const stack: typeof network = network;

/** @deprecated the name of `NetworkOptions` before 0.1 */
export type StackOptions<S, A extends Areas = Areas, R extends string = string> = NetworkOptions<S, A, R>;

function tensorIn(sample: unknown, name: string): Tensor {
  const found = fieldOf("network", "the sample", sample ?? {}, name);
  if (isTensor(found)) return found;
  throw new ShapeError(`network: expected a sample with a tensor "${name}", got ${kindOf(found)}`);
}

function inputOf(sample: unknown): Tensor {
  return tensorIn(sample, "input");
}

/** What a loss reads of its context. */
const contextOfLoss = having({ now: having({ outputs: listOf(anything, 1) }) });

/**
 * Half the squared distance of the top output from the target, both [B, ...], summed over batch and outputs.
 * @throws ShapeError for a target of another shape
 */
export function squaredError<S>(context: LossContext<S>): Tensor {
  contextOfLoss("squaredError", "the context", context);
  const { now, sample } = context;
  const target = tensorIn(sample, "target");
  const output = requireTensor("squaredError", now.outputs[now.outputs.length - 1]);
  // what broadcasts would be another loss, without a word
  if (!sameShape(target.shape, output.shape))
    throw new ShapeError(
      `squaredError: expected a target of shape ${formatShape(output.shape)}, as the top output has, got ${formatShape(target.shape)}`,
    );
  return mul(sum(square(sub(output, target))), 0.5);
}
