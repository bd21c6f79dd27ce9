import { sameShape } from "../../core/shape.js";
import { settle, type TiedJacobian } from "../../forward/settle.js";
import { zeros } from "../../ops/create.js";
import { concat } from "../../ops/join.js";
import { reshape } from "../../ops/views.js";
import { entries } from "../../tensor/read.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { StepRecord } from "../step/step.js";
import type { Blocks } from "./block-matrix.js";
import { type Contributions, pushStep } from "./push.js";
import type { Sources } from "./sources.js";

/** Derivatives of new states by states that have any, [new][source]; `null` where zero. The batch is a value axis. */
type Pairs = readonly (readonly (TiedJacobian | null)[])[];

/** The Jacobian of one recorded step, area by area, stream by stream. */
export class StepJacobian {
  /** What new states depend on, with states as sources of their own. */
  readonly contributions: Contributions;
  private readonly blocks = new Map<number, Blocks>();

  constructor(
    private readonly record: StepRecord,
    private readonly sources: Sources,
  ) {
    this.contributions = pushStep(record, sources, { jacobian: true });
  }

  /** ∂next/∂z of area `b` by its own previous states, [B, K, K] with K entries in all such states of a stream. */
  own(b: number): Tensor {
    return this.dense(this.pairs(b, b, "old"), b, b);
  }

  /** The same by the new states of each area below, [B, K, K'], through its output or past it; `null` where zero. */
  fromBelow(b: number): (Tensor | null)[] {
    return Array.from({ length: b }, (_, a) => {
      const pairs = this.pairs(b, a, "new");
      return pairs.flat().some((pair) => pair !== null) ? this.dense(pairs, b, a) : null;
    });
  }

  /**
   * ∂next/∂z of area `b` as independent square blocks: one of k x k per unit where k states have one shape and all ties
   * survive, and otherwise one of K x K per stream.
   */
  ownBlocks(b: number): Blocks {
    const found = this.blocks.get(b) ?? this.findBlocks(b);
    this.blocks.set(b, found);
    return found;
  }

  private findBlocks(b: number): Blocks {
    const states = floatStates(this.record, b);
    if (states.length === 0)
      return { count: this.record.moment.input.shape[0], size: 0, data: new Float64Array(0) };
    const pairs = this.pairs(b, b, "old");
    const tied =
      states.every(({ t }) => sameShape(t.shape, states[0].t.shape)) &&
      pairs.flat().every((pair) => pair === null || pair.ties.every((t) => t !== null));
    if (!tied) {
      const whole = this.own(b);
      return { count: whole.shape[0], size: whole.shape[1], data: Float64Array.from(entries(whole)) };
    }
    const [size, count] = [states.length, states[0].t.size];
    const data = new Float64Array(count * size * size);
    pairs.forEach((row, i) => {
      row.forEach((pair, j) => {
        if (pair === null) return;
        const values = entries(pair.values);
        for (let g = 0; g < count; g++) data[(g * size + i) * size + j] = values[g];
      });
    });
    return { count, size, data };
  }

  private pairs(b: number, a: number, when: "old" | "new"): Pairs {
    const { groups, groupOf } = this.sources;
    const sources = floatStates(this.record, a);
    return floatStates(this.record, b).map(({ state: into, t: { shape, dtype } }) =>
      sources.map(({ state }) => {
        const axes = groups[groupOf[a][state]].axes.slice(1);
        const found = this.contributions[b][into].find(
          ({ source: s }) => s.kind === "state" && s.area === a && s.state === state && s.when === when,
        );
        return found ? settle({ ...found.tangent, params: axes }, shape, axes, dtype) : null;
      }),
    );
  }

  private dense(pairs: Pairs, b: number, a: number): Tensor {
    const [rows, columns] = [b, a].map((area) => floatStates(this.record, area).map(({ t }) => t));
    const part = (pair: TiedJacobian | null, row: Tensor, column: Tensor): Tensor => {
      const batch = row.shape[0];
      const shape = [batch, row.size / batch, column.size / batch];
      return pair ? reshape(pair.dense(), shape) : zeros(shape, { dtype: row.dtype });
    };
    return concat(
      pairs.map((row, i) =>
        concat(
          row.map((pair, j) => part(pair, rows[i], columns[j])),
          2,
        ),
      ),
      1,
    );
  }
}

/** The new states of an area that have derivatives, with their position among all of its states. */
export function floatStates(
  { tape, areas }: StepRecord,
  b: number,
): { readonly state: number; readonly node: number; readonly t: Tensor }[] {
  return areas[b].current.flatMap((node, state) =>
    node < 0 ? [] : [{ state, node, t: tape.nodes[node].output }],
  );
}
