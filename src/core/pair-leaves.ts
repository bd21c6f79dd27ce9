/** Two trees are paired by the paths of their leaves, whatever the order of their keys. */
import { ShapeError } from "./errors.js";
import { fillTree, type IsLeaf, leavesOf } from "./tree.js";
import { childOf, deepest, endless, entryOf, isList, kindOf, namesOf, refusal } from "./tree-node.js";
import { at, indexedPath, namedPath } from "./tree-path.js";

/** A leaf of one tree, where it stands, and the leaf of the other that stands there. */
export interface Pair<T> {
  readonly path: string;
  readonly value: T;
  readonly other: T;
}

/** Who pairs, and what the two trees are called, such as `jvp`, `primal 0` and `tangent 0`. */
export interface PairWords {
  readonly who: string;
  readonly reference: string;
  readonly other: string;
}

interface Paired<T> {
  readonly pairs: readonly Pair<T>[];
  /** The other tree with its names in the order of the reference; itself where they are. */
  readonly ordered: unknown;
}

/**
 * The leaves of two trees that stand at the same paths, in the order of the first. Branches without leaves count for nothing.
 * @throws ShapeError naming the path where a leaf is missing or too many, or where an array stands for an object
 */
export function pairLeaves<T>(
  words: PairWords,
  reference: unknown,
  other: unknown,
  isLeaf: IsLeaf<T>,
): readonly Pair<T>[] {
  return pair(words, reference, other, isLeaf).pairs;
}

/** The same with the other tree in the order of the reference, for those who count leaves. @throws as `pairLeaves` */
export function pairTrees<T>(
  words: PairWords,
  reference: unknown,
  other: unknown,
  isLeaf: IsLeaf<T>,
): Paired<T> {
  const { pairs, inOrder } = pair(words, reference, other, isLeaf);
  if (inOrder) return { pairs, ordered: other };
  const others = pairs.map((p) => p.other);
  return { pairs, ordered: fillTree(reference, isLeaf, others) };
}

interface Found<T> {
  readonly pairs: readonly Pair<T>[];
  readonly inOrder: boolean;
}

function pair<T>(words: PairWords, reference: unknown, other: unknown, isLeaf: IsLeaf<T>): Found<T> {
  const { who } = words;
  const [first, second] = [
    { who, role: words.reference },
    { who, role: words.other },
  ];
  const pairs: Pair<T>[] = [];
  let inOrder = true;

  const mismatch = (wanted: string, got: unknown, path: string): ShapeError =>
    new ShapeError(
      `${who}: expected ${words.other} to ${path ? "have" : "be"} ${wanted}${at(path)}, got ${isLeaf(got) ? "a tensor" : kindOf(got)}`,
    );
  const requireEmpty = (b: unknown, path: string): void => {
    const [extra] = leavesOf(b, isLeaf, second, path);
    if (extra) throw mismatch("nothing", extra.value, extra.path);
  };
  /** The other's branch, where it is of the kind of the reference's; `null` where there is none. */
  const counterpart = <B>(a: unknown, b: unknown, branch: B | null, kind: string, path: string): B | null => {
    if (b === null || b === undefined) return null;
    if (branch !== null && !isLeaf(b)) return branch;
    if (leavesOf(a, isLeaf, first, path).length > 0) {
      if (!isLeaf(b) && !isList(b) && namesOf(b) === null) throw refusal(second, kindOf(b), path);
      throw mismatch(kind, b, path);
    }
    requireEmpty(b, path);
    return null;
  };

  const visit = (a: unknown, b: unknown, path: string, depth: number): void => {
    if (isLeaf(a)) {
      if (!isLeaf(b)) throw mismatch("a tensor", b, path);
      pairs.push({ path, value: a, other: b });
    } else if (a === null || a === undefined) requireEmpty(b, path);
    else if (depth > deepest) throw endless(reference, first, isLeaf);
    else if (isList(a)) visitList(a, b, path, depth + 1);
    else {
      const names = namesOf(a);
      if (names === null) throw refusal(first, kindOf(a), path);
      visitRecord(a, names, b, path, depth + 1);
    }
  };
  const visitList = (a: readonly unknown[], b: unknown, path: string, depth: number): void => {
    const list = counterpart(a, b, isList(b) ? b : null, "an array", path) ?? [];
    for (let i = 0; i < Math.max(a.length, list.length); i++)
      visit(
        i < a.length ? entryOf(a, i, path, first) : undefined,
        i < list.length ? entryOf(list, i, path, second) : undefined,
        indexedPath(path, i),
        depth,
      );
  };
  const visitRecord = (
    a: object,
    names: readonly string[],
    b: unknown,
    path: string,
    depth: number,
  ): void => {
    const theirs = counterpart(a, b, namesOf(b), "an object", path) ?? [];
    const isAlike = theirs.length === names.length && theirs.every((name, i) => name === names[i]);
    const known = isAlike ? null : new Set(theirs);
    for (const name of names)
      visit(
        childOf(a, name, path, first),
        known === null || known.has(name) ? childOf(b as object, name, path, second) : undefined,
        namedPath(path, name),
        depth,
      );
    if (isAlike) return;
    inOrder = false;
    const own = new Set(names);
    for (const name of theirs)
      if (!own.has(name)) requireEmpty(childOf(b as object, name, path, second), namedPath(path, name));
  };
  visit(reference, other, "", 0);
  return { pairs, inOrder };
}
