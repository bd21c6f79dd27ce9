import type { TypedArray } from "../../core/dtype.js";
import { sizeOf, stridesOf } from "../../core/shape.js";
import type { ContractAttrs } from "../../device/attributes.js";
import type { Operand, Result } from "../../device/backend.js";
import { arrayOf } from "../../device/host-storage.js";
import { gemm } from "./gemm.js";
import { eachRow, nestOf, offsets } from "./walk.js";

/** A matrix [rows x k] with k contiguous, at an offset that depends on the batch. */
interface Matrix {
  readonly data: TypedArray;
  readonly row: number;
  /** Start of the matrix of each batch index. */
  readonly starts: Int32Array;
}

/** Lowers a contraction to matrix products: batch labels in all three, rows in a, columns in b, the rest is summed. */
export function runContract([a, b]: readonly Operand[], attrs: ContractAttrs, out: Result): void {
  const { aLabels, bLabels, outLabels } = attrs;
  const size = (l: string): number =>
    aLabels.includes(l) ? a.shape[aLabels.indexOf(l)] : b.shape[bLabels.indexOf(l)];
  const batch = outLabels.filter((l) => aLabels.includes(l) && bLabels.includes(l));
  const rows = outLabels.filter((l) => !bLabels.includes(l));
  const columns = outLabels.filter((l) => !aLabels.includes(l));
  const summed = aLabels.filter((l) => bLabels.includes(l) && !outLabels.includes(l));
  const sizes = (labels: readonly string[]): number[] => labels.map(size);
  const [m, n, k] = [sizeOf(sizes(rows)), sizeOf(sizes(columns)), sizeOf(sizes(summed))];
  if (m * n * k * sizeOf(sizes(batch)) === 0) return;
  const left = matrixOf(a, aLabels, batch, rows, summed, sizes);
  const right = matrixOf(b, bLabels, batch, columns, summed, sizes);
  const into = arrayOf(out.data);
  const strides = stridesOf(out.shape);
  const along = (labels: readonly string[]): number[] => labels.map((l) => strides[outLabels.indexOf(l)]);
  const starts = offsets(sizes(batch), along(batch));
  const [outRow, outColumn] = [nestOf(sizes(rows), [along(rows)]), nestOf(sizes(columns), [along(columns)])];
  if (outRow.sizes.length === 1 && outColumn.sizes.length === 1) {
    const [r, c] = [outRow.strides[0][0], outColumn.strides[0][0]];
    starts.forEach((o, i) =>
      gemm(
        into,
        o,
        r,
        c,
        left.data,
        left.starts[i],
        left.row,
        right.data,
        right.starts[i],
        right.row,
        m,
        n,
        k,
      ),
    );
    return;
  }
  // rows or columns interleave in the result: multiply first, place afterwards
  const product = new Float64Array(m * n);
  const [rowAt, columnAt] = [offsets(sizes(rows), along(rows)), offsets(sizes(columns), along(columns))];
  starts.forEach((o, i) => {
    gemm(
      product,
      0,
      n,
      1,
      left.data,
      left.starts[i],
      left.row,
      right.data,
      right.starts[i],
      right.row,
      m,
      n,
      k,
    );
    for (let r = 0; r < m; r++)
      for (let c = 0; c < n; c++) into[o + rowAt[r] + columnAt[c]] = product[r * n + c];
  });
}

function matrixOf(
  x: Operand,
  labels: readonly string[],
  batch: readonly string[],
  rows: readonly string[],
  summed: readonly string[],
  sizes: (labels: readonly string[]) => number[],
): Matrix {
  const data = arrayOf(x.data);
  const along = (list: readonly string[]): number[] => list.map((l) => x.strides[labels.indexOf(l)]);
  const [rowNest, sumNest] = [nestOf(sizes(rows), [along(rows)]), nestOf(sizes(summed), [along(summed)])];
  const contiguous = sumNest.sizes.length === 1 && (sumNest.strides[0][0] === 1 || sumNest.sizes[0] === 1);
  if (contiguous && rowNest.sizes.length === 1) {
    const starts = offsets(sizes(batch), along(batch));
    for (let i = 0; i < starts.length; i++) starts[i] += x.offset;
    return { data, row: rowNest.strides[0][0], starts };
  }
  const order = [...batch, ...rows, ...summed];
  const shape = sizes(order);
  const packed = new (data.constructor as new (n: number) => TypedArray)(sizeOf(shape));
  const nest = nestOf(shape, [along(order), stridesOf(shape)]);
  const inner = nest.sizes.length - 1;
  const [n, from, to] = [nest.sizes[inner], nest.strides[0][inner], nest.strides[1][inner]];
  eachRow(nest, (at) => {
    const [i, o] = [at[0] + x.offset, at[1]];
    for (let j = 0; j < n; j++) packed[o + j * to] = data[i + j * from];
  });
  const k = sizeOf(sizes(summed));
  const count = sizeOf(sizes(batch));
  const step = packed.length / Math.max(1, count);
  return { data: packed, row: k, starts: Int32Array.from({ length: count }, (_, i) => i * step) };
}
