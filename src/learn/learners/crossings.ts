import { mapTree } from "../../core/tree.js";
import { Tape } from "../../reverse/tape.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import { beginInfluence } from "../influence/influence.js";
import type { TracedInfluence } from "../influence/traced.js";
import type { Model, Moment, StepLoss } from "../model/model.js";
import { addLosses, countedHeads, mapLoss } from "../step/heads.js";
import { cotangentsOf } from "../step/linear-step.js";
import { type Past, parametersOn, recordStep } from "../step/step.js";
import { tapeBytes } from "../step/tape-bytes.js";
import { unrollStep } from "../step/unroll.js";
import type { Crossing } from "./window-learner.js";

/** Errors run back over a block of so many steps and meet the influence at its start, which then crosses it at once: exact. */
export function forwardCrossing<S>(
  model: Model<S>,
  rule: string,
  influence: TracedInfluence,
  window: number,
): Crossing<S> {
  const taking =
    (gathers: boolean, crosses: boolean): Crossing<S>["learn"] =>
    (params, start, { forgotten, counted }) => {
      let past = start;
      const losses: number[][] = [];
      const records = [...forgotten, ...counted].map(({ sample, heads }) => {
        const record = recordStep(model, params, past, sample);
        past = { states: record.moment.states, input: record.moment.input };
        const counts = countedHeads(rule, record.lossValue, heads);
        losses.push(record.losses.map((node, head) => (counts[head] ? node : -1)));
        return record;
      });
      beginInfluence(influence, model, params, start, records[0].moment.input);
      const direct = influence.advanceBlock(records, { losses, gathers, crosses });
      const { moment, lossValue } = records[records.length - 1];
      return { moment, loss: lossValue, direct };
    };
  return {
    bytes: influence.bytes,
    save: () => influence.save(),
    resume: (saved) => influence.resume(saved),
    movesByStep: influence.movesByStep(window),
    learn: taking(true, false),
    move: taking(false, true),
    learnAndMove: taking(true, true),
    gradient: (block, head) => influence.gradient(block, head),
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
      const totals: (Tensor | null)[] = [];
      let last: { readonly now: Moment; readonly loss: StepLoss } | null = null;
      for (const { sample, heads } of [...forgotten, ...counted]) {
        last = unrollStep(model, theta, past, sample);
        const counts = countedHeads(rule, last.loss, heads);
        addLosses(totals, last.loss, t++ < forgotten.length ? [] : counts);
        past = { states: last.now.states, input: last.now.input };
      }
      const { now, loss } = last as NonNullable<typeof last>;
      const moment = mapTree({ ...now }, isTensor, (t: Tensor) => tape.primal(t)) as unknown as Moment;
      largest = Math.max(largest, tapeBytes(tape));
      const direct = totals.map((total) => {
        const known = cotangentsOf(tape, total === null ? -1 : tape.indexOf(total));
        return nodes.map((node) => known.get(node) ?? null);
      });
      return { moment, loss: mapLoss(loss, (head) => tape.primal(head)), direct };
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
    movesByStep: false,
    gradient: () => null,
    clearGradient: () => {},
    clear: () => {},
    save: () => null,
    resume: () => {},
  };
}
