/** What a node of a tree is: a list, a record, or nothing that a tree is made of. */
import { ShapeError } from "./errors.js";
import { ownBrand, tensorBrand } from "./kinds.js";
import { at, indexedPath, namedPath } from "./tree-path.js";

/** Who asks for a tree; and as what, such as `primal 0`. */
export type TreeWords = string | { readonly who: string; readonly role: string };

/** Levels of a tree: fewer than what exhausts the stack, more than anybody nests on purpose. */
export const deepest = 1000;

/** Whether a node is an array and no more than that. */
export function isList(node: unknown): node is readonly unknown[] {
  try {
    if (!Array.isArray(node)) return false;
    const prototype = Object.getPrototypeOf(node) as unknown;
    // arrays of another realm, such as a frame's, have the same chain
    return prototype === Array.prototype || isRoot(Object.getPrototypeOf(prototype));
  } catch {
    return false;
  }
}

/** The names in a plain object; `null` for everything else. */
export function namesOf(node: unknown): readonly string[] | null {
  try {
    return isRecord(node) ? Object.keys(node) : null;
  } catch {
    return null;
  }
}

/** Whether a node is a plain object, and no array. */
export function isRecord(node: unknown): node is Readonly<Record<string, unknown>> {
  if (typeof node !== "object" || node === null) return false;
  // a proxy may throw at any touch
  try {
    if (Array.isArray(node)) return false;
    const prototype = Object.getPrototypeOf(node) as unknown;
    return prototype === null || isRoot(prototype);
  } catch {
    return false;
  }
}

/** Whether a prototype is that of plain objects, in any realm. */
function isRoot(prototype: unknown): boolean {
  if (prototype === Object.prototype) return true;
  return (
    typeof prototype === "object" &&
    prototype !== null &&
    Object.getPrototypeOf(prototype) === null &&
    Object.hasOwn(prototype, "isPrototypeOf")
  );
}

/** Whether a record has properties under symbols: they are no names, and would vanish without a word. */
export function hasSymbols(node: object): boolean {
  const symbols = Object.getOwnPropertySymbols(node);
  return (
    symbols.length > 0 && symbols.some((symbol) => Object.prototype.propertyIsEnumerable.call(node, symbol))
  );
}

/** @throws ShapeError where a record has properties under symbols */
export function requireNames(node: object, words: TreeWords, path: string): void {
  if (hasSymbols(node)) throw refusal(words, "a property under a symbol", path);
}

/** The child of a record. @throws ShapeError where a getter throws */
export function childOf(node: object, name: string, path: string, words: TreeWords): unknown {
  try {
    return (node as Readonly<Record<string, unknown>>)[name];
  } catch {
    throw refusal(words, "a property that cannot be read", namedPath(path, name));
  }
}

/** The entry of a list. @throws ShapeError where there is a hole */
export function entryOf(list: readonly unknown[], i: number, path: string, words: TreeWords): unknown {
  const entry = list[i];
  if (entry === undefined && !Object.hasOwn(list, i)) throw refusal(words, "a hole", indexedPath(path, i));
  return entry;
}

/** Sets an own property, whatever its name: `__proto__` too. */
export function put(into: Record<string, unknown>, name: string, value: unknown): void {
  if (name === "__proto__")
    Object.defineProperty(into, name, { value, writable: true, enumerable: true, configurable: true });
  else into[name] = value;
}

/** The error for what is no tree. */
export function refusal(words: TreeWords, got: string, path: string): ShapeError {
  const [who, as] = typeof words === "string" ? [words, ""] : [words.who, ` as ${words.role}`];
  return new ShapeError(`${who}: expected tensors in plain objects and arrays${as}, got ${got}${at(path)}`);
}

/** The error for a tree without an end in sight: a cycle, or too many levels. */
export function endless(tree: unknown, words: TreeWords, isLeaf: (node: unknown) => boolean): ShapeError {
  const above: unknown[] = [];
  let found: ShapeError | null = null;
  const visit = (node: unknown, path: string): boolean => {
    if (isLeaf(node)) return false;
    if (above.includes(node)) found = refusal(words, "a cycle", path);
    else if (above.length > deepest) found = refusal(words, `more than ${deepest} levels`, path);
    if (found) return true;
    above.push(node);
    const inside = isList(node)
      ? node.some((child, i) => visit(child, indexedPath(path, i)))
      : (namesOf(node) ?? []).some((name) =>
          visit(childOf(node as object, name, path, words), namedPath(path, name)),
        );
    above.pop();
    return inside;
  };
  visit(tree, "");
  return found ?? refusal(words, `more than ${deepest} levels`, "");
}

/** What a node is called in a sentence: `an object`, `a Map`, `a number`, `nothing`. */
export function nodeKind(node: unknown): string {
  if (node === null || node === undefined) return "nothing";
  if (typeof node !== "object") return `a ${typeof node}`;
  const brand = brandOf(node);
  if (brand !== undefined) return brand === ownBrand ? "a tensor" : "a tensor of another copy of the package";
  if (isList(node)) return "an array";
  if (namesOf(node) !== null) return "an object";
  const name = classOf(node);
  return name === null ? "an object of a class" : `${/^[AEIOU]/.test(name) ? "an" : "a"} ${name}`;
}

function brandOf(node: object): unknown {
  try {
    return (node as { readonly [tensorBrand]?: unknown })[tensorBrand];
  } catch {
    return undefined;
  }
}

function classOf(node: object): string | null {
  try {
    for (let p = Object.getPrototypeOf(node) as object | null; p !== null; p = Object.getPrototypeOf(p)) {
      const made = Object.getOwnPropertyDescriptor(p, "constructor")?.value as { name?: unknown } | undefined;
      const name = typeof made === "function" ? (made as { name?: unknown }).name : null;
      if (typeof name === "string" && name !== "Object" && /^[\w$]{1,40}$/.test(name)) return name;
    }
  } catch {
    // a proxy that does not answer
  }
  return null;
}
