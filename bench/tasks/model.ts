import { type Cell, type CellState, cells } from "../../src/cells/index.js";
import { foldIn } from "../../src/core/prng.js";
import { mul, scalar, type Tensor, zeros } from "../../src/index.js";
import { type Model, type ModelParams, type Moment, network } from "../../src/learn/index.js";
import { fanIn, linear } from "../../src/nn/index.js";
import { gatedBlocks, slowGates } from "./blocks.js";
import type { Task, TaskStep } from "./task.js";

export const units = 64;

/** Areas by name, from the bottom up, whose gates start with times of forgetting between 1 step and T. */
export const architectures = {
  blocks: ({ input, steps }: Task): Cell[] => [gatedBlocks(input, units, steps)],
  stack: ({ input, steps }: Task): Cell[] => [
    slowly(cells.leaky({ input, units }), "a", steps),
    slowly(cells.mingru({ input: units, units }), "bz", steps),
  ],
} as const;

export type Architecture = keyof typeof architectures;

/** A cell with other initial values of its gate's bias. */
function slowly(cell: Cell, bias: string, slowest: number): Cell {
  return {
    ...cell,
    init: (key, options) => ({
      ...cell.init(key, options),
      [bias]: slowGates(foldIn(key, bias), cell.shapes[bias], slowest),
    }),
  };
}

/** The areas under a linear readout; the loss of a step is that of the task, by its weight. */
export function taskModel(task: Task, architecture: Architecture): Model<TaskStep> {
  return network<TaskStep>(architectures[architecture](task), {
    readout: (key) => ({ W: fanIn(key, [task.output, units]), b: zeros([task.output]) }),
    loss: ({ params, now, sample }) =>
      sample.weight === 0 ? scalar(0) : mul(task.loss(predict(params, now), sample.target), sample.weight),
  });
}

/** What the readout says, [B, output]. */
const predict = ({ readout }: ModelParams, { outputs }: Moment): Tensor =>
  linear(outputs[outputs.length - 1], readout.W, readout.b);

/** Predictions [B, output] for every step of a batch of sequences, without derivatives. */
export function predictions(
  model: Model<TaskStep>,
  params: ModelParams,
  sequence: readonly TaskStep[],
): Tensor[] {
  const batch = sequence[0].input.shape[0];
  let states: CellState[] = model.areas.map((cell) => cell.zeroState(batch));
  return sequence.map((sample) => {
    const input = model.input(sample);
    const outputs: Tensor[] = [];
    let x = input;
    states = model.areas.map((cell, b) => {
      const state = cell.next(params.areas[b], states[b], x);
      x = cell.output(params.areas[b], state, x);
      outputs.push(x);
      return state;
    });
    return predict(params, { input, states, outputs });
  });
}
