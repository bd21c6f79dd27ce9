import { readFileSync } from "node:fs";

/** Two folders up both from src/cli and from dist/cli. */
const root = new URL("../../", import.meta.url);
const fromSource = import.meta.url.endsWith(".ts");

/**
 * The files behind `onward`, `onward/cells` and the like of the very library that the command line runs on. A module that
 * it loads gets these, so that there is one copy of the library's state.
 */
export function libraryEntries(): Record<string, string> {
  const { name, exports } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as {
    name: string;
    exports: Record<string, string | { readonly default: string }>;
  };
  return Object.fromEntries(
    Object.entries(exports).flatMap(([path, target]) => {
      if (typeof target === "string") return [];
      const file = fromSource
        ? target.default.replace("./dist/", "./src/").replace(/\.js$/, ".ts")
        : target.default;
      return [[`${name}${path.slice(1)}`, new URL(file, root).href]];
    }),
  );
}

/** A file of src/cli that is built beside the command line. */
export function besides(name: string): URL {
  return new URL(`${name}.${fromSource ? "ts" : "js"}`, import.meta.url);
}
