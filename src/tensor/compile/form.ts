/** What the arguments of a recorded call look like: later ones that look the same take the places of those. */
import type { DType } from "../../core/dtype.js";
import type { Shape } from "../../core/shape.js";
import { isList, isRecord, put } from "../../core/tree-node.js";
import { fromData } from "../apply.js";
import { entries } from "../read.js";
import { isTensor, type Tensor } from "../tensor.js";
import type { Place } from "./place.js";

export interface Form {
  /**
   * Puts the tensors of a tree in the places of the recorded ones and lists them in their order; false, with some of them
   * in their places already, where the tree looks otherwise. Everything is looked at once.
   */
  take(tree: unknown, found: Tensor[]): boolean;
  /** A tree of this form, of these tensors. */
  build(tensors: Iterator<Tensor>): unknown;
}

/** The form of a tree of tensors and constants; `places` are theirs, in order. */
export function formOf(tree: unknown, places: Iterator<Place>): Form {
  if (isTensor(tree)) return new TensorForm(tree.shape, tree.dtype, places.next().value as Place);
  if (isList(tree)) return new ListForm(Array.from(tree, (branch) => formOf(branch, places)));
  if (!isRecord(tree)) return new ConstantForm(tree);
  const names = Object.keys(tree);
  const forms = names.map((name) => formOf(tree[name], places));
  return new BranchForm(names, forms);
}

class TensorForm implements Form {
  constructor(
    private readonly shape: Shape,
    private readonly dtype: DType,
    private readonly place: Place,
  ) {}

  take(tree: unknown, found: Tensor[]): boolean {
    if (!isTensor(tree) || tree.value.kind !== "dense") return false;
    if (tree.dtype !== this.dtype || !isSame(tree.shape, this.shape)) return false;
    this.place.put(tree);
    found.push(tree);
    return true;
  }

  build(tensors: Iterator<Tensor>): Tensor {
    return tensors.next().value as Tensor;
  }
}

class ConstantForm implements Form {
  constructor(private readonly constant: unknown) {}

  take(tree: unknown): boolean {
    return Object.is(tree, this.constant);
  }

  build(): unknown {
    return this.constant;
  }
}

class ListForm implements Form {
  constructor(private readonly forms: readonly Form[]) {}

  take(tree: unknown, found: Tensor[]): boolean {
    if (!isList(tree) || tree.length !== this.forms.length) return false;
    for (let i = 0; i < tree.length; i++) if (!this.forms[i].take(tree[i], found)) return false;
    return true;
  }

  build(tensors: Iterator<Tensor>): unknown[] {
    return this.forms.map((form) => form.build(tensors));
  }
}

class BranchForm implements Form {
  constructor(
    private readonly names: readonly string[],
    private readonly forms: readonly Form[],
  ) {}

  take(tree: unknown, found: Tensor[]): boolean {
    if (!isRecord(tree)) return false;
    let count = 0;
    // names in their order, which a function may see
    for (const name in tree) {
      if (!Object.hasOwn(tree, name)) continue;
      if (name !== this.names[count] || !this.forms[count].take(tree[name], found)) return false;
      count++;
    }
    return count === this.names.length;
  }

  build(tensors: Iterator<Tensor>): Record<string, unknown> {
    const out: Record<string, unknown> = {};
    for (let i = 0; i < this.names.length; i++) put(out, this.names[i], this.forms[i].build(tensors));
    return out;
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
  if (isList(tree)) return new ListCopier(tree.map(copierOf));
  if (!isRecord(tree)) return { copy: () => tree };
  const names = Object.keys(tree);
  const copiers = names.map((name) => copierOf(tree[name]));
  return new BranchCopier(names, copiers);
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
    for (let i = 0; i < this.names.length; i++) put(out, this.names[i], this.copiers[i].copy(known));
    return out;
  }
}
