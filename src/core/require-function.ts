import { ArgumentError } from "./errors.js";
import { nodeKind } from "./tree-node.js";

/** @throws ArgumentError where a function is to be transformed and something else came, or more than it */
export function requireFunction(who: string, f: unknown, more: readonly unknown[] = []): void {
  if (typeof f !== "function") throw new ArgumentError(`${who}: expected a function, got ${nodeKind(f)}`);
  if (more.length > 0)
    throw new ArgumentError(
      `${who}: expected a function alone, which is differentiated by its first argument, got ${1 + more.length} arguments; for another one, exchange them: (y, x) => f(x, y)`,
    );
}
