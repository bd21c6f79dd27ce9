import type { Cell, CellState } from "../../cells/_cell.js";
import { mapTree } from "../../core/tree.js";
import { put } from "../../core/tree-node.js";
import { scalar } from "../../ops/create.js";
import { stopGradient } from "../../ops/stop-gradient.js";
import { Tape } from "../../reverse/tape.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import { inputOf } from "../model/kinds.js";
import type { Model, ModelParams, Moment, StepLoss } from "../model/model.js";
import { hasStart, isDifferentiable, newStates, startStates } from "../model/states.js";
import { requireSameStreams } from "../model/stream.js";
import { headLosses, lossOf, mapLoss } from "./heads.js";

/** Where one area's part of a recorded step lies. */
export interface AreaRecord {
  /** Nodes [start, end) of `next`, and [end + states, outputEnd) of `output`. */
  readonly start: number;
  readonly end: number;
  /** Leaves of the previous states, in the order of `cell.states`; -1 for integers and booleans, here and below. */
  readonly previous: readonly number[];
  /** Nodes of the new states before they are cut off their history; -1 for a constant. */
  readonly results: readonly number[];
  /** Leaves of the new states. */
  readonly current: readonly number[];
}

/** One time step, recorded: its values, and its linear maps for either direction. */
export interface StepRecord {
  readonly tape: Tape;
  /** Leaves of the parameters, in the order of `leavesOf`. */
  readonly parameters: readonly number[];
  readonly areas: readonly AreaRecord[];
  /** Node of each head's loss; -1 where it is constant. */
  readonly losses: readonly number[];
  readonly lossValue: StepLoss;
  /** Values of this step. */
  readonly moment: Moment;
  /** Whether the sequence starts here, from constants: nothing has any influence yet. */
  readonly isFirst: boolean;
}

/** The step before, as far as this one needs it. */
export interface Past {
  readonly states: readonly CellState[];
  /** `null` before the first step. */
  readonly input: Tensor | null;
}

/** Parameters as leaves of a tape, and their nodes in the order of `leavesOf`. */
export function parametersOn(
  tape: Tape,
  params: ModelParams,
): { readonly theta: ModelParams; readonly nodes: readonly number[] } {
  const nodes: number[] = [];
  const theta = mapTree(params, isTensor, (t: Tensor) => {
    const leaf = tape.leaf(t);
    nodes.push(tape.indexOf(leaf));
    return leaf;
  }) as ModelParams;
  return { theta, nodes };
}

/** The outputs of all areas from their states, bottom to top; computed when first read. */
export function momentOf<S>(
  model: Model<S>,
  params: ModelParams,
  states: readonly CellState[],
  input: Tensor,
): Moment {
  let outputs: Tensor[] | null = null;
  return {
    input,
    states,
    get outputs() {
      if (outputs === null) {
        outputs = [];
        let x = input;
        for (let b = 0; b < model.areas.length; b++) {
          const y = model.areas[b].output(params.areas[b], states[b], x);
          outputs.push(y);
          x = model.detached ? stopGradient(y) : y;
        }
      }
      return outputs;
    },
  };
}

/**
 * Records z(0) = start(θ) as if it were a step, from nothing and without a loss: its influence is M(0). `null` where states
 * start from constants.
 * @param input of the first step, for its batch and dtype
 */
export function recordStart<S>(
  model: Model<S>,
  params: ModelParams,
  input: Tensor,
  options: { readonly explain?: boolean } = {},
): StepRecord | null {
  if (!hasStart(model)) return null;
  const tape = new Tape("start", options);
  try {
    const { theta, nodes: parameters } = parametersOn(tape, params);
    const start = tape.nodes.length;
    const found = startStates(model, theta, input);
    const end = tape.nodes.length;
    const states = mapTree(found, isTensor, (t: Tensor) => tape.primal(t)) as CellState[];
    const areas = model.areas.map(
      ({ states: names }, b): AreaRecord => ({
        start: b === 0 ? start : end,
        end,
        previous: names.map(() => -1),
        results: names.map((name) => (isDifferentiable(found[b][name]) ? tape.indexOf(found[b][name]) : -1)),
        current: names.map((name) =>
          isDifferentiable(states[b][name]) ? tape.indexOf(tape.leaf(states[b][name])) : -1,
        ),
      }),
    );
    const moment: Moment = { input, states, outputs: [] };
    return { tape, parameters, areas, losses: [], lossValue: scalar(0), isFirst: true, moment };
  } finally {
    tape.open = false;
  }
}

/**
 * Records z(t) = next(θ, z(t−1), x(t)) and ℓ(t) = loss(θ, z(t−1), z(t), x(t)) on one tape. New states are cut off:
 * outputs and loss see them as leaves, so that the loss can be transposed within the step and `next` pushed forward.
 */
export function recordStep<S>(
  model: Model<S>,
  params: ModelParams,
  past: Past,
  sample: S,
  options: { readonly explain?: boolean } = {},
): StepRecord {
  const tape = new Tape("step", options);
  try {
    const { theta, nodes: parameters } = parametersOn(tape, params);
    const leaf = (t: Tensor, into: number[]): Tensor => {
      const out = tape.leaf(t);
      into.push(tape.indexOf(out));
      return out;
    };
    // states by name, in the order of the cell: those without derivatives are constants
    const statesOf = (cell: Cell, from: CellState, into: number[]): CellState => {
      const states: Record<string, Tensor> = {};
      for (const name of cell.states) {
        const t = tape.primal(from[name]);
        if (isDifferentiable(t)) put(states, name, leaf(t, into));
        else {
          put(states, name, t);
          into.push(-1);
        }
      }
      return states;
    };
    const input = inputOf(model, sample);
    requireSameStreams(past.input, input);
    const previous = past.states.map((state, b) => {
      const at: number[] = [];
      return { at, state: statesOf(model.areas[b], state, at) };
    });
    const areas: AreaRecord[] = [];
    const states: CellState[] = [];
    const outputs: Tensor[] = [];
    let x = input;
    model.areas.forEach((cell, b) => {
      const start = tape.nodes.length;
      const next = newStates(cell, b, cell.next(theta.areas[b], previous[b].state, x), previous[b].state);
      const end = tape.nodes.length;
      const current: number[] = [];
      const results = cell.states.map((name) =>
        isDifferentiable(next[name]) ? tape.indexOf(next[name]) : -1,
      );
      const state = statesOf(cell, next, current);
      const y = cell.output(theta.areas[b], state, x);
      states.push(state);
      outputs.push(y);
      areas.push({ start, end, previous: previous[b].at, results, current });
      x = model.detached ? stopGradient(y) : y;
    });
    const now: Moment = { input, states, outputs };
    const before =
      past.input &&
      momentOf(
        model,
        theta,
        previous.map((p) => p.state),
        past.input,
      );
    const loss = lossOf(model, { params: theta, now, before, sample });
    return {
      tape,
      parameters,
      areas,
      losses: headLosses(loss).map((head) => tape.indexOf(head)),
      lossValue: mapLoss(loss, (head) => tape.primal(head)),
      isFirst: past.input === null && !hasStart(model),
      moment: mapTree({ input, states, outputs }, isTensor, (t: Tensor) =>
        tape.primal(t),
      ) as unknown as Moment,
    };
  } finally {
    tape.open = false;
  }
}
