import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { WorkerOptions } from "node:worker_threads";

/** How a thread is started. */
export interface Script {
  readonly entry: URL | string;
  readonly options: WorkerOptions;
}

/** The folder of built files, from wherever in it this code came to lie. */
const roots = ["./", "../", "../../"];

/** The script that cuts batches; a sentence where there is none. */
export function workerScript(): Script | string {
  // no place is known in a bundle in CommonJS, and only a file has neighbors
  const here = import.meta.url as string | undefined;
  if (!here?.startsWith("file:")) return "this is a bundle, which has no files beside it";
  // flags of the process, such as modules to load first, are not for this thread
  const options: WorkerOptions = { execArgv: [] };
  if (here.endsWith(".ts")) return fromSource(new URL("./loader-worker.ts", here), options);
  const entry = roots
    .map((root) => new URL(`${root}rjepa/run/loader-worker.js`, here))
    .find((url) => existsSync(fileURLToPath(url)));
  return entry ? { entry, options } : "this is a bundle, which has no rjepa/run/loader-worker.js beside it";
}

/** A thread reads no TypeScript by itself, whatever reads it for the process. */
function fromSource(entry: URL, options: WorkerOptions): Script {
  const [hooks, file] = [import.meta.resolve("tsx/esm/api"), entry.href].map((part) => JSON.stringify(part));
  return {
    entry: `import(${hooks}).then(({ register }) => { register(); return import(${file}); });`,
    options: { ...options, eval: true },
  };
}
