import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import ts from "typescript";

/** Source files by path relative to their root, such as `core/shape.ts` for those of `src`. */
export type Sources = ReadonlyMap<string, string>;

/** The floors, lowest first: a floor imports only from floors below it. */
export const floors = [
  "core",
  "device",
  "tensor",
  "ops",
  "forward",
  "reverse",
  "cells",
  "learn",
  "nn",
  "data",
  "rjepa",
  "testing",
  "entry",
  "cli",
] as const;

const maximumLines = 500;

/** Narrower than its place in the order: what these folders may import besides themselves. */
const allowedOnly: Readonly<Record<string, readonly string[]>> = {
  backends: ["core", "device"],
  data: ["core"],
};

export function readSources(root: string, kind = /\.ts$/): Sources {
  const files = readdirSync(root, { recursive: true, encoding: "utf8" })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => kind.test(file))
    .sort();
  return new Map(files.map((file) => [file, readFileSync(`${root}/${file}`, "utf8")]));
}

/** Every way in which the sources break the layout, one readable line each. */
export function layoutViolations(sources: Sources): string[] {
  const imports = new Map([...sources].map(([file, text]) => [file, localImports(file, text)]));
  return [
    ...[...sources].flatMap(([file, text]) => lengthViolations(file, text)),
    ...[...imports].flatMap(([file, targets]) =>
      targets.flatMap((target) => importViolations(file, target, sources)),
    ),
    ...cycles(imports).map((cycle) => `cycle: ${cycle.join(" -> ")}`),
    ...cycles(folderImports(imports)).map((cycle) => `cycle of folders: ${cycle.join(" -> ")}`),
  ];
}

/** Of folders that lie side by side, with all that is in them: which imports from which. */
function folderImports(imports: ReadonlyMap<string, readonly string[]>): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [file, targets] of imports)
    for (const target of targets) {
      const [from, to] = [file.split("/"), target.split("/")];
      const depth = from.findIndex((name, i) => name !== to[i]);
      // files at this depth are no folders
      if (depth >= Math.min(from.length, to.length) - 1) continue;
      const [a, b] = [from, to].map((path) => path.slice(0, depth + 1).join("/"));
      if (!found.get(a)?.push(b)) found.set(a, [b]);
      if (!found.has(b)) found.set(b, []);
    }
  return found;
}

/** Files that a file imports or re-exports, as values or as types, by `import`, `export from` or `import()`. */
function localImports(file: string, text: string): string[] {
  const names = ts.preProcessFile(text, true, true).importedFiles.map((found) => found.fileName);
  return [...new Set(names.filter((name) => name.startsWith(".")))].map((name) =>
    posix.join(posix.dirname(file), name).replace(/\.js$/, ".ts"),
  );
}

export function lengthViolations(file: string, text: string): string[] {
  const lines = text.replace(/\n$/, "").split("\n").length;
  return lines > maximumLines ? [`${file} has ${lines} lines; the limit is ${maximumLines}`] : [];
}

const folderOf = (file: string): string => (file.includes("/") ? file.slice(0, file.indexOf("/")) : "");

function importViolations(file: string, target: string, sources: Sources): string[] {
  if (!sources.has(target)) return [`${file} imports ${target}, which does not exist in src`];
  const from = folderOf(file);
  const to = folderOf(target);
  const problems: string[] = [];
  if (from === to && from !== "" && posix.basename(target) === "index.ts") {
    problems.push(`${file} imports ${target}: a folder's own files do not go through an index`);
  }
  const reason = from === to ? null : floorViolation(file, from, to);
  return reason ? [...problems, `${file} imports ${target}: ${reason}`] : problems;
}

/** Why a file of the folder `from` may not import from `to`, or null; "" is the root of `src`. */
function floorViolation(file: string, from: string, to: string): string | null {
  const order: readonly string[] = floors;
  for (const folder of [from, to]) {
    if (folder !== "" && folder !== "backends" && !order.includes(folder)) {
      return `"${folder}" is no folder of the layout`;
    }
  }
  if (from === "") {
    return file === "index.ts" && to !== "cli"
      ? null
      : "only index.ts lies in the root, and it never imports cli";
  }
  if (to === "")
    return from === "cli" || from === "entry" ? null : "only cli and entry import the root index";
  if (to === "backends")
    return from === "cli" || file === "entry/slim.ts"
      ? null
      : "backends are imported by index.ts, entry/slim.ts and cli only";
  if (allowedOnly[from]) {
    return allowedOnly[from].includes(to) ? null : `${from} imports only ${allowedOnly[from].join(", ")}`;
  }
  return order.indexOf(to) < order.indexOf(from) ? null : `${to} is not below ${from}`;
}

/** One cycle per strongly connected group: a shortest walk from its first member back to itself. */
export function cycles(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const seen = new Set<string>();
  for (const start of imports.keys()) {
    if (seen.has(start)) continue;
    const cycle = walkBack(start, imports);
    if (!cycle) continue;
    for (const file of cycle) seen.add(file);
    found.push(cycle);
  }
  return found;
}

function walkBack(start: string, imports: ReadonlyMap<string, readonly string[]>): string[] | null {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const file of queue) {
    for (const target of imports.get(file) ?? []) {
      if (target === start) {
        const path = [start];
        for (let at = file; at !== start; at = cameFrom.get(at)!) path.unshift(at);
        return [start, ...path];
      }
      if (!cameFrom.has(target)) {
        cameFrom.set(target, file);
        queue.push(target);
      }
    }
  }
  return null;
}
