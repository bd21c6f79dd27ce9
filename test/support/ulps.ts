const wide = new Float64Array(1);
const wideBits = new BigInt64Array(wide.buffer);
const narrow = new Float32Array(1);
const narrowBits = new Int32Array(narrow.buffer);

/** Numbers in order, as integers in order: neighbors differ by one, and both zeros are 0. */
function place(x: number, dtype: "float64" | "float32"): bigint {
  if (dtype === "float32") {
    narrow[0] = x;
    const bits = narrowBits[0];
    return BigInt(bits < 0 ? -(bits & 0x7fffffff) : bits);
  }
  wide[0] = x;
  const bits = wideBits[0];
  return bits < 0n ? -(bits & 0x7fffffffffffffffn) : bits;
}

/** How many numbers of the dtype lie between two, one of them counted; infinite for NaN against a number. */
export function ulpsBetween(a: number, b: number, dtype: "float64" | "float32"): number {
  if (Number.isNaN(a) || Number.isNaN(b))
    return Number.isNaN(a) && Number.isNaN(b) ? 0 : Number.POSITIVE_INFINITY;
  const d = place(a, dtype) - place(b, dtype);
  return Number(d < 0n ? -d : d);
}
