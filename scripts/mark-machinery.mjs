// Tells the library's own machinery from the rest within the files of dist/, where folders no longer do, so that messages
// can name the line that called it; also when somebody bundles these files once more. See src/core/call-site.ts.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

/** What esbuild writes above each module of a bundle. */
const title = /^\/\/ (src|entry:\S+)(?:\/(\S+\.ts))?$/;

/** The rule is the library's own. */
async function rule(root) {
  const { outputFiles } = await build({
    entryPoints: [join(root, "src/core/machinery.ts")],
    format: "esm",
    write: false,
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}

/**
 * Writes a marker at both ends of each run of machinery, on lines that were comments or stay what they were: source maps
 * hold. Each function is used twice, so that minifiers leave it where it is; an empty run tells that the file is ours.
 */
function mark(text, { isMachinery, runsKey }) {
  const lines = text.split("\n");
  const last = lines.lastIndexOf("export {");
  const end = last < 0 ? lines.length - 1 : last;
  let runs = 0;
  let open = false;
  let titles = 0;
  const list = `(globalThis[Symbol.for(${JSON.stringify(runsKey)})] ??= [])`;
  const marker = (name) =>
    `function ${name}${runs}() { return new Error().stack; } ${list}.push([() => new Error().stack, onwardFirst${runs}, onwardLast${runs}]);`;
  const start = (line) => {
    open = true;
    return `${marker("onwardFirst")} ${line}`;
  };
  const stop = (line) => {
    const text = `${marker("onwardLast")} ${line}`;
    open = false;
    runs++;
    return text;
  };
  for (let i = 0; i < end; i++) {
    const found = lines[i].match(title);
    if (!found) continue;
    titles++;
    const ours = found[2] !== undefined && isMachinery(found[2]);
    if (ours !== open) lines[i] = ours ? start(lines[i]) : stop(lines[i]);
  }
  if (titles === 0) return null;
  if (runs === 0 && !open) lines[end] = start(lines[end]);
  if (open) lines[end] = stop(lines[end]);
  return { text: lines.join("\n"), runs };
}

/** Marks these files. @returns how many runs they hold */
export async function markMachinery(root, files) {
  const words = await rule(root);
  let runs = 0;
  for (const file of files) {
    const marked = mark(readFileSync(file, "utf8"), words);
    if (marked === null) continue;
    runs += marked.runs;
    writeFileSync(file, marked.text);
  }
  if (runs === 0) throw new Error("mark-machinery: expected modules of src in the built files, found none");
  return runs;
}
