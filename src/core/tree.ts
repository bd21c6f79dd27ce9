import { OnwardError } from "./errors.js";
import {
  childOf,
  deepest,
  endless,
  entryOf,
  isList,
  namesOf,
  nodeKind,
  put,
  refusal,
  requireNames,
  type TreeWords,
} from "./tree-node.js";
import { indexedPath, namedPath } from "./tree-path.js";

/** A leaf, or any nesting of plain objects and arrays of leaves. */
export type Tree<T> = T | readonly Tree<T>[] | { readonly [name: string]: Tree<T> };

/** Tells leaves from branches. */
export type IsLeaf<T> = (node: unknown) => node is T;

/** A leaf and where it stands, such as `areas.0.W`. */
export interface Leaf<T> {
  readonly path: string;
  readonly value: T;
}

/**
 * The leaves in order: array order, and insertion order of object keys. The order tells nothing about another tree: use
 * `pairLeaves` for two of them. `null` and `undefined` branches are empty.
 * @param from where the tree stands in a larger one
 * @throws ShapeError for what is no tree: other values, instances of classes, cycles
 */
export function leavesOf<T>(
  tree: unknown,
  isLeaf: IsLeaf<T>,
  words: TreeWords = "tree",
  from = "",
): Leaf<T>[] {
  if (isLeaf(tree)) return [{ path: from, value: tree }];
  const found: Leaf<T>[] = [];
  const visit = (node: unknown, path: string, depth: number): void => {
    if (isLeaf(node)) {
      found.push({ path, value: node });
      return;
    }
    if (node === null || node === undefined) return;
    if (depth > deepest) throw endless(tree, words, isLeaf);
    if (isList(node)) {
      for (let i = 0; i < node.length; i++)
        visit(entryOf(node, i, path, words), indexedPath(path, i), depth + 1);
      return;
    }
    const names = namesOf(node);
    if (names === null) throw refusal(words, nodeKind(node), path);
    requireNames(node as object, words, path);
    for (const name of names)
      visit(childOf(node as object, name, path, words), namedPath(path, name), depth + 1);
  };
  visit(tree, from, 0);
  return found;
}

/** The same tree with every leaf replaced. @throws ShapeError for what is no tree */
export function mapTree<T, U>(
  tree: unknown,
  isLeaf: IsLeaf<T>,
  f: (leaf: T, path: string) => U,
  words: TreeWords = "tree",
): unknown {
  if (isLeaf(tree)) return f(tree, "");
  const visit = (node: unknown, path: string, depth: number): unknown => {
    if (isLeaf(node)) return f(node, path);
    if (node === null || node === undefined) return node;
    if (depth > deepest) throw endless(tree, words, isLeaf);
    if (isList(node)) {
      const out: unknown[] = [];
      for (let i = 0; i < node.length; i++)
        out.push(visit(entryOf(node, i, path, words), indexedPath(path, i), depth + 1));
      return out;
    }
    const names = namesOf(node);
    if (names === null) throw refusal(words, nodeKind(node), path);
    requireNames(node as object, words, path);
    const out: Record<string, unknown> = {};
    for (const name of names)
      put(out, name, visit(childOf(node as object, name, path, words), namedPath(path, name), depth + 1));
    return out;
  };
  return visit(tree, "", 0);
}

/** The tree's shape with new leaves, in the order of `leavesOf` of this very tree. */
export function fillTree<T, U>(tree: unknown, isLeaf: IsLeaf<T>, values: readonly U[]): unknown {
  let next = 0;
  const filled = mapTree(tree, isLeaf, () => values[next++]);
  if (next !== values.length)
    throw new OnwardError(`fillTree: expected a value for each of ${next} leaves, got ${values.length}`);
  return filled;
}
