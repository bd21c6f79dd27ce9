import fc from "fast-check";
import { requireRoom } from "../core/dtype.js";
import { ArgumentError } from "../core/errors.js";
import { anything, finite, type Known, oneOf, options as optionsOf } from "../core/kinds.js";
import { checkShape, type Shape, sizeOf } from "../core/shape.js";
import { tensor } from "../ops/create.js";
import { gather, select } from "../ops/take.js";
import { reshape } from "../ops/views.js";
import { entries } from "../tensor/read.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";

export interface TensorOptions {
  /** Default: zero to three axes of 1 to 4 entries. */
  readonly shape?: Shape;
  readonly dtype?: "float64" | "float32";
  readonly min?: number;
  readonly max?: number;
}

/**
 * Finite numbers in [min, max], by default [−4, 4], rare values such as −0 and denormals included. Shrinks to fewer axes
 * and indices, keeping the entries of those that stay, and then to entries nearer zero.
 */
export function arbitraryTensor(options: TensorOptions = {}): fc.Arbitrary<Tensor> {
  const known: Known<TensorOptions> = {
    shape: anything,
    dtype: oneOf("float64", "float32"),
    min: finite,
    max: finite,
  };
  const { dtype = "float64", ...bounds } = optionsOf("arbitraryTensor", options, known);
  // zeros of both signs are one bound
  const [min, max] = [(bounds.min ?? -4) + 0, (bounds.max ?? 4) + 0];
  if (!(min <= max)) throw new ArgumentError(`arbitraryTensor: expected min <= max, got ${min} and ${max}`);
  const least = dtype === "float32" ? [min, max].map(Math.fround) : [min, max];
  if (!least.every(Number.isFinite))
    throw new ArgumentError(`arbitraryTensor: expected bounds within ${dtype}, got ${min} and ${max}`);
  if (options.shape !== undefined)
    requireRoom("arbitraryTensor", "float64", sizeOf(checkShape("arbitraryTensor", options.shape)));
  const number =
    dtype === "float64"
      ? fc.double({ min, max, noNaN: true })
      : fc.float({ min: Math.fround(min), max: Math.fround(max), noNaN: true });
  const shapes = options.shape
    ? fc.constant(options.shape)
    : fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 });
  const drawn = shapes.chain((shape) => {
    const n = sizeOf(shape);
    return fc
      .array(number, { minLength: n, maxLength: n })
      .map((values) => tensor(Float64Array.from(values), { shape, dtype }));
  });
  return new ShrinkingTensor(drawn, options.shape !== undefined, min, max);
}

/** Draws as another, and shrinks by what a tensor is made of: a chain of arbitraries would draw the entries anew. */
class ShrinkingTensor extends fc.Arbitrary<Tensor> {
  constructor(
    private readonly drawn: fc.Arbitrary<Tensor>,
    private readonly keepShape: boolean,
    private readonly min: number,
    private readonly max: number,
  ) {
    super();
  }

  override generate(random: fc.Random, bias: number | undefined): fc.Value<Tensor> {
    return new fc.Value(this.drawn.generate(random, bias).value_, undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is Tensor {
    return isTensor(value);
  }

  override shrink(value: Tensor): fc.Stream<fc.Value<Tensor>> {
    return fc.stream(this.smaller(value)).map((t) => new fc.Value(t, undefined));
  }

  /** The boldest first: an axis less, all axes as one, an index less, an entry nearer to zero. */
  private *smaller(t: Tensor): IterableIterator<Tensor> {
    if (!this.keepShape) {
      for (let axis = 0; axis < t.rank; axis++)
        for (let i = 0; i < t.shape[axis]; i++) yield select(t, axis, i);
      if (t.rank > 1) yield reshape(t, [t.size]);
      for (let axis = 0; axis < t.rank; axis++)
        for (let i = 0; t.shape[axis] > 1 && i < t.shape[axis]; i++)
          yield gather(t, without(i, t.shape[axis]), axis);
    }
    const values = Float64Array.from(entries(t));
    const zero = Math.min(this.max, Math.max(this.min, 0));
    for (const [i, v] of values.entries())
      for (const nearer of [zero, Math.trunc(v), Math.trunc(v / 2), Math.trunc(v) - Math.sign(v)])
        if (nearer >= this.min && nearer <= this.max && isNearer(nearer, v, zero))
          yield tensor(values.with(i, nearer), { shape: t.shape, dtype: t.dtype });
  }
}

const without = (i: number, size: number): number[] =>
  Array.from({ length: size - 1 }, (_, j) => (j < i ? j : j + 1));

/** −0 shrinks to 0, everything else towards zero. */
function isNearer(a: number, b: number, zero: number): boolean {
  return Object.is(a, zero) ? !Object.is(b, zero) : Math.abs(a) < Math.abs(b);
}
