import { ShapeError } from "./errors.js";

/** A leaf, or any nesting of plain objects and arrays of leaves. */
export type Tree<T> = T | readonly Tree<T>[] | { readonly [name: string]: Tree<T> };

/** Tells leaves from branches. */
export type IsLeaf<T> = (node: unknown) => node is T;

/** A leaf and where it stands, such as `areas.0.W`. */
export interface Leaf<T> {
  readonly path: string;
  readonly value: T;
}

/** The leaves in order: array order, and insertion order of object keys. `null` and `undefined` branches are empty. */
export function leavesOf<T>(tree: unknown, isLeaf: IsLeaf<T>, who = "tree"): Leaf<T>[] {
  const found: Leaf<T>[] = [];
  const visit = (node: unknown, path: string): void => {
    if (isLeaf(node)) found.push({ path, value: node });
    else if (node === null || node === undefined) return;
    else if (Array.isArray(node)) node.forEach((child, i) => visit(child, path ? `${path}.${i}` : `${i}`));
    else if (isPlain(node)) {
      for (const name of Object.keys(node)) visit(node[name], path ? `${path}.${name}` : name);
    } else
      throw new ShapeError(`${who}: expected tensors in objects and arrays, got ${typeof node} at "${path}"`);
  };
  visit(tree, "");
  return found;
}

/** The same tree with every leaf replaced. */
export function mapTree<T, U>(tree: unknown, isLeaf: IsLeaf<T>, f: (leaf: T, path: string) => U): unknown {
  const visit = (node: unknown, path: string): unknown => {
    if (isLeaf(node)) return f(node, path);
    if (node === null || node === undefined) return node;
    if (Array.isArray(node)) return node.map((child, i) => visit(child, path ? `${path}.${i}` : `${i}`));
    if (isPlain(node)) {
      const out: Record<string, unknown> = {};
      for (const name of Object.keys(node)) out[name] = visit(node[name], path ? `${path}.${name}` : name);
      return out;
    }
    throw new ShapeError(`tree: expected tensors in objects and arrays, got ${typeof node} at "${path}"`);
  };
  return visit(tree, "");
}

/** The tree's shape with new leaves, in the order of `leavesOf`. */
export function fillTree<T, U>(tree: unknown, isLeaf: IsLeaf<T>, values: readonly U[]): unknown {
  let next = 0;
  return mapTree(tree, isLeaf, () => values[next++]);
}

function isPlain(node: unknown): node is Record<string, unknown> {
  return typeof node === "object" && node !== null && !Array.isArray(node);
}
