import type { TypedArray } from "../../core/dtype.js";
import { type Shape, sizeOf } from "../../core/shape.js";
import type { Operand, Result } from "../../device/backend.js";
import { arrayOf } from "../../device/host-storage.js";
import type { Storage } from "../../device/storage.js";
import { encodings } from "./encodings.js";
import { type Instructions, maximumRank, type Stepped } from "./instruction.js";

/**
 * Writes kernel calls as numbers, which the addon decodes (native/code/instruction.h): a loop nest that all operands step
 * through, the result first. What is written is
 *
 *     op, rank, number of attributes, sizes[rank],
 *     for each operand: index of its array, offset, strides[rank],
 *     attributes
 *
 * and floating-point attributes apart. The arrays themselves are listed in `arrays`.
 */
export class Encoder implements Instructions {
  /** Number of instructions. */
  count = 0;
  /** Integers and numbers written; instructions begin after their count. */
  length = 1;
  numberLength = 0;
  arrays: TypedArray[] = [];

  /**
   * @param kernels number of each kernel by name
   * @param ints where to write; what does not fit there is not encoded, unless it may grow
   */
  constructor(
    private readonly kernels: ReadonlyMap<string, number>,
    public ints: Int32Array,
    public numbers: Float64Array,
    private readonly grows = false,
  ) {}

  /** Starts over. */
  reset(): void {
    this.count = 0;
    this.length = 1;
    this.numberLength = 0;
    this.arrays.length = 0;
  }

  /** Appends the call of an op; false, with nothing appended, where no kernel takes it. */
  add(name: string, inputs: readonly Operand[], attrs: unknown, out: Result): boolean {
    if (!fits(out) || !inputs.every(fits)) return false;
    const { count, length, numberLength } = this;
    const arrays = this.arrays.length;
    const encode = encodings.get(name);
    if (encode?.(this, name, inputs, attrs as never, out)) {
      this.ints[0] = this.count;
      return true;
    }
    Object.assign(this, { count, length, numberLength });
    this.arrays.length = arrays;
    return false;
  }

  instruction(
    kernel: string,
    shape: Shape,
    operands: readonly Stepped[],
    attrs: readonly number[] = [],
    numbers: readonly number[] = [],
  ): boolean {
    const op = this.kernels.get(kernel);
    const rank = shape.length;
    const needed = 3 + rank + operands.length * (2 + rank) + attrs.length;
    if (op === undefined || rank > maximumRank || !this.reserve(needed, numbers.length)) return false;
    const { ints } = this;
    let at = this.length;
    ints[at++] = op;
    ints[at++] = rank;
    ints[at++] = attrs.length;
    for (let i = 0; i < rank; i++) ints[at++] = shape[i];
    for (const { data, offset, strides } of operands) {
      ints[at++] = this.indexOf(data);
      ints[at++] = offset;
      for (let i = 0; i < rank; i++) ints[at++] = shape[i] === 1 ? 0 : strides[i];
    }
    for (const value of attrs) ints[at++] = value;
    for (const value of numbers) this.numbers[this.numberLength++] = value;
    this.length = at;
    this.count++;
    return true;
  }

  /** Appends the number of a kernel and integers that it reads by itself. */
  raw(kernel: string, values: readonly number[]): boolean {
    const op = this.kernels.get(kernel);
    if (op === undefined || !this.reserve(1 + values.length, 0)) return false;
    this.ints[this.length++] = op;
    for (const value of values) this.ints[this.length++] = value;
    this.ints[0] = ++this.count;
    return true;
  }

  private reserve(ints: number, numbers: number): boolean {
    if (this.length + ints <= this.ints.length && this.numberLength + numbers <= this.numbers.length)
      return true;
    if (!this.grows) return false;
    this.ints = grown(this.ints, new Int32Array(2 * (this.ints.length + ints)));
    this.numbers = grown(this.numbers, new Float64Array(2 * (this.numbers.length + numbers)));
    return true;
  }

  /** The place of a storage's array in the list. */
  indexOf(data: Storage): number {
    const array = arrayOf(data);
    const found = this.arrays.indexOf(array);
    return found >= 0 ? found : this.arrays.push(array) - 1;
  }
}

function grown<A extends Int32Array | Float64Array>(from: A, to: A): A {
  to.set(from);
  return to;
}

/** Instructions hold 32-bit integers. Empty operands are left to the reference. */
function fits({ data, shape }: Operand | Result): boolean {
  return data.length > 0 && data.length < 2 ** 31 && sizeOf(shape) > 0;
}
