import { createRequire, register } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { DataError } from "../../core/errors.js";
import { withFile } from "../../data/node/read.js";
import { besides, libraryEntries } from "../library.js";
import type { HookData } from "../module-hooks.js";

const extension = /\.(m?[jt]s)$/;

/** Node from 22.18 on strips types itself. */
const readsTypeScript = Boolean((process.features as { readonly typescript?: unknown }).typescript);

export const isModuleFile = (file: string): boolean => extension.test(file);

/**
 * Imports a module of the user's, in JavaScript or TypeScript, on the library that the command line runs on.
 * @throws DataError in one sentence
 */
export async function loadModule(file: string, who = "check"): Promise<Readonly<Record<string, unknown>>> {
  const path = resolve(file);
  // a regular file, that can be read
  await withFile(who, file, async () => {});
  const esbuild = path.endsWith("ts") ? findEsbuild(path) : null;
  if (path.endsWith("ts") && esbuild === null && !readsTypeScript)
    throw new DataError(
      `${who}: ${file} is TypeScript, which this Node does not read; npm install --save-dev esbuild, or use Node 22.18 or newer`,
      file,
    );
  // lines of the user's own file, in messages about them
  process.setSourceMapsEnabled(true);
  register<HookData>(besides("module-hooks"), { data: { library: libraryEntries(), esbuild } });
  try {
    return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  } catch (error) {
    const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const syntax = error instanceof SyntaxError;
    throw new DataError(
      `${who}: ${file} must ${syntax ? "be a module without syntax errors" : "import without an error"}, got "${what.split("\n")[0]}"`,
      file,
    );
  }
}

/** esbuild as the module's own project has it, or tools of it that bring one; else that of the command line. */
function findEsbuild(path: string): string | null {
  const from = createRequire(path);
  const seekers = [
    () => from.resolve("esbuild"),
    ...["tsx", "vite"].map(
      (tool) => () => createRequire(from.resolve(`${tool}/package.json`)).resolve("esbuild"),
    ),
    () => createRequire(besides("onward")).resolve("esbuild"),
  ];
  for (const seek of seekers) {
    try {
      return pathToFileURL(seek()).href;
    } catch {
      // not there; the next one may be
    }
  }
  return null;
}
