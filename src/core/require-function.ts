import { ArgumentError } from "./errors.js";
import { nodeKind } from "./tree-node.js";

/** @throws ArgumentError where a function is to be transformed and something else came */
export function requireFunction(who: string, f: unknown): void {
  if (typeof f !== "function") throw new ArgumentError(`${who}: expected a function, got ${nodeKind(f)}`);
}
