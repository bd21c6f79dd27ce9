import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const { compilerOptions } = ts.parseConfigFileTextToJson(
  "tsconfig.json",
  readFileSync(join(root, "tsconfig.json"), "utf8"),
).config;

/** As a careful user compiles: strict, and what an index may miss is undefined. */
const options: ts.CompilerOptions = {
  ...ts.convertCompilerOptionsFromJson(compilerOptions, root).options,
  noUncheckedIndexedAccess: true,
  noUnusedLocals: false,
  noUnusedParameters: false,
  noEmit: true,
};

const reading = (host: ts.CompilerHost, virtual: ReadonlyMap<string, string>): ts.CompilerHost => ({
  ...host,
  fileExists: (path) => virtual.has(path) || host.fileExists(path),
  readFile: (path) => virtual.get(path) ?? host.readFile(path),
  directoryExists: (path) =>
    [...virtual.keys()].some((file) => file.startsWith(`${path}/`)) || (host.directoryExists?.(path) ?? true),
  getSourceFile: (path, version) => {
    const text = virtual.get(path) ?? host.readFile(path);
    return text === undefined ? undefined : ts.createSourceFile(path, text, version, true);
  },
});

/** The declarations as the build writes them, at paths that exist in memory only. */
function declarations(): Map<string, string> {
  const config = ts.getParsedCommandLineOfConfigFile(
    join(root, "tsconfig.build.json"),
    { outDir: join(root, ".declarations"), declarationMap: false },
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} },
  );
  if (!config) throw new Error("tsconfig.build.json: expected a configuration, got none");
  const written = new Map<string, string>();
  ts.createProgram(config.fileNames, config.options).emit(undefined, (path, text) => written.set(path, text));
  return written;
}

let built: Map<string, string> | undefined;

/** A program of users' files, whose `onward` is what the build declares. */
export function programOf(files: Readonly<Record<string, string>>): ts.Program {
  built ??= declarations();
  const own = Object.entries(files).map(([name, text]) => [join(root, ".users", name), text] as const);
  return ts.createProgram(
    own.map(([path]) => path),
    {
      ...options,
      paths: {
        onward: [join(root, ".declarations/index.d.ts")],
        "onward/*": [join(root, ".declarations/entry/*.d.ts")],
      },
    },
    reading(ts.createCompilerHost(options), new Map([...built, ...own])),
  );
}

/** What the compiler says of users' files, a line each: `file:line: TS1234: sentence`. */
export function complaints(files: Readonly<Record<string, string>>): string[] {
  const program = programOf(files);
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, code, messageText }) => {
    const line = file ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
    const name = file?.fileName.replace(`${root}/`, "").replace(".users/", "") ?? "";
    return `${name}:${line}: TS${code}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
  });
}

/** Of each function of an entry, the names that its result is declared to have. */
export function returnTypes(entry: string): Readonly<Record<string, readonly string[]>> {
  const program = programOf({ "all.ts": `import * as all from "${entry}";\nexport { all };\n` });
  const checker = program.getTypeChecker();
  const file = program.getSourceFiles().find(({ fileName }) => fileName.endsWith("/.users/all.ts"));
  const [statement] = file?.statements ?? [];
  const module = checker.getSymbolAtLocation((statement as ts.ImportDeclaration).moduleSpecifier);
  if (!module) throw new Error(`${entry}: expected a module, got none`);
  return Object.fromEntries(
    checker.getExportsOfModule(module).flatMap((symbol) => {
      const [signature] = checker.getTypeOfSymbol(symbol).getCallSignatures();
      if (!signature) return [];
      return [
        [
          symbol.name,
          signature
            .getReturnType()
            .getProperties()
            .map(({ name }) => name),
        ],
      ];
    }),
  );
}
