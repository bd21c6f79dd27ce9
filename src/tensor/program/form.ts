/** What the arguments of a recorded call look like: later ones that look the same may be copied to where they were. */
import type { TypedArray } from "../../core/dtype.js";
import { fromData } from "../apply.js";
import { denseOf, entries } from "../read.js";
import { isTensor, type Tensor } from "../tensor.js";

export interface Form {
  /** Whether a value has tensors that lie like this one's, and nothing else. */
  fits(value: unknown): boolean;
  /** Copies the tensors of a value that fits to where the recorded call reads them, and lists them in their order. */
  copy(value: unknown, given: Tensor[]): void;
}

/** The form of a tree of tensors. `slots` are tensors that the recorded call read in their place, in their order. */
export function formOf(tree: unknown, slots: Iterator<Tensor>): Form {
  if (isTensor(tree)) return new TensorForm(tree, denseOf(slots.next().value as Tensor).data);
  if (typeof tree !== "object" || tree === null) return new ConstantForm(tree);
  const names = Object.keys(tree);
  const forms = names.map((name) => formOf((tree as Record<string, unknown>)[name], slots));
  return new BranchForm(names, forms, Array.isArray(tree));
}

class TensorForm implements Form {
  private readonly shape: readonly number[];
  private readonly strides: readonly number[];
  private readonly offset: number;
  private readonly dtype: string;

  constructor(
    tensor: Tensor,
    private readonly slot: TypedArray,
  ) {
    const { strides, offset } = denseOf(tensor);
    this.shape = tensor.shape;
    this.dtype = tensor.dtype;
    this.strides = strides;
    this.offset = offset;
  }

  fits(value: unknown): boolean {
    if (!isTensor(value) || value.dtype !== this.dtype) return false;
    const { strides, offset } = denseOf(value);
    return offset === this.offset && isSame(value.shape, this.shape) && isSame(strides, this.strides);
  }

  copy(value: unknown, given: Tensor[]): void {
    this.slot.set(entries(value as Tensor));
    given.push(value as Tensor);
  }
}

class ConstantForm implements Form {
  constructor(private readonly constant: unknown) {}

  fits(value: unknown): boolean {
    return value === this.constant;
  }

  copy(): void {}
}

class BranchForm implements Form {
  constructor(
    private readonly names: readonly string[],
    private readonly forms: readonly Form[],
    private readonly isList: boolean,
  ) {}

  fits(value: unknown): boolean {
    if (typeof value !== "object" || value === null || isTensor(value)) return false;
    if (Array.isArray(value) !== this.isList) return false;
    let count = 0;
    for (const name in value) if (Object.hasOwn(value, name)) count++;
    if (count !== this.names.length) return false;
    const branches = value as Readonly<Record<string, unknown>>;
    for (let i = 0; i < this.names.length; i++) {
      const branch = branches[this.names[i]];
      // an absent name is not one that holds undefined
      if (branch === undefined && !Object.hasOwn(branches, this.names[i])) return false;
      if (!this.forms[i].fits(branch)) return false;
    }
    return true;
  }

  copy(value: unknown, given: Tensor[]): void {
    const branches = value as Readonly<Record<string, unknown>>;
    for (let i = 0; i < this.names.length; i++) this.forms[i].copy(branches[this.names[i]], given);
  }
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** A tree of tensors of one's own, as often as asked for. */
export interface Copier {
  /** With one copy of each tensor, and for those in `known` what they stand for. */
  copy(known: Map<Tensor, Tensor>): unknown;
}

export function copierOf(tree: unknown): Copier {
  if (isTensor(tree)) return new TensorCopier(tree);
  if (typeof tree !== "object" || tree === null) return { copy: () => tree };
  const names = Object.keys(tree);
  const copiers = names.map((name) => copierOf((tree as Record<string, unknown>)[name]));
  return Array.isArray(tree) ? new ListCopier(copiers) : new BranchCopier(names, copiers);
}

class TensorCopier implements Copier {
  constructor(private readonly tensor: Tensor) {}

  copy(known: Map<Tensor, Tensor>): Tensor {
    const { tensor } = this;
    let found = known.get(tensor);
    if (found === undefined) {
      found = fromData(entries(tensor).slice(), tensor.shape, tensor.dtype);
      known.set(tensor, found);
    }
    return found;
  }
}

class ListCopier implements Copier {
  constructor(private readonly copiers: readonly Copier[]) {}

  copy(known: Map<Tensor, Tensor>): unknown[] {
    return this.copiers.map((c) => c.copy(known));
  }
}

class BranchCopier implements Copier {
  constructor(
    private readonly names: readonly string[],
    private readonly copiers: readonly Copier[],
  ) {}

  copy(known: Map<Tensor, Tensor>): Record<string, unknown> {
    const out: Record<string, unknown> = {};
    for (let i = 0; i < this.names.length; i++) out[this.names[i]] = this.copiers[i].copy(known);
    return out;
  }
}
