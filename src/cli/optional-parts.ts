import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { OnwardError } from "../core/errors.js";

/** Something that the library runs without, and what it is for. */
export interface OptionalPart {
  readonly name: string;
  readonly neededBy: string;
  /** What runs, or its version; `null` where it is missing. */
  readonly found: string | null;
  /** Why it is missing, where it is not just absent. */
  readonly reason: string | null;
  /** The command that installs it. */
  readonly install: string;
}

/** The optional packages of package.json. */
export const optionalPackages: Readonly<
  Record<string, { readonly neededBy: string; readonly install: string }>
> = {
  esbuild: {
    neededBy: "onward check of modules in TypeScript, before Node 22.18",
    install: "npm install --save-dev esbuild",
  },
  "fast-check": {
    neededBy: "onward/testing, and onward check of modules",
    install: "npm install --save-dev fast-check",
  },
  "ml-matrix": {
    neededBy: "onward train and onward demo: the figures of R-JEPA",
    install: "npm install ml-matrix",
  },
  sharp: {
    neededBy: "onward train and onward demo: the pictures of their report; reading images",
    install: "npm install sharp",
  },
  vega: {
    neededBy: "onward train and onward demo: the plots of their report",
    install: "npm install vega@5 vega-lite@5",
  },
  "vega-lite": {
    neededBy: "onward train and onward demo: the plots of their report",
    install: "npm install vega@5 vega-lite@5",
  },
};

export async function findPackages(): Promise<OptionalPart[]> {
  return Promise.all(
    Object.entries(optionalPackages).map(async ([name, part]) => ({ name, ...part, ...(await find(name)) })),
  );
}

/** Requires optional packages, all that are missing in one sentence. @throws OnwardError */
export async function requireParts(who: string, names: readonly string[]): Promise<void> {
  const parts = await Promise.all(names.map(async (name) => ({ name, ...(await find(name)) })));
  const missing = parts.filter(({ found }) => found === null);
  if (missing.length === 0) return;
  const told = missing.map(({ name, reason }) => (reason === null ? name : `${name} (${reason})`));
  const packages = new Set(missing.flatMap(({ name }) => optionalPackages[name].install.split(" ").slice(2)));
  throw new OnwardError(
    `${who}: needs ${told.join(", ")} for its figures and report; run "npm install ${[...packages].join(" ")}"`,
  );
}

/** A package is there if it loads: one with a binary of its own may be installed for another machine. */
async function find(name: string): Promise<Pick<OptionalPart, "found" | "reason">> {
  let file: string;
  try {
    file = fileURLToPath(import.meta.resolve(name));
  } catch {
    return { found: null, reason: null };
  }
  try {
    await import(name);
    return { found: versionOf(name, file), reason: null };
  } catch (error) {
    const [sentence] = String((error as Error)?.message ?? error)
      .trim()
      .split("\n");
    return { found: null, reason: `installed, but it does not load: ${sentence}` };
  }
}

/** By the package.json above a file of the package. */
function versionOf(name: string, file: string): string {
  for (let at = dirname(file); at !== dirname(at); at = dirname(at)) {
    try {
      const found = JSON.parse(readFileSync(join(at, "package.json"), "utf8"));
      if (found.name === name) return String(found.version);
    } catch {
      // further up
    }
  }
  return "unknown version";
}
