import { cycles, lengthViolations, type Sources } from "./layout.js";

/** What a folder of `native` may include besides itself: names and structures of `kernels` in `code`, all of it in `cpu`. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  kernels: [],
  code: ["kernels"],
  cpu: ["code", "kernels"],
  addon: ["code", "cpu"],
};

/** Headers of the system that belong to one folder. */
const owners: readonly (readonly [RegExp, string])[] = [
  [/^(node_api|napi)\.h$/, "addon"],
  [/^(thread|mutex|atomic|condition_variable|dlfcn\.h)$/, "cpu"],
];

/** Every way in which the C++ sources, by path relative to `native`, break the layout, one readable line each. */
export function nativeViolations(sources: Sources): string[] {
  const includes = new Map([...sources].map(([file, text]) => [file, included(text, /"(.+)"/)]));
  return [
    ...[...sources].flatMap(([file, text]) => [
      ...lengthViolations(file, text),
      ...included(text, /<(.+)>/).flatMap((header) => systemViolations(file, header)),
    ]),
    ...[...includes].flatMap(([file, targets]) =>
      targets.flatMap((target) => includeViolations(file, target, sources)),
    ),
    ...cycles(includes).map((cycle) => `cycle: ${cycle.join(" -> ")}`),
  ];
}

const folderOf = (file: string): string => file.slice(0, Math.max(0, file.indexOf("/")));

/** What lines of `#include` name, in these quotes. */
function included(text: string, quoted: RegExp): string[] {
  const line = new RegExp(`^\\s*#\\s*include\\s*${quoted.source}`, "gm");
  return [...text.matchAll(line)].map((found) => found[1]);
}

function systemViolations(file: string, header: string): string[] {
  return owners
    .filter(([headers, folder]) => headers.test(header) && folderOf(file) !== folder)
    .map(([, folder]) => `${file} includes <${header}>: that is for ${folder}`);
}

function includeViolations(file: string, target: string, sources: Sources): string[] {
  const from = folderOf(file);
  const to = folderOf(target);
  const because = (reason: string): string[] => [`${file} includes ${target}: ${reason}`];
  if (!(from in allowed)) return because(`"${from}" is no folder of the layout`);
  if (!sources.has(target)) return because("it does not exist in native");
  if (from === to) return [];
  if (!allowed[from].includes(to)) return because(`${to} is not for ${from}`);
  if (from === "code" && !isDeclaration(target, sources))
    return because("code takes no kernels, only their names");
  return [];
}

/** Whether a header of `kernels` says what kernels are given, and holds none, which are in the namespace of an instruction set. */
function isDeclaration(file: string, sources: Sources): boolean {
  const text = sources.get(file) ?? "";
  return (
    !text.includes("ONWARD_ISA") && included(text, /"(.+)"/).every((target) => isDeclaration(target, sources))
  );
}
