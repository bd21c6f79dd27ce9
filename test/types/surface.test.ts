import { readdirSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { programOf } from "./_compiler.js";

const root = new URL("../../", import.meta.url).pathname;
const entries = [
  "onward",
  ...readdirSync(join(root, "src/entry")).map((file) => `onward/${file.slice(0, -3)}`),
];

const fileOf = (entry: string): string => `${entry.replace("/", "-")}.ts`;
let program: ts.Program | undefined;

/** The names that an entry declares; those of types are marked. */
function namesOf(entry: string): string[] {
  // one program for all: most of the work is to read the declarations
  program ??= programOf(
    Object.fromEntries(
      entries.map((name) => [fileOf(name), `import * as all from "${name}";\nexport { all };\n`]),
    ),
  );
  const checker = program.getTypeChecker();
  const [file] = program
    .getSourceFiles()
    .filter(({ fileName }) => fileName.endsWith(`/.users/${fileOf(entry)}`));
  const [statement] = file.statements;
  const module = checker.getSymbolAtLocation((statement as ts.ImportDeclaration).moduleSpecifier);
  if (!module) throw new Error(`${entry}: expected a module, got none`);
  return checker
    .getExportsOfModule(module)
    .map((symbol) => {
      const { flags } = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      return flags & ts.SymbolFlags.Value ? symbol.name : `type ${symbol.name}`;
    })
    .sort();
}

// A name more or less is for a reviewer to see: `npx vitest run test/types/surface.test.ts -u` writes the list anew.
describe("the public names", { timeout: 300_000 }, () => {
  it.each(entries)("of %s are those of the list", async (entry) => {
    const file = `./surface/${entry.replace("/", "-")}.txt`;
    await expect(`${namesOf(entry).join("\n")}\n`).toMatchFileSnapshot(file);
  });

  it("leave out what is no user's business", () => {
    const names = entries.flatMap(namesOf);
    for (const internal of [
      "takeIndex",
      "putIndex",
      "unsum",
      "scale",
      "copy",
      "entries",
      "backend",
      "registerBackend",
      "checkMemory",
      "availableMemory",
    ])
      expect(names).not.toContain(internal);
  });
});
