/** Two trees are paired by the paths of their leaves, whatever the order of their keys. */
import { ShapeError } from "./errors.js";
import { fillTree, type IsLeaf, leavesOf } from "./tree.js";
import {
  childOf,
  deepest,
  endless,
  entryOf,
  hasSymbols,
  isList,
  namesOf,
  nodeKind,
  refusal,
  requireNames,
  type TreeWords,
} from "./tree-node.js";
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
  if (isLeaf(reference) && isLeaf(other)) return [{ path: "", value: reference, other }];
  const pairing = new Pairing(words, reference, isLeaf);
  pairing.visit(reference, other, "", 0);
  return pairing.pairs;
}

/** A tree with its names in the order of another's, for those who count leaves; itself where they are. @throws as `pairLeaves` */
export function ordered<T>(words: PairWords, reference: unknown, other: unknown, isLeaf: IsLeaf<T>): unknown {
  if (isAlike(reference, other, isLeaf)) return other;
  const others = pairLeaves(words, reference, other, isLeaf).map((pair) => pair.other);
  return fillTree(reference, isLeaf, others);
}

/** Whether two trees have the same names in the same order, and leaves that fit: the quick answer for most of them. */
export function isAlike<T>(
  a: unknown,
  b: unknown,
  isLeaf: IsLeaf<T>,
  fits: (a: T, b: T) => boolean = () => true,
  depth = 0,
): boolean {
  if (isLeaf(a)) return isLeaf(b) && fits(a, b);
  if (a === null || a === undefined) return b === a;
  if (depth > deepest || isLeaf(b)) return false;
  if (isList(a)) {
    if (!isList(b) || a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (!isAlike(a[i], b[i], isLeaf, fits, depth + 1)) return false;
    return true;
  }
  const names = namesOf(a);
  const theirs = namesOf(b);
  if (names === null || theirs === null || names.length !== theirs.length) return false;
  if (hasSymbols(a) || hasSymbols(b as object)) return false;
  for (let i = 0; i < names.length; i++) {
    const name = names[i];
    if (theirs[i] !== name) return false;
    const [mine, other] = [childOf(a, name, "", "tree"), childOf(b as object, name, "", "tree")];
    if (!isAlike(mine, other, isLeaf, fits, depth + 1)) return false;
  }
  return true;
}

class Pairing<T> {
  readonly pairs: Pair<T>[] = [];

  constructor(
    private readonly words: PairWords,
    private readonly root: unknown,
    private readonly isLeaf: IsLeaf<T>,
  ) {}

  visit(a: unknown, b: unknown, path: string, depth: number): void {
    const { isLeaf } = this;
    if (isLeaf(a)) {
      if (!isLeaf(b)) throw this.mismatch("a tensor", b, path);
      this.pairs.push({ path, value: a, other: b });
    } else if (a === null || a === undefined) this.requireEmpty(b, path);
    else if (depth > deepest) throw endless(this.root, this.first, isLeaf);
    else if (isList(a)) this.visitList(a, b, path, depth + 1);
    else this.visitRecord(a, namesOf(a), b, path, depth + 1);
  }

  private visitList(a: readonly unknown[], b: unknown, path: string, depth: number): void {
    const list = isList(b) ? b : none;
    if (list !== b) this.requireNothing(a, b, "an array", path);
    const length = Math.max(a.length, list.length);
    for (let i = 0; i < length; i++)
      this.visit(
        i < a.length ? entryOf(a, i, path, this.words.who) : undefined,
        i < list.length ? entryOf(list, i, path, this.words.who) : undefined,
        indexedPath(path, i),
        depth,
      );
  }

  private visitRecord(
    a: unknown,
    names: readonly string[] | null,
    b: unknown,
    path: string,
    depth: number,
  ): void {
    if (names === null) throw refusal(this.first, nodeKind(a), path);
    requireNames(a as object, this.first, path);
    const found = this.isLeaf(b) ? null : namesOf(b);
    if (found !== null) requireNames(b as object, this.second, path);
    if (found === null) this.requireNothing(a, b, "an object", path);
    const theirs = found ?? none;
    const inOrder = sameNames(names, theirs);
    const known = inOrder ? null : new Set(theirs);
    for (const name of names)
      this.visit(
        childOf(a as object, name, path, this.words.who),
        known === null || known.has(name) ? childOf(b as object, name, path, this.words.who) : undefined,
        namedPath(path, name),
        depth,
      );
    if (inOrder) return;
    const own = new Set(names);
    for (const name of theirs)
      if (!own.has(name))
        this.requireEmpty(childOf(b as object, name, path, this.words.who), namedPath(path, name));
  }

  /** The other branch is of another kind, or none: that is no matter only where one of both has no leaves. */
  private requireNothing(a: unknown, b: unknown, kind: string, path: string): void {
    if (b === null || b === undefined) return;
    if (leavesOf(a, this.isLeaf, this.first, path).length === 0) {
      this.requireEmpty(b, path);
      return;
    }
    if (!this.isLeaf(b) && !isList(b) && namesOf(b) === null) throw refusal(this.second, nodeKind(b), path);
    throw this.mismatch(kind, b, path);
  }

  private requireEmpty(b: unknown, path: string): void {
    const [extra] = leavesOf(b, this.isLeaf, this.second, path);
    if (extra) throw this.mismatch("nothing", extra.value, extra.path);
  }

  private mismatch(wanted: string, got: unknown, path: string): ShapeError {
    const { who, other } = this.words;
    return new ShapeError(
      `${who}: expected ${other} to ${path ? "have" : "be"} ${wanted}${at(path)}, got ${this.isLeaf(got) ? "a tensor" : nodeKind(got)}`,
    );
  }

  private get first(): TreeWords {
    return { who: this.words.who, role: this.words.reference };
  }

  private get second(): TreeWords {
    return { who: this.words.who, role: this.words.other };
  }
}

const none: readonly never[] = [];

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
