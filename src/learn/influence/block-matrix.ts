/** A block-diagonal matrix: `count` square blocks of `size`, row-major, one after the other. */
export interface Blocks {
  readonly count: number;
  readonly size: number;
  readonly data: Float64Array;
}

export function identity(count: number, size: number): Blocks {
  const data = new Float64Array(count * size * size);
  for (let g = 0; g < count; g++) for (let i = 0; i < size; i++) data[(g * size + i) * size + i] = 1;
  return { count, size, data };
}

/** A B, block by block. */
export function multiply(a: Blocks, b: Blocks): Blocks {
  const { count, size } = a;
  const data = new Float64Array(a.data.length);
  for (let row = 0; row < count * size; row++) {
    const block = Math.floor(row / size) * size;
    for (let k = 0; k < size; k++) {
      const factor = a.data[row * size + k];
      for (let j = 0; j < size; j++) data[row * size + j] += factor * b.data[(block + k) * size + j];
    }
  }
  return { count, size, data };
}

/** Aᵀ x for a vector of `count` times `size` numbers. */
export function transposeApply({ count, size, data }: Blocks, x: Float64Array): Float64Array {
  const out = new Float64Array(x.length);
  for (let row = 0; row < count * size; row++) {
    const block = Math.floor(row / size) * size;
    for (let j = 0; j < size; j++) out[block + j] += data[row * size + j] * x[row];
  }
  return out;
}

/** The largest sum of absolute values along a row, per block. */
export function rowNorms({ count, size, data }: Blocks): Float64Array {
  const norms = new Float64Array(count);
  for (let row = 0; row < count * size; row++) {
    let sum = 0;
    for (let j = 0; j < size; j++) sum += Math.abs(data[row * size + j]);
    const g = Math.floor(row / size);
    norms[g] = Math.max(norms[g], sum);
  }
  return norms;
}

/** A⁻¹ by Gauss-Jordan elimination with row pivots; `null` where a block is singular. */
export function inverse({ count, size, data }: Blocks): Blocks | null {
  const [a, out] = [data.slice(), identity(count, size)];
  for (let g = 0; g < count; g++) {
    const at = (i: number): number => (g * size + i) * size;
    for (let k = 0; k < size; k++) {
      let pivot = k;
      for (let i = k + 1; i < size; i++) if (Math.abs(a[at(i) + k]) > Math.abs(a[at(pivot) + k])) pivot = i;
      const top = a[at(pivot) + k];
      if (!(Math.abs(top) > 0) || !Number.isFinite(top)) return null;
      for (const rows of [a, out.data]) {
        swapRows(rows, at(k), at(pivot), size);
        for (let j = 0; j < size; j++) rows[at(k) + j] /= top;
      }
      for (let i = 0; i < size; i++) {
        const factor = a[at(i) + k];
        if (i === k || factor === 0) continue;
        for (const rows of [a, out.data])
          for (let j = 0; j < size; j++) rows[at(i) + j] -= factor * rows[at(k) + j];
      }
    }
  }
  return out;
}

function swapRows(rows: Float64Array, a: number, b: number, size: number): void {
  if (a === b) return;
  const kept = rows.slice(a, a + size);
  rows.copyWithin(a, b, b + size);
  rows.set(kept, b);
}
