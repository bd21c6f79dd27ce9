/** What a file keeps of a tree beside its tensors, as JSON in the metadata of the safetensors format. */
import { CheckpointError } from "../../core/errors.js";
import { deepest, put } from "../../core/tree-node.js";

/** A leaf that is no tensor. */
export type Plain = number | string | boolean | null | undefined;

/** A node of a tree: a tensor by its name in the file, a value, or branches in their order. */
export type Node =
  | readonly ["tensor", string]
  | readonly ["number", string]
  | readonly ["text", string]
  | readonly ["truth", boolean]
  | readonly ["null"]
  | readonly ["undefined"]
  | readonly ["list", readonly Node[]]
  | readonly ["record", readonly (readonly [string, Node])[]];

/** A plain value as a node. JSON knows neither NaN nor infinities nor the sign of zero. */
export function nodeOf(value: Plain): Node {
  if (typeof value === "number") return ["number", Object.is(value, -0) ? "-0" : `${value}`];
  if (typeof value === "string") return ["text", value];
  if (typeof value === "boolean") return ["truth", value];
  return value === null ? ["null"] : ["undefined"];
}

/** The tree that JSON of nodes tells of, with tensors by their names. @throws CheckpointError */
export function treeOf<T>(who: string, json: string, named: (name: string) => T): unknown {
  const garbled = (): CheckpointError =>
    new CheckpointError(`${who}: expected the outline of a tree in the metadata, got something else`);
  let root: unknown;
  try {
    root = JSON.parse(json);
  } catch {
    throw garbled();
  }
  const visit = (node: unknown, depth: number): unknown => {
    if (!Array.isArray(node) || depth > deepest) throw garbled();
    const [kind, content] = node as readonly unknown[];
    if (kind === "null" && node.length === 1) return null;
    if (kind === "undefined" && node.length === 1) return undefined;
    if (node.length !== 2) throw garbled();
    if (kind === "truth" && typeof content === "boolean") return content;
    if (kind === "list" && Array.isArray(content)) return content.map((child) => visit(child, depth + 1));
    if (kind === "record" && Array.isArray(content)) return recordOf(content, depth);
    if (typeof content !== "string") throw garbled();
    if (kind === "text") return content;
    if (kind === "tensor") return named(content);
    if (kind === "number" && nodeOf(Number(content))[1] === content) return Number(content);
    throw garbled();
  };
  const recordOf = (pairs: readonly unknown[], depth: number): Record<string, unknown> => {
    const out: Record<string, unknown> = {};
    for (const pair of pairs) {
      if (!Array.isArray(pair) || pair.length !== 2) throw garbled();
      const [name, child] = pair as readonly unknown[];
      if (typeof name !== "string" || Object.hasOwn(out, name)) throw garbled();
      put(out, name, visit(child, depth + 1));
    }
    return out;
  };
  return visit(root, 0);
}
