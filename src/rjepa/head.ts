import { allocate, type DType, requireFloat } from "../core/dtype.js";
import { ShapeError } from "../core/errors.js";
import { count, finite, listOf } from "../core/kinds.js";
import { formatShape } from "../core/shape.js";
import { fromData } from "../tensor/apply.js";
import { entries } from "../tensor/read.js";
import type { Tensor } from "../tensor/tensor.js";
import { aTensor } from "./kinds.js";
import type { HeadStatistics } from "./model.js";

const floor = 1e-8;

/** Running mean and variance of the head's output per unit, [n]; momentum is the weight of the newest batch. */
export class RunningHead {
  private readonly mean: Float64Array;
  private readonly variance: Float64Array;

  constructor(
    private readonly units: number,
    private readonly momentum = 0.05,
    private readonly dtype: DType = "float64",
  ) {
    count(1, 2 ** 24)("RunningHead", "units", units);
    finite("RunningHead", "momentum", momentum);
    requireFloat("RunningHead", dtype);
    this.mean = new Float64Array(units);
    this.variance = new Float64Array(units).fill(1);
  }

  /** Takes in head outputs [B, n] of any number of steps. A weight of 1 forgets what was before. */
  update(outputs: readonly Tensor[], weight = this.momentum): void {
    listOf(aTensor, 1)("RunningHead", "the outputs", outputs);
    finite("RunningHead", "the weight", weight);
    const { units } = this;
    const other = outputs.find((r) => r.rank !== 2 || r.shape[1] !== units || r.size === 0);
    if (other)
      throw new ShapeError(`RunningHead: expected outputs [B, ${units}], got ${formatShape(other.shape)}`);
    const [sum, squares] = [new Float64Array(units), new Float64Array(units)];
    let rows = 0;
    for (const r of outputs) {
      const values = entries(r);
      for (let i = 0; i < values.length; i++) {
        sum[i % units] += values[i];
        squares[i % units] += values[i] * values[i];
      }
      rows += values.length / units;
    }
    for (let i = 0; i < units; i++) {
      const mean = sum[i] / rows;
      const variance =
        Math.max(0, squares[i] / rows - mean * mean) + (mean - this.mean[i]) ** 2 * (1 - weight);
      this.mean[i] += weight * (mean - this.mean[i]);
      this.variance[i] += weight * (variance - this.variance[i]);
    }
  }

  /** The present statistics, as constants. */
  get statistics(): HeadStatistics {
    const [mean, scale] = [allocate(this.dtype, this.units), allocate(this.dtype, this.units)];
    mean.set(this.mean);
    for (let i = 0; i < this.units; i++) scale[i] = 1 / Math.sqrt(this.variance[i] + floor);
    return {
      mean: fromData(mean, [this.units], this.dtype),
      scale: fromData(scale, [this.units], this.dtype),
    };
  }
}
