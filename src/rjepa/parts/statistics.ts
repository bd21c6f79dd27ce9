import { allocate, type DType, requireFloat } from "../../core/dtype.js";
import { count, finite, instanceOf, type Kind, listOf } from "../../core/kinds.js";
import { concat } from "../../ops/join.js";
import { fromData } from "../../tensor/apply.js";
import { entries } from "../../tensor/read.js";
import { SavedPart } from "../../tensor/saved/part.js";
import type { Saved } from "../../tensor/saved/save.js";
import { requireTensor, type Tensor } from "../../tensor/tensor.js";
import type { HeadStatistics, Standardization } from "./head.js";

/** Added to a variance: outputs of convolutions are many and small, and may be silent at first. */
const floorOf = { many: 1e-4, few: 1e-5 } as const;
const many = 128;

/**
 * Running moments of the outputs of one area: a mean for each of T steps, [T, n], and the variance around it, [n]. Where it `drifts`
 * the variance is around the running mean, so that it is there for a single output too: that of a mixture of what was before and
 * what is new (West 1979).
 */
class Running {
  readonly mean: Float64Array;
  readonly variance: Float64Array;

  constructor(
    readonly steps: number,
    readonly units: number,
    private readonly drifts = false,
  ) {
    this.mean = new Float64Array(steps * units);
    this.variance = new Float64Array(units).fill(1);
  }

  /** Takes in outputs [B, n] of each step; those beyond the last count as the last. Variances are in two passes. */
  update(outputs: readonly ArrayLike<number>[], weight: number): void {
    const { units: n } = this;
    const squares = new Float64Array(n);
    const now = new Float64Array(n);
    let rows = 0;
    outputs.forEach((values, t) => {
      const batch = values.length / n;
      rows += batch;
      now.fill(0);
      for (let at = 0; at < values.length; at += n) for (let i = 0; i < n; i++) now[i] += values[at + i];
      for (let i = 0; i < n; i++) now[i] /= batch;
      for (let at = 0; at < values.length; at += n)
        for (let i = 0; i < n; i++) squares[i] += (values[at + i] - now[i]) ** 2;
      const at = Math.min(t, this.steps - 1) * n;
      for (let i = 0; i < n; i++) {
        const moved = now[i] - this.mean[at + i];
        if (this.drifts) squares[i] += batch * (1 - weight) * moved ** 2;
        this.mean[at + i] += weight * moved;
      }
    });
    for (let i = 0; i < n; i++) this.variance[i] += weight * (squares[i] / rows - this.variance[i]);
  }

  save(): Saved {
    const { mean, variance, steps, units } = this;
    return {
      mean: fromData(mean.slice(), [steps, units], "float64"),
      variance: fromData(variance.slice(), [units], "float64"),
    };
  }

  /** Of the same sizes, as it was saved. */
  restored(part: SavedPart): Running {
    const { steps, units, drifts } = this;
    const [mean, variance] = part.branches(["mean", "variance"]);
    const out = new Running(steps, units, drifts);
    out.mean.set(entries(mean.tensor({ shape: [steps, units], dtype: "float64" })));
    out.variance.set(entries(variance.tensor({ shape: [units], dtype: "float64" })));
    return out;
  }

  standardization(dtype: DType, step: number | null): Standardization {
    const { units: n, steps } = this;
    const floor = n >= many ? floorOf.many : floorOf.few;
    const scale = allocate(dtype, n);
    for (let i = 0; i < n; i++) scale[i] = 1 / Math.sqrt(this.variance[i] + floor);
    if (step === null) return { scale: fromData(scale, [n], dtype), mean: null };
    const mean = allocate(dtype, n);
    const t = Math.min(step, steps - 1);
    mean.set(this.mean.subarray(t * n, (t + 1) * n));
    return { scale: fromData(scale, [n], dtype), mean: fromData(mean, [n], dtype) };
  }
}

/**
 * What standardizes the outputs of every area that predicts: running moments with their past, and from the zero state, all steps in
 * one. With their past it is a mean for each step since the start, for a head with the mean of the batch; one mean of all steps
 * for a `running` one.
 */
export class RunningStatistics {
  private constructor(
    private readonly head: "batch" | "running",
    private readonly areas: readonly { readonly recurrent: Running; readonly fresh: Running }[],
  ) {}

  /** Of areas of so many outputs each, over sequences of so many steps. */
  static of(units: readonly number[], steps: number, head: "batch" | "running" = "batch"): RunningStatistics {
    const drifts = head === "running";
    return new RunningStatistics(
      head,
      units.map((n) => ({
        recurrent: new Running(drifts ? 1 : steps, n, drifts),
        fresh: new Running(1, n, drifts),
      })),
    );
  }

  save(): Saved {
    return this.areas.map(({ recurrent, fresh }) => ({ recurrent: recurrent.save(), fresh: fresh.save() }));
  }

  /**
   * Of the same sizes, as they were saved. @throws CheckpointError for others
   * @internal
   */
  restored(part: SavedPart): RunningStatistics {
    savedPart("RunningStatistics", "what was saved", part);
    const parts = part.list(this.areas.length);
    return new RunningStatistics(
      this.head,
      this.areas.map(({ recurrent, fresh }, a) => {
        const [first, second] = parts[a].branches(["recurrent", "fresh"]);
        return { recurrent: recurrent.restored(first), fresh: fresh.restored(second) };
      }),
    );
  }

  /**
   * Takes in outputs of one batch, [area][step] with their past and [area] from the zero state, [B, n] or [T B, n]; `weight` is
   * that of the newest batch, 1 forgets what was before.
   */
  update(recurrent: readonly (readonly Tensor[])[], fresh: readonly Tensor[], weight: number): void {
    const all = listOf(aTensor, 1);
    const n = this.areas.length;
    listOf(all, n)("RunningStatistics", "the outputs with their past", recurrent);
    listOf(aTensor, n)("RunningStatistics", "the outputs from the zero state", fresh);
    finite("RunningStatistics", "the weight", weight);
    this.areas.forEach((area, a) => {
      const steps = this.head === "running" ? [concat(recurrent[a])] : recurrent[a];
      area.recurrent.update(
        steps.map((r) => entries(r)),
        weight,
      );
      area.fresh.update([entries(fresh[a])], weight);
    });
  }

  /** For training: with the mean of the batch at hand, or with the running one. */
  ofBatch(dtype: DType): HeadStatistics[] {
    return standardizations(this.areas, dtype, this.head === "running" ? 0 : null);
  }

  /** At one step since the start, with running means; steps beyond the last have the means of the last. */
  ofStep(dtype: DType, step: number): HeadStatistics[] {
    count(0)("RunningStatistics", "the step", step);
    return standardizations(this.areas, dtype, step);
  }
}

const savedPart = instanceOf(SavedPart);
const aTensor: Kind = (who, _, value) => {
  requireTensor(who, value);
};

const standardizations = (
  areas: readonly { readonly recurrent: Running; readonly fresh: Running }[],
  dtype: DType,
  step: number | null,
): HeadStatistics[] => {
  requireFloat("RunningStatistics", dtype);
  return areas.map(({ recurrent, fresh }) => ({
    recurrent: recurrent.standardization(dtype, step),
    fresh: fresh.standardization(dtype, step),
  }));
};
