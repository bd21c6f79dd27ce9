/** What a tree of tensors looks like beside its numbers: which calls may share a recording. */
import { ArgumentError } from "../../core/errors.js";
import { isTensor, type Tensor } from "../tensor.js";

/** Deeper trees are refused: no data is nested so deeply, and a recursion would overflow. */
const deepest = 500;

/**
 * Kinds of branches, names in their order, constants by their values, and tensors by `say`: two trees have one outline only
 * where a function that looks at anything but the numbers in tensors cannot tell them apart.
 * @throws ArgumentError for what is neither a tensor, a plain object, an array nor a constant, naming it and its path
 */
export function outlineOf(who: string, tree: unknown, say: (t: Tensor) => string): string {
  const visit = (node: unknown, path: string, depth: number): string => {
    if (isTensor(node)) return say(node);
    if (!isBranch(node)) return constantInWords(who, node, path);
    if (depth > deepest)
      throw new ArgumentError(
        `${who}: expected a tree of at most ${deepest} levels, got a deeper or a cyclic one`,
      );
    if (Array.isArray(node))
      return `[${Array.from(node, (child, i) => visit(child, `${path}[${i}]`, depth + 1))}]`;
    requirePlain(who, node, path);
    const branches = node as Readonly<Record<string, unknown>>;
    const parts = Object.keys(branches).map((name) => {
      const quoted = JSON.stringify(name);
      return `${quoted}:${visit(branches[name], `${path}[${quoted}]`, depth + 1)}`;
    });
    return `{${parts}}`;
  };
  return visit(tree, "", 0);
}

/** Arrays and objects, plain or not. */
export const isBranch = (node: unknown): node is object => typeof node === "object" && node !== null;

export function isPlain(node: object): boolean {
  const prototype = Object.getPrototypeOf(node);
  return prototype === Object.prototype || prototype === null;
}

function requirePlain(who: string, node: object, path: string): void {
  if (!isPlain(node)) throw unfit(who, nameOf(node), path);
}

function constantInWords(who: string, value: unknown, path: string): string {
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
    case "object":
      return "null";
    default:
      throw unfit(who, `a ${typeof value}`, path);
  }
}

const nameOf = (node: object): string => {
  if (node instanceof Promise) return "a promise";
  const name = Object.getPrototypeOf(node)?.constructor?.name;
  return typeof name === "string" && name !== "" ? `an instance of ${name}` : "an object of a class";
};

const unfit = (who: string, what: string, path: string): ArgumentError =>
  new ArgumentError(
    `${who}: expected tensors and constants in plain objects and arrays, got ${what}${path === "" ? "" : ` at ${path}`}`,
  );
