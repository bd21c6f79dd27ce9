import { DTypeError, PlanError } from "./errors.js";
import { availableMemory } from "./host.js";
import { type Kind, nameOf } from "./kinds.js";

/** Element types. `bool` is stored as one byte, 0 or 1. */
export type DType = "float64" | "float32" | "int32" | "bool";

/** The array behind a tensor. */
export type TypedArray = Float64Array | Float32Array | Int32Array | Uint8Array;

export const bytesPerElement: Readonly<Record<DType, number>> = { float64: 8, float32: 4, int32: 4, bool: 1 };

/** The dtype that is kept in such an array. */
export function dtypeOf(data: TypedArray): DType {
  if (data instanceof Float64Array) return "float64";
  if (data instanceof Float32Array) return "float32";
  return data instanceof Int32Array ? "int32" : "bool";
}

/** Most entries of a tensor: positions are 32-bit integers. */
export const mostEntries = 2 ** 31 - 1;
/** Bytes from which on the machine is asked what it has before it is asked for memory, which it may promise in vain. */
const manyBytes = 2 ** 30;

/** Requires room for an array, before anything is computed for it. @throws PlanError with the bytes it would take */
export function requireRoom(who: string, dtype: DType, n: number): void {
  const bytes = n * bytesPerElement[dtype];
  if (n > mostEntries)
    throw new PlanError(
      `${who}: expected at most ${mostEntries} entries in one array, got ${n} of ${dtype}, ${bytes} bytes`,
      bytes,
      mostEntries * bytesPerElement[dtype],
    );
  if (bytes < manyBytes) return;
  const free = availableMemory();
  if (bytes > free)
    throw new PlanError(
      `${who}: expected an array that fits into the ${free} bytes of memory that are free, got ${n} entries of ${dtype}, ${bytes} bytes`,
      bytes,
      free,
    );
}

/** A zero-filled array of `n` elements. @throws PlanError where it is too large or memory ends */
export function allocate(dtype: DType, n: number, who = "tensor"): TypedArray {
  requireRoom(who, dtype, n);
  try {
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
  } catch {
    throw outOfMemory(who, n * bytesPerElement[dtype]);
  }
}

/** What the engine says where an array does not fit into memory, in our words. */
export function outOfMemory(who: string, bytes: number): PlanError {
  return new PlanError(
    `${who}: expected memory for an array of ${bytes} bytes, got none from the system`,
    bytes,
    0,
  );
}

/** Requires a dtype. @throws DTypeError */
export function requireDType(who: string, dtype: unknown): DType {
  if (typeof dtype !== "string" || !Object.hasOwn(bytesPerElement, dtype))
    throw new DTypeError(
      `${who}: expected a dtype of ${Object.keys(bytesPerElement).join(", ")}, got ${nameOf(dtype)}`,
    );
  return dtype as DType;
}

/** The option `dtype`. */
export const aDType: Kind = (who, _, value) => {
  requireDType(who, value);
};

const wholeNumbers = { int32: "32-bit integers", bool: "0 or 1" } as const;

/** An array of the dtype with these values. @throws DTypeError where a value would be rounded or cut off */
export function store(who: string, dtype: DType, values: ArrayLike<number>): TypedArray {
  const data = allocate(dtype, values.length, who);
  try {
    data.set(values);
  } catch {
    throw new DTypeError(`${who}: expected an array of numbers, got one whose memory was given away`);
  }
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
        `${who}: dtypes must agree, got ${first} and ${dtype}; convert one of them with .cast("${first}") or .cast("${dtype}")`,
      );
  }
  return first;
}

/** Requires a floating-point dtype. */
export function requireFloat(who: string, dtype: DType): DType {
  if (isFloat(dtype)) return dtype;
  throw new DTypeError(
    `${who}: expected float64 or float32, got ${requireDType(who, dtype)}; convert with .cast("float64")`,
  );
}
