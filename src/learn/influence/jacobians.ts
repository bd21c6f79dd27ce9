import { settle, type TiedJacobian } from "../../forward/settle.js";
import { zeros } from "../../ops/create.js";
import { concat } from "../../ops/join.js";
import { reshape } from "../../ops/views.js";
import { entries } from "../../tensor/read.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { StepRecord } from "../step.js";
import type { Blocks } from "./block-matrix.js";
import { type Contributions, pushStep } from "./push.js";
import type { Sources } from "./sources.js";

/** Derivatives of new states by states, [new][source]; `null` where zero. The batch is a value axis throughout. */
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

  /** ∂next/∂z of area `b` by its own previous states, [B, K, K] with K entries in all states of a stream. */
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
   * ∂next/∂z of area `b` as independent square blocks: one of k x k per unit where all ties survive, for k states, and
   * otherwise one of K x K per stream.
   */
  ownBlocks(b: number): Blocks {
    const found = this.blocks.get(b) ?? this.findBlocks(b);
    this.blocks.set(b, found);
    return found;
  }

  private findBlocks(b: number): Blocks {
    const pairs = this.pairs(b, b, "old");
    const tied = pairs.flat().every((pair) => pair === null || pair.ties.every((t) => t !== null));
    if (!tied) {
      const whole = this.own(b);
      return { count: whole.shape[0], size: whole.shape[1], data: Float64Array.from(entries(whole)) };
    }
    const [size, count] = [pairs.length, this.stateOf(b).size];
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

  private stateOf(b: number): Tensor {
    const { areas, tape } = this.record;
    return tape.nodes[areas[b].current[0]].output;
  }

  private pairs(b: number, a: number, when: "old" | "new"): Pairs {
    const axes = this.sources.areas[a].axes.slice(1);
    const { shape, dtype } = this.stateOf(b);
    return this.contributions[b].map((list) =>
      this.record.areas[a].current.map((_, state) => {
        const found = list.find(
          ({ source: s }) => s.kind === "state" && s.area === a && s.state === state && s.when === when,
        );
        return found ? settle({ ...found.tangent, params: axes }, shape, axes, dtype) : null;
      }),
    );
  }

  private dense(pairs: Pairs, b: number, a: number): Tensor {
    const { dtype, shape } = this.stateOf(b);
    const [batch, rows, columns] = [shape[0], ...[b, a].map((i) => this.stateOf(i).size / shape[0])];
    const part = (pair: TiedJacobian | null): Tensor =>
      pair ? reshape(pair.dense(), [batch, rows, columns]) : zeros([batch, rows, columns], { dtype });
    return concat(
      pairs.map((row) => concat(row.map(part), 2)),
      1,
    );
  }
}
