import { tensor } from "../../../ops/create.js";
import { entries } from "../../../tensor/read.js";
import type { SavedPart } from "../../../tensor/saved/part.js";
import type { Saved } from "../../../tensor/saved/save.js";
import { type Blocks, identity, multiply, rowNorms, transposeApply } from "../../influence/block-matrix.js";

/** A vector and a sample of the rounding in it, of the size that rounding has. */
export interface Rounded {
  readonly value: Float64Array;
  readonly rounding: Float64Array;
}

/** P(t) = J(t) ... J(1) of one area, its inverse, and the errors Σ P(t)ᵀ e(t) that it has carried to the start. */
export class JacobianProduct {
  private whole: Blocks;
  private back: Blocks;
  /** Largest norms of the product and of its inverse so far, per block. */
  private grown: Float64Array;
  private shrunk: Float64Array;
  /** Factors multiplied so far. */
  private length = 0;
  /** Σ P(t)ᵀ e(t). */
  readonly sum: Rounded;

  constructor({ count, size }: Blocks) {
    this.whole = identity(count, size);
    this.back = identity(count, size);
    this.grown = new Float64Array(count).fill(1);
    this.shrunk = new Float64Array(count).fill(1);
    this.sum = { value: new Float64Array(count * size), rounding: new Float64Array(count * size) };
  }

  /** How much rounding may grow on the way to the start and back. */
  get condition(): number {
    return this.grown.reduce((worst, v, g) => Math.max(worst, v * this.shrunk[g]), 1);
  }

  get bytes(): number {
    return 2 * (this.whole.data.byteLength + this.sum.value.byteLength);
  }

  /** Adds Pᵀ e to the sum, P as it stands; `unit` is a rounding of one, with a random sign per entry. */
  collect(errors: Rounded, unit: Float64Array): void {
    const { value, rounding } = this.sum;
    const carried = transposeApply(this.whole, errors.rounding);
    transposeApply(this.whole, errors.value).forEach((v, i) => {
      value[i] += v;
      rounding[i] += carried[i] + unit[i] * (this.length + 1) * Math.abs(v);
    });
  }

  clear(): void {
    this.sum.value.fill(0);
    this.sum.rounding.fill(0);
  }

  save(): Saved {
    const { count, size } = this.whole;
    return {
      count,
      size,
      length: this.length,
      ...Object.fromEntries(Object.entries(this.arrays).map(([name, data]) => [name, tensor(data.slice())])),
    };
  }

  /** @throws CheckpointError */
  static from(saved: SavedPart): JacobianProduct {
    const [count, size] = [saved.at("count").count(), saved.at("size").count()];
    // the largest array is there in full before anything of its size is made
    saved.at("whole").tensor({ shape: [count * size * size], dtype: "float64" });
    const product = new JacobianProduct({ count, size, data: new Float64Array(0) });
    product.length = saved.at("length").count();
    for (const [name, data] of Object.entries(product.arrays))
      data.set(entries(saved.at(name).tensor({ shape: [data.length], dtype: "float64" })));
    return product;
  }

  private get arrays(): Readonly<Record<string, Float64Array>> {
    const { whole, back, grown, shrunk, sum } = this;
    return {
      whole: whole.data,
      back: back.data,
      grown,
      shrunk,
      value: sum.value,
      rounding: sum.rounding,
    };
  }

  /** P becomes J P. */
  extend(jacobian: Blocks, inverse: Blocks): void {
    this.length++;
    this.whole = multiply(jacobian, this.whole);
    this.back = multiply(this.back, inverse);
    const [p, q] = [rowNorms(this.whole), rowNorms(this.back)];
    this.grown = this.grown.map((v, g) => Math.max(v, p[g]));
    this.shrunk = this.shrunk.map((v, g) => Math.max(v, q[g]));
  }
}
