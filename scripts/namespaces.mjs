// Lets bundlers drop what nobody uses of the files of dist/. esbuild fills the namespace of a module (`import * as`) by a call, which
// keeps all of the module's functions in every bundle; of an object with getters nothing is kept unless somebody reads it.
import { readFileSync, writeFileSync } from "node:fs";

const filled = /^var (\w+) = \{\};\n__export\(\1, \{\n((?: {2}\w+: \(\) => [\w$]+,?\n)+)\}\);$/gm;
const member = /(\w+): \(\) => ([\w$]+)/g;

/** Writes the namespaces of these files as objects, on the lines where they were: source maps hold. */
export function writeNamespaces(files) {
  for (const file of files) {
    const text = readFileSync(file, "utf8").replace(
      filled,
      (_, name, members) => `\nvar ${name} = {\n${members.replace(member, "get $1() { return $2; }")}};`,
    );
    const left = text.match(/^__export\(.*/m);
    if (left)
      throw new Error(`namespaces: expected none that is filled by a call, found ${left[0]} in ${file}`);
    writeFileSync(file, text);
  }
}
