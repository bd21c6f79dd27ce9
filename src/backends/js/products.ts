import type { TypedArray } from "../../core/dtype.js";
import { eachRow, type Nest, nestOf } from "./walk.js";

/** Numbers in memory with a stride for each axis of a loop nest; 0 where they do not vary. */
export interface Span {
  readonly data: TypedArray;
  readonly offset: number;
  readonly strides: readonly number[];
}

const one: Span["data"] = Float64Array.of(1);

/** out += a * b over a loop nest, with strong zeros; axes that `out` does not vary along are summed. `null` is one. */
export function addProduct(sizes: readonly number[], out: Span, a: Span | null, b: Span | null): void {
  const still = sizes.map(() => 0);
  const [x, y] = [a, b].map((f) => f ?? { data: one, offset: 0, strides: still });
  const nest = longestInside(nestOf(sizes, [out.strides, x.strides, y.strides]));
  const last = nest.sizes.length - 1;
  const [so, sx, sy] = nest.strides.map((s) => s[last]);
  const n = nest.sizes[last];
  const [into, left, right] = [out.data, x.data, y.data];
  const [o0, i0, k0] = [out.offset, x.offset, y.offset];
  if (so === 0)
    eachRow(nest, (at) => {
      into[o0 + at[0]] += strongDot(left, i0 + at[1], sx, right, k0 + at[2], sy, n);
    });
  else eachRow(nest, (at) => addRow(into, o0 + at[0], so, left, i0 + at[1], sx, right, k0 + at[2], sy, n));
}

/** The nest with its longest axis innermost: these nests are small, and loop overhead costs more than strides. */
function longestInside({ sizes, strides }: Nest): Nest {
  const longest = sizes.indexOf(Math.max(...sizes));
  if (longest === sizes.length - 1) return { sizes, strides };
  const moved = (list: readonly number[]): number[] => [
    ...list.slice(0, longest),
    ...list.slice(longest + 1),
    list[longest],
  ];
  return { sizes: moved(sizes), strides: strides.map(moved) };
}

function strongDot(
  a: TypedArray,
  i: number,
  sa: number,
  b: TypedArray,
  k: number,
  sb: number,
  n: number,
): number {
  let total = 0;
  for (let j = 0; j < n; j++) {
    const x = a[i + j * sa];
    const y = b[k + j * sb];
    if (x !== 0 && y !== 0) total += x * y;
  }
  return total;
}

function addRow(
  out: TypedArray,
  o: number,
  so: number,
  a: TypedArray,
  i: number,
  sa: number,
  b: TypedArray,
  k: number,
  sb: number,
  n: number,
): void {
  for (let j = 0; j < n; j++) {
    const x = a[i + j * sa];
    const y = b[k + j * sb];
    if (x !== 0 && y !== 0) out[o + j * so] += x * y;
  }
}
