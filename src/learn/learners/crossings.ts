import { mapTree } from "../../core/tree.js";
import { add } from "../../ops/pointwise.js";
import { Tape } from "../../reverse/tape.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import { beginInfluence } from "../influence/influence.js";
import type { TracedInfluence } from "../influence/traced.js";
import type { Model, Moment } from "../model/model.js";
import { cotangentsOf } from "../step/linear-step.js";
import { type Past, parametersOn, recordStep } from "../step/step.js";
import { tapeBytes } from "../step/tape-bytes.js";
import { unrollStep } from "../step/unroll.js";
import type { Crossing } from "./window-learner.js";

/** Errors run back over the block and meet the influence at its start, which then crosses it at once: exact. */
export function forwardCrossing<S>(model: Model<S>, influence: TracedInfluence): Crossing<S> {
  const taking =
    (gathers: boolean, crosses: boolean): Crossing<S>["learn"] =>
    (params, start, { forgotten, counted }) => {
      let past = start;
      const records = [...forgotten, ...counted].map((sample) => {
        const record = recordStep(model, params, past, sample);
        past = { states: record.moment.states, input: record.moment.input };
        return record;
      });
      beginInfluence(influence, model, params, start, records[0].moment.input);
      const direct = influence.advanceBlock(records, { gathers, crosses });
      const { moment, lossValue } = records[records.length - 1];
      return { moment, loss: lossValue, direct };
    };
  return {
    bytes: influence.bytes,
    save: () => influence.save(),
    resume: (saved) => influence.resume(saved),
    learn: taking(true, false),
    move: taking(false, true),
    learnAndMove: taking(true, true),
    gradient: (block) => influence.gradient(block),
    clearGradient: () => influence.clearGradient(),
    clear: () => influence.clear(),
  };
}

/** Errors run back over the block, and what lies before it is constant. */
export function backwardCrossing<S>(model: Model<S>, rule: string): Crossing<S> {
  let largest = 0;
  const learn: Crossing<S>["learn"] = (params, start, { forgotten, counted }) => {
    const tape = new Tape(rule, { transient: true });
    try {
      const { theta, nodes } = parametersOn(tape, params);
      // states that start from parameters do so on the tape
      let past: Past | null = start.input === null ? null : start;
      let t = 0;
      let total: Tensor | null = null;
      let last: { readonly now: Moment; readonly loss: Tensor } | null = null;
      for (const sample of [...forgotten, ...counted]) {
        last = unrollStep(model, theta, past, sample);
        if (t++ >= forgotten.length) total = total === null ? last.loss : add(total, last.loss);
        past = { states: last.now.states, input: last.now.input };
      }
      const { now, loss } = last as NonNullable<typeof last>;
      const moment = mapTree({ ...now }, isTensor, (t: Tensor) => tape.primal(t)) as unknown as Moment;
      largest = Math.max(largest, tapeBytes(tape));
      const known = cotangentsOf(tape, total === null ? -1 : tape.indexOf(total));
      return { moment, loss: tape.primal(loss), direct: nodes.map((node) => known.get(node) ?? null) };
    } finally {
      tape.open = false;
    }
  };
  return {
    // the record of a block, while it is transposed
    get bytes() {
      return largest;
    },
    learn,
    move: null,
    learnAndMove: learn,
    gradient: () => null,
    clearGradient: () => {},
    clear: () => {},
    save: () => null,
    resume: () => {},
  };
}
