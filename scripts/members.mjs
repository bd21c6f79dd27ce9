import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/**
 * The members that lie in a folder, as paths from there: `NAME.ts`, or `NAME/NAME.ts` with its own helpers beside it. Files
 * whose name starts with `_`, `index.ts`, `registry.ts` and declarations are none. Sorted by code point, so that every machine
 * finds the same order.
 */
export function memberFiles(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const { name } = entry;
      if (!entry.isDirectory())
        return /^[^_.].*\.ts$/.test(name) && !/^(index|registry)\.ts$|\.d\.ts$/.test(name) ? [name] : [];
      return existsSync(join(folder, name, `${name}.ts`)) ? [`${name}/${name}.ts`] : [];
    })
    .sort();
}
