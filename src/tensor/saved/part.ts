/** Parts of a tree that was saved, read one by one: each is what is expected there, or a sentence says at which path it is not. */
import type { DType } from "../../core/dtype.js";
import { CheckpointError } from "../../core/errors.js";
import { isArray, isPlain, kindOf, nameOf, quote } from "../../core/kinds.js";
import { formatShape, type Shape, sameShape } from "../../core/shape.js";
import { indexedPath, namedPath } from "../../core/tree-path.js";
import type { Aval } from "../op.js";
import { isTensor, type Tensor } from "../tensor.js";

const inWords = (value: unknown): string =>
  isTensor(value) ? `a ${value.dtype} tensor ${formatShape(value.shape)}` : kindOf(value);

/** A place in a saved tree, and who reads it. */
export class SavedPart {
  constructor(
    readonly who: string,
    private readonly value: unknown,
    private readonly path = "",
  ) {}

  /** @throws CheckpointError that says what is expected here */
  refuse(expected: string, got = inWords(this.value)): never {
    const place = this.path === "" ? "as the tree" : `at ${this.path}`;
    throw new CheckpointError(`${this.who}: expected ${expected} ${place}, got ${got}`);
  }

  /** A branch of a record. */
  at(name: string): SavedPart {
    const { value } = this;
    if (!isPlain(value) || isTensor(value)) return this.refuse("a record");
    const path = namedPath(this.path, name);
    if (!Object.hasOwn(value, name)) return new SavedPart(this.who, undefined, path).refuse("what was saved");
    return new SavedPart(this.who, value[name], path);
  }

  /** A branch of a record; `null` where there is none. */
  find(name: string): SavedPart | null {
    const { value } = this;
    if (!isPlain(value) || isTensor(value)) return this.refuse("a record");
    return Object.hasOwn(value, name) ? this.at(name) : null;
  }

  /** Branches of a record that has these names and no others, in the order of these. */
  branches(names: readonly string[]): readonly SavedPart[] {
    const { value } = this;
    if (!isPlain(value) || isTensor(value)) return this.refuse("a record");
    const strange = Object.keys(value).find((name) => !names.includes(name));
    if (strange !== undefined) return this.refuse(`${names.join(", ") || "nothing"}`, nameOf(strange));
    return names.map((name) => this.at(name));
  }

  /** Entries of a list, as many as expected where that is known. */
  list(length?: number): readonly SavedPart[] {
    const { value } = this;
    if (!isArray(value)) return this.refuse("a list");
    if (length !== undefined && value.length !== length)
      return this.refuse(`a list of ${length}`, `${value.length}`);
    return value.map((entry, i) => new SavedPart(this.who, entry, indexedPath(this.path, i)));
  }

  /** What `read` makes of it; `null` where nothing was saved. */
  maybe<R>(read: (part: SavedPart) => R): R | null {
    return this.value === null ? null : read(this);
  }

  /** A tensor with numbers, of this shape and dtype. */
  tensor(like?: Aval): Tensor {
    const { value } = this;
    const expected = like ? `a ${like.dtype} tensor ${formatShape(like.shape)}` : "a tensor";
    if (!isTensor(value) || value.value.kind !== "dense") return this.refuse(expected);
    if (like && (value.dtype !== like.dtype || !sameShape(value.shape, like.shape)))
      return this.refuse(expected);
    return value;
  }

  /** Shape and dtype without data. */
  form(): Aval {
    const shape: Shape = this.at("shape")
      .list()
      .map((n) => n.count());
    return { shape, dtype: this.at("dtype").oneOf<DType>("float64", "float32", "int32", "bool") };
  }

  oneOf<T extends string>(...words: readonly T[]): T {
    const found = words.find((word) => word === this.value);
    return (
      found ?? this.refuse(words.join(" or "), typeof this.value === "string" ? quote(this.value) : undefined)
    );
  }

  text(): string {
    return typeof this.value === "string" ? this.value : this.refuse("a text");
  }

  flag(): boolean {
    return typeof this.value === "boolean" ? this.value : this.refuse("true or false");
  }

  number(): number {
    return typeof this.value === "number" ? this.value : this.refuse("a number");
  }

  /** A whole number of at least 0. */
  count(): number {
    const { value } = this;
    return Number.isSafeInteger(value) && (value as number) >= 0
      ? (value as number)
      : this.refuse("a whole number of at least 0");
  }

  /** What it is, unread. */
  anything(): unknown {
    return this.value;
  }
}

/** Shape and dtype as they are saved. */
export const savedForm = ({ shape, dtype }: Aval) => ({ shape: [...shape], dtype });
