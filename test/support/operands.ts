import fc from "fast-check";
import { allocate, type DType } from "../../src/core/dtype.js";
import { type Shape, sizeOf, stridesOf } from "../../src/core/shape.js";
import type { Operand } from "../../src/device/backend.js";
import { stored } from "./storage.js";

/** How an operand lies in memory. */
export interface Layout {
  /** Which order its axes have there. */
  readonly order: number;
  /** Bit i: axis i runs backwards. */
  readonly flips: number;
  /** Only every so manieth entry belongs to it. */
  readonly step: number;
  /** Entries in front of it, so that it starts anywhere. */
  readonly lead: number;
  readonly seed: number;
}

export const layouts: fc.Arbitrary<Layout> = fc.record({
  order: fc.nat(23),
  flips: fc.oneof(fc.constant(0), fc.nat(15)),
  step: fc.constantFrom(1, 1, 2, 3),
  lead: fc.nat(5),
  seed: fc.nat(10_000),
});

/** Integers whose sums and products wrap around. */
const extremes = [-(2 ** 31), 2 ** 31 - 1, 46341, -65536, 123456789, 987654321];
const special = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1, -1, 5e-324, 1e300];

/** Ordinary numbers of all sizes, and now and then a special one. */
function entry(i: number, seed: number, plain: boolean): number {
  const code = (i * 7919 + seed * 104729) >>> 0;
  if (!plain && code % 19 === 0) return special[(i + seed) % special.length];
  const x = Math.sin(i * 12.9898 + seed * 78.233) * 43758.5453;
  const part = 2 * (x - Math.floor(x)) - 1;
  return plain || code % 3 ? 3 * part : part * 2 ** ((code % 61) - 30);
}

/** An operand of this shape and layout. @param plain without infinities, NaN and numbers of very different sizes */
export function operand(shape: Shape, dtype: DType, layout: Layout, plain = false): Operand {
  const { step, lead, seed } = layout;
  const axes = shape.map((_, i) => i);
  for (let i = axes.length - 1, code = layout.order; i > 0; i--) {
    const j = code % (i + 1);
    code = Math.floor(code / (i + 1));
    [axes[i], axes[j]] = [axes[j], axes[i]];
  }
  const inMemory = stridesOf(axes.map((a) => shape[a])).map((s) => s * step);
  const strides = new Array<number>(shape.length);
  axes.forEach((a, i) => {
    strides[a] = inMemory[i];
  });
  let offset = lead;
  shape.forEach((n, i) => {
    if (((layout.flips >> i) & 1) === 0 || n === 0) return;
    offset += (n - 1) * strides[i];
    strides[i] = -strides[i];
  });
  const data = allocate(dtype, lead + sizeOf(shape) * step + 3);
  for (let i = 0; i < data.length; i++) {
    const x = entry(i, seed, plain);
    if (dtype === "int32")
      data[i] = (i + seed) % 4 ? Math.trunc(x * 100) || 0 : extremes[i % extremes.length];
    else data[i] = dtype === "bool" ? Number(x > 0) : x;
  }
  return { data: stored(data), shape, strides, offset, dtype };
}

/** The same numbers as float64, as the reference takes them. */
export function widened(x: Operand): Operand {
  return x.dtype === "float32"
    ? { ...x, data: stored(Float64Array.from(x.data.host())), dtype: "float64" }
    : x;
}
