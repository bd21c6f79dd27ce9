/** Hooks of Node's module loader, on its thread: which library a module imports, and TypeScript. */
import { readFile } from "node:fs/promises";
import type { InitializeHook, LoadHook, ResolveHook } from "node:module";
import { fileURLToPath } from "node:url";
import type { transform } from "esbuild";

export interface HookData {
  /** URLs of the library's entries by what is imported. */
  readonly library: Readonly<Record<string, string>>;
  /** URL of esbuild; `null` where Node itself has to read TypeScript, if it can. */
  readonly esbuild: string | null;
}

let data: HookData = { library: {}, esbuild: null };

export const initialize: InitializeHook<HookData> = (given) => {
  data = given;
};

const typescript = /\.m?ts$/;

export const resolve: ResolveHook = async (specifier, context, next) => {
  if (Object.hasOwn(data.library, specifier)) return next(data.library[specifier], context);
  try {
    return await next(specifier, context);
  } catch (error) {
    // TypeScript names the files that it will have written: ./gate.js lies there as ./gate.ts
    const written = /^\.\.?\/.*?(?:\.(m?)js)?$/.exec(specifier);
    if (!written || !typescript.test(context.parentURL ?? "")) throw error;
    return next(`${specifier.replace(/\.m?js$/, "")}.${written[1] ?? ""}ts`, context);
  }
};

export const load: LoadHook = async (url, context, next) => {
  if (data.esbuild === null || !url.startsWith("file:") || !typescript.test(url)) return next(url, context);
  const file = fileURLToPath(url);
  const esbuild = (await import(data.esbuild)) as { transform: typeof transform };
  try {
    const { code } = await esbuild.transform(await readFile(file, "utf8"), {
      loader: "ts",
      format: "esm",
      target: "node20",
      sourcemap: "inline",
      sourcefile: file,
    });
    return { format: "module", source: code, shortCircuit: true };
  } catch (error) {
    const [first] = (error as { errors?: readonly Message[] }).errors ?? [];
    if (!first) throw error;
    throw new SyntaxError(`${first.text} at line ${first.location?.line ?? 1} of ${file}`);
  }
};

interface Message {
  readonly text: string;
  readonly location: { readonly line: number } | null;
}
