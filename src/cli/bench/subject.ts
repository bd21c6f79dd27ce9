import { key } from "../../core/prng.js";
import { sizeOf } from "../../core/shape.js";
import type { Model, ModelParams } from "../../learn/index.js";
import { type Fixated, jepa, presetNamed } from "../../rjepa/index.js";
import { exampleOf } from "../../rjepa/parts/example.js";
import { randomSequence } from "../../testing/random-case.js";
import { type StackSizes, stackOf } from "../stacks.js";

/** What is measured, one stream in float64: a stack of named cells, or an R-JEPA preset. */
export type Subject = { readonly label: string } & (StackSizes | { readonly preset: string });

/** A subject ready to run. */
export interface Prepared {
  readonly model: Model<unknown>;
  /** Random parameters: the same at each call. */
  init(): ModelParams;
  readonly samples: readonly unknown[];
}

/** One area of a vector cell with as many inputs as units. */
export const squareArea = (cell: string, n: number): Subject => ({
  label: cell,
  cells: [cell],
  input: [n],
  units: [n],
});

/** A model, its parameters once they are asked for, and `count` random steps of data. */
export function prepare(subject: Subject, count: number): Prepared {
  if ("preset" in subject) return prepareJepa(subject.preset, count);
  const model = stackOf(subject);
  const [bottom, top] = [model.areas[0], model.areas[model.areas.length - 1]];
  const sizes = { input: bottom.geometry.input, target: top.outputShape, steps: count, batch: 1 };
  return {
    model: model as Model<unknown>,
    init: () => model.init(key(1)),
    samples: randomSequence(1, sizes),
  };
}

function prepareJepa(preset: string, count: number): Prepared {
  const made = jepa({ preset: presetNamed(preset), steps: 8 });
  const { model, init } = made;
  const { sample } = exampleOf(made);
  const sizes = { input: model.areas[0].geometry.input, target: [2], steps: count, batch: 1 };
  const samples = randomSequence(1, sizes).map(
    ({ input, target }): Fixated => ({ ...sample, input, saccade: target }),
  );
  return { model: model as Model<unknown>, init: () => init(key(1)), samples };
}

/** Numbers of states, and of parameters that any state depends on: k·p counts one of each state for each of these. */
export function influenceNumbers(model: Model<unknown>, reaching: ReadonlySet<string>): number {
  return model.areas.reduce((sum, area, b) => {
    const parameters = Object.entries(area.shapes).filter(([name]) => reaching.has(`areas.${b}.${name}`));
    return sum + area.states.length * parameters.reduce((n, [, shape]) => n + sizeOf(shape), 0);
  }, 0);
}

/** Units of each area, bottom to top. */
export const unitsOf = (model: Model<unknown>): string => model.areas.map((a) => a.geometry.units).join(" ");
