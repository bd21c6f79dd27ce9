import { DTypeError } from "./errors.js";

/** Element types. `bool` is stored as one byte, 0 or 1. */
export type DType = "float64" | "float32" | "int32" | "bool";

/** The array behind a tensor. */
export type TypedArray = Float64Array | Float32Array | Int32Array | Uint8Array;

export const bytesPerElement: Readonly<Record<DType, number>> = { float64: 8, float32: 4, int32: 4, bool: 1 };

/** A zero-filled array of `n` elements. */
export function allocate(dtype: DType, n: number): TypedArray {
  switch (dtype) {
    case "float64":
      return new Float64Array(n);
    case "float32":
      return new Float32Array(n);
    case "int32":
      return new Int32Array(n);
    case "bool":
      return new Uint8Array(n);
  }
}

const wholeNumbers = { int32: "32-bit integers", bool: "0 or 1" } as const;

/** An array of the dtype with these values. @throws DTypeError where a value would be rounded or cut off */
export function store(who: string, dtype: DType, values: ArrayLike<number>): TypedArray {
  const data = allocate(dtype, values.length);
  data.set(values);
  if (dtype !== "int32" && dtype !== "bool") return data;
  for (let i = 0; i < values.length; i++) {
    if (data[i] !== values[i] || (dtype === "bool" && data[i] > 1))
      throw new DTypeError(`${who}: expected ${wholeNumbers[dtype]} for ${dtype}, got ${values[i]}`);
  }
  return data;
}

export function isFloat(dtype: DType): boolean {
  return dtype === "float64" || dtype === "float32";
}

/** The one dtype that all operands share; nothing is cast silently. */
export function sameDType(who: string, dtypes: readonly DType[]): DType {
  const first = dtypes[0] ?? "float64";
  for (const dtype of dtypes) {
    if (dtype !== first)
      throw new DTypeError(
        `${who}: dtypes must agree, got ${first} and ${dtype}; convert with .cast("${first}")`,
      );
  }
  return first;
}

/** Requires a floating-point dtype. */
export function requireFloat(who: string, dtype: DType): DType {
  if (!isFloat(dtype))
    throw new DTypeError(`${who}: expected float64 or float32, got ${dtype}; convert with .cast("float64")`);
  return dtype;
}
