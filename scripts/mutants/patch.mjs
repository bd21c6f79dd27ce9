/** What a mutant changes: texts of source files, in memory only. */

/**
 * @typedef {{ file: string, find: string, put: string, within?: string, append?: string }} Patch
 * `find` stands once in the file, or once in what follows `within`, up to the brace that closes it.
 * @typedef {{
 *   id: string, patches: Patch[], file: string, line: number, tests: (string | { file: string, name: string })[],
 *   backend?: "js" | "native",
 * }} Mutant
 */

/** Where a patch applies: [start, end) of what it replaces. Throws where that is nowhere, or more than one place. */
export function placeOf(source, { file, find, within }) {
  const [from, to] = within === undefined ? [0, source.length] : region(source, file, within);
  const at = source.indexOf(find, from);
  if (at < 0 || at + find.length > to)
    throw new Error(
      `${file}: expected "${find}"${within ? ` within "${within}"` : ""}, got none; mend the patch`,
    );
  const again = source.indexOf(find, at + 1);
  if (again >= 0 && again + find.length <= to)
    throw new Error(`${file}: expected "${find}" once${within ? ` within "${within}"` : ""}, got it twice`);
  return [at, at + find.length];
}

/** From a line that holds `within` to the line that closes it: the first that is indented as little. */
function region(source, file, within) {
  const start = source.indexOf(within);
  if (start < 0) throw new Error(`${file}: expected "${within}", got none; mend the patch`);
  const indent = /^ */.exec(source.slice(source.lastIndexOf("\n", start) + 1))[0];
  const end = new RegExp(`\n${indent}[^\\s)}\\]]|\n${indent}[)}\\]]+[;,]?\n|$`).exec(source.slice(start));
  return [start, start + end.index + end[0].length];
}

/** The source with its patches, which may call `times(tensor or null, by)`. */
export function patched(source, patches, root) {
  const text = patches.reduce((text, patch) => {
    const [start, end] = placeOf(text, patch);
    return text.slice(0, start) + patch.put + text.slice(end) + (patch.append ?? "");
  }, source);
  if (!text.includes("times(")) return text;
  return `import { mul as timesOf } from "${root}/src/ops/pointwise.ts";
const times = (t, by) => (t ? timesOf(t, by) : t);
${text}`;
}

export const lineOf = (source, at) => source.slice(0, at).split("\n").length;
