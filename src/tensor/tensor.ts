import type { DType } from "../core/dtype.js";
import { ArgumentError, DTypeError } from "../core/errors.js";
import { isArray, isPlain, kindOf, ownBrand, tensorBrand } from "../core/kinds.js";
import type { Shape } from "../core/shape.js";
import type { Operand } from "../device/backend.js";
import type { Level } from "./level.js";

/** Numbers in memory: a strided view of one storage, as kernels take it. */
export interface Dense extends Operand {
  readonly kind: "dense";
}

/** A shape without data, for planning. */
export interface Abstract {
  readonly kind: "abstract";
}

/** A value that a transformation follows: its primal, and what the transformation notes about it. */
export interface Followed {
  readonly kind: "followed";
  readonly reading: Level;
  readonly primal: Tensor;
  readonly note: unknown;
}

export type Value = Dense | Abstract | Followed;

export const abstractValue: Abstract = { kind: "abstract" };

/**
 * An immutable n-dimensional array. Operations are functions and chainable methods;
 * both are defined in `ops`, so that this class knows no operation.
 */
export class Tensor {
  /** Only the constructor gives it: nothing else passes for a tensor, whatever its prototype. */
  readonly #made = true;

  constructor(
    readonly shape: Shape,
    readonly dtype: DType,
    /** @internal */
    readonly value: Value,
  ) {}

  /** Whether a value was made by this class; never throws, also for a proxy. */
  static made(x: object): x is Tensor {
    return #made in x;
  }

  /** Number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /** Number of elements. */
  get size(): number {
    let n = 1;
    for (const d of this.shape) n *= d;
    return n;
  }
}

Object.defineProperty(Tensor.prototype, tensorBrand, { value: ownBrand });

/** Whether a value is a tensor of this copy of the package. */
export function isTensor(node: unknown): node is Tensor {
  if (typeof node !== "object" || node === null) return false;
  return Tensor.made(node);
}

/** Requires a tensor. @throws DTypeError */
export function requireTensor(who: string, x: unknown): Tensor {
  if (isTensor(x)) return x;
  throw noTensor(who, x, "a tensor");
}

/** A sentence on what is no tensor, with a hint where it could become one. */
export function noTensor(who: string, x: unknown, wanted: string): DTypeError {
  return new DTypeError(`${who}: expected ${wanted}, got ${came(x)}`);
}

function came(x: unknown): string {
  if (isArray(x) || isTypedArray(x)) return `${kindOf(x)}; make it a tensor with tensor([...])`;
  if (isForeign(x))
    return "a tensor of another copy of the package; load one copy, or pass tensor(x.toArray(), { dtype: x.dtype })";
  if (isClone(x)) return "a structured clone of a tensor, which is none; send its numbers and shape instead";
  return kindOf(x);
}

const isTypedArray = (x: unknown): boolean => ArrayBuffer.isView(x) && !(x instanceof DataView);

function isForeign(x: unknown): boolean {
  try {
    return typeof x === "object" && x !== null && tensorBrand in x;
  } catch {
    return false;
  }
}

function isClone(x: unknown): boolean {
  try {
    return isPlain(x) && isArray(x.shape) && typeof x.dtype === "string" && isPlain(x.value);
  } catch {
    return false;
  }
}

/** The class for `instanceof`: tensors are made by functions, so that each is well-formed. */
export interface TensorClass {
  readonly prototype: Tensor;
  [Symbol.hasInstance](x: unknown): x is Tensor;
}

function NoConstructor(): never {
  throw new ArgumentError(
    "Tensor: expected a function that makes one, such as tensor([1, 2]), got its constructor",
  );
}
NoConstructor.prototype = Tensor.prototype;
Object.defineProperty(NoConstructor, "name", { value: "Tensor" });
Object.defineProperty(NoConstructor, Symbol.hasInstance, { value: isTensor });
Object.defineProperty(Tensor.prototype, "constructor", { value: NoConstructor });

/** What the package exports under the name `Tensor`. */
export const PublicTensor = NoConstructor as unknown as TensorClass;
