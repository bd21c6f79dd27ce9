/** What a tree of tensors looks like beside its numbers: which calls may share a recording. */
import { ArgumentError } from "../../core/errors.js";
import { childOf, deepest, entryOf, hasSymbols, isList, namesOf, nodeKind } from "../../core/tree-node.js";
import { at, indexedPath, namedPath } from "../../core/tree-path.js";
import { isTensor, type Tensor } from "../tensor.js";

/**
 * Kinds of branches, names in their order, constants by their values, and tensors by `say`: two trees have one outline only
 * where a function that looks at anything but the numbers in tensors cannot tell them apart.
 * @throws ArgumentError for what is neither a tensor, a plain object, an array nor a constant, naming it and its path
 */
export function outlineOf(who: string, tree: unknown, say: (t: Tensor) => string): string {
  const refused = (what: string, path: string): ArgumentError =>
    new ArgumentError(
      `${who}: expected tensors and constants in plain objects and arrays, got ${what}${at(path)}`,
    );
  const visit = (node: unknown, path: string, depth: number): string => {
    if (isTensor(node)) return say(node);
    const constant = constantInWords(node);
    if (constant !== null) return constant;
    if (depth > deepest) throw refused(`more than ${deepest} levels, or a cycle`, path);
    if (isList(node))
      return `[${Array.from(node, (_, i) => visit(entryOf(node, i, path, who), indexedPath(path, i), depth + 1))}]`;
    const names = namesOf(node);
    if (names === null) throw refused(nodeKind(node), path);
    if (hasSymbols(node as object)) throw refused("a property under a symbol", path);
    const parts = names.map((name) => {
      const branch = childOf(node as object, name, path, who);
      return `${JSON.stringify(name)}:${visit(branch, namedPath(path, name), depth + 1)}`;
    });
    return `{${parts}}`;
  };
  return visit(tree, "", 0);
}

/** A constant by its value; `null` for what is none. */
function constantInWords(value: unknown): string | null {
  switch (typeof value) {
    case "number":
      return Object.is(value, -0) ? "-0" : `${value}`;
    case "string":
      return JSON.stringify(value);
    case "bigint":
      return `${value}n`;
    case "boolean":
    case "undefined":
      return `${value}`;
    default:
      return value === null ? "null" : null;
  }
}
