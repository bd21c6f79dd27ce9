import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { runInNewContext } from "node:vm";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bodyOf, bun, chromium, deno, output } from "./runtimes.js";
import { type Installed, install, root } from "./tarball.js";

const user = join(root, "test/package/user");
let at: Installed;

beforeAll(() => {
  at = install();
  cpSync(user, join(at.folder, "user"), { recursive: true });
}, 120_000);
afterAll(() => rmSync(at.folder, { recursive: true, force: true }));

/** The line of a file that holds these characters, and nothing else does; as messages name it. */
function lineWith(file: string, characters: string): string {
  const lines = readFileSync(file, "utf8").split("\n");
  const found = lines.flatMap((line, i) => (line.includes(characters) ? [i + 1] : []));
  if (found.length !== 1)
    throw new Error(`${characters}: expected one line of ${file}, found ${found.length}`);
  return `${file.replaceAll("\\", "/").split("/").slice(-2).join("/")}:${found[0]}`;
}

interface Files {
  readonly app: string;
  readonly cell: string;
  /** Where the library's GRU stands. */
  readonly gru: string;
}

const sourceFiles = (): Files => ({
  app: join(user, "app.js"),
  cell: join(user, "my-cell.js"),
  gru: join(root, "src/cells/gru.ts"),
});

/** What user/app.js found, against the lines where it is so. */
function check(text: string, backend: string, files: Files = sourceFiles()): void {
  const { difference, ...found } = JSON.parse(text);
  // the bound of the project for exact rules in float64
  expect(difference).toBeLessThan(1e-10);
  const cell = `contract at ${lineWith(files.cell, "1.0625")}`;
  expect(found).toEqual({
    backend,
    parts: "function",
    value: lineWith(files.app, "-2.25"),
    method: lineWith(files.app, "-3.5"),
    derivative: lineWith(files.app, "-4.125"),
    cell: [cell, cell],
    library: [`contract at ${lineWith(files.gru, ".Un)")}`, expect.stringMatching(/^contract at .*:\d+$/)],
  });
}

const run = (file: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> =>
  output(file, args, {
    cwd: at.folder,
    env: { ...process.env, ONWARD_BACKEND: "js", NO_COLOR: "1", ...env },
  });
const node = (args: readonly string[], env?: Record<string, string>) => run(process.execPath, args, env);

const needAddon = ({ skip }: { skip(reason?: string): void }): void => {
  if (at.noAddon) skip(at.noAddon);
};

/** Skipped, with the reason in its title, where something is missing. */
const where = (missing: string | false, title: string, test: () => Promise<void>): void =>
  void (missing ? it.skip(`${title} (skipped: ${missing})`, test) : it(title, test));

describe("source lines", () => {
  it.for(["js", "native"])("from source, on %s", async (backend, context) => {
    if (backend === "native") needAddon(context);
    const folder = join(at.folder, "from-source/user");
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(user)) {
      const entry = (_: string, part = "") =>
        JSON.stringify(pathToFileURL(join(root, part ? `src/entry${part}.ts` : "src/index.ts")).href);
      const text = readFileSync(join(user, name), "utf8");
      writeFileSync(join(folder, name), text.replace(/"onward(\/\w+)?"/g, entry));
    }
    const tsx = pathToFileURL(join(root, "node_modules/tsx/dist/esm/index.mjs")).href;
    check(await node(["--import", tsx, join(folder, "app.js")], { ONWARD_BACKEND: backend }), backend);
  });

  it.for(["js", "native"])("of the installed package, on %s", async (backend, context) => {
    if (backend === "native") needAddon(context);
    check(await node(["user/app.js"], { ONWARD_BACKEND: backend }), backend);
  });

  it("with source maps switched on", async () => {
    check(await node(["--enable-source-maps", "user/app.js"]), "js");
  });

  it("where stacks are short, and where the limit is frozen", async () => {
    check(await node(["--stack-trace-limit=1", "user/app.js"]), "js");
    const frozen = 'Object.defineProperty(Error, "stackTraceLimit", { value: 100, writable: false });';
    writeFileSync(join(at.folder, "user/frozen.js"), frozen);
    check(await node(["--import", "./user/frozen.js", "user/app.js"]), "js");
  });

  it("where Node permits nothing but reading", async () => {
    const permission =
      Number(process.versions.node.split(".")[0]) < 23 ? "--experimental-permission" : "--permission";
    const args = ["--no-warnings", permission, "--allow-fs-read=*", "user/app.js"];
    check(await node(args, { ONWARD_BACKEND: "" }), "js");
  });

  where(deno === null && "Deno is not installed", "in Deno, without any permission", async () => {
    check(await run(deno as string, ["run", "--no-prompt", "user/app.js"], { ONWARD_BACKEND: "" }), "js");
  });

  where(bun === null && "Bun is not installed", "in Bun", async () => {
    check(await run(bun as string, ["user/app.js"]), "js");
  });

  where(chromium === null && "Chromium is not installed", "in a page with an import map", async () => {
    const entries = Object.entries(JSON.parse(readFileSync(join(at.home, "package.json"), "utf8")).exports);
    const imports = Object.fromEntries(
      entries.map(([path, target]) => [
        `onward${path.slice(1)}`,
        `/node_modules/onward/${(target as { default?: string }).default ?? target}`,
      ]),
    );
    const page = join(at.folder, "page.html");
    writeFileSync(
      page,
      `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<script>
const found = [];
globalThis.report = (text) => found.push(text);
addEventListener("error", ({ message }) => found.push(message));
addEventListener("load", () => { document.body.textContent = found.join("\\n"); });
</script>
<script type="importmap">${JSON.stringify({ imports })}</script>
<body><script type="module">
import { debug, log, tensor } from "onward";
import "./user/app.js?version=2";
try {
  debug.nans(() => {
    const noted = log(tensor([-6.75]));
    return noted.add(1);
  });
} catch (error) {
  report(error.message);
}
</script></body>`,
    );
    const body = await bodyOf(chromium as string, at.folder, "page.html", join(at.folder, "profile"));
    const [found, inline] = body.split("\n");
    const chunks = readdirSync(join(at.home, "dist/chunks")).filter((file) => file.endsWith(".js"));
    const files = chunks.map((file) => join(at.home, "dist/chunks", file));
    const gru = files.find((file) => readFileSync(file, "utf8").includes(".Un)")) as string;
    check(found, "js", { ...sourceFiles(), gru });
    const line = lineWith(page, "-6.75").match(/\d+$/)?.[0];
    expect(inline).toMatch(new RegExp(`called at page\\.html:${line}$`));
  });
});

describe("a bundle of the user's", () => {
  /** The user's program with the library in one file. */
  async function bundle(name: string, options: { readonly required?: boolean; readonly minify?: boolean }) {
    const outfile = join(at.folder, "out", name);
    const required = 'require("./app.js");';
    await build({
      absWorkingDir: at.folder,
      ...(options.required
        ? { stdin: { contents: required, resolveDir: join(at.folder, "user") } }
        : { entryPoints: ["user/app.js"] }),
      bundle: true,
      outfile,
      format: name.endsWith(".mjs") ? "esm" : "cjs",
      platform: "node",
      minify: options.minify ?? false,
      sourcemap: options.minify ?? false,
      logLevel: "error",
    });
    return outfile;
  }

  for (const name of ["one.mjs", "one.cjs", "required.cjs"]) {
    const required = name === "required.cjs";

    it(`has the lines of the bundle: ${name}`, async () => {
      const file = await bundle(name, { required });
      check(await node([file], { ONWARD_BACKEND: "" }), "js", { app: file, cell: file, gru: file });
    });

    it(`has the lines of its source where a map lies beside it: ${name}, minified`, async () => {
      const file = await bundle(`minified-${name}`, { required, minify: true });
      check(await node([file]), "js");
      check(await node(["--enable-source-maps", file]), "js");
    });
  }

  it("finds the addon where it is told", async (context) => {
    needAddon(context);
    const file = await bundle("addon.cjs", {});
    const files = { app: file, cell: file, gru: file };
    const addon = join(at.home, "build/Release/onward.node");
    check(await node([file], { ONWARD_BACKEND: "native", ONWARD_ADDON: addon }), "native", files);
    await expect(node([file], { ONWARD_BACKEND: "native" })).rejects.toThrow(
      /ONWARD_BACKEND: expected the native addon, but this is a bundle, which has no addon beside it; ONWARD_ADDON can name the file/,
    );
  });
});

describe("a bundle for browsers", () => {
  async function bundle(contents: string): Promise<string> {
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: at.folder },
      bundle: true,
      write: false,
      minify: true,
      format: "iife",
      platform: "browser",
      logLevel: "error",
    });
    return outputFiles[0].text;
  }

  it.each([
    ["grad and tanh of onward/slim", 'export { grad, tanh } from "onward/slim";', 25],
    ["all of onward", 'export * from "onward";', 60],
  ])("holds %s, compressed to few kB", async (_, contents, most) => {
    const bytes = gzipSync(await bundle(contents)).length;
    expect(bytes).toBeLessThanOrEqual(most * 1000);
  });

  it("of onward/slim runs where there is nothing but the language, as onward does", async () => {
    const program = (entry: string) => `
import { backendName, debug, grad, matmul, mul, random, sum, tanh, tensor, toArray } from "${entry}";
const x = random.normal(random.key(1), [3, 2]);
const f = (w) => sum(tanh(matmul(x, mul(w, w))));
const said = (act) => { try { return act(); } catch (error) { return error.message; } };
report(JSON.stringify([
  backendName(),
  toArray(grad(f)(tensor([[0.5, -1], [2, 0.25]]))),
  \`\${tensor([1, 2])}\`,
  said(() => tensor(1) + tensor(2)),
  said(() => matmul(x, x)),
  said(() => debug.nans(() => tanh(tensor(Number.NaN)))),
]));`;
    const found: string[] = [];
    const page = { report: (text: string) => found.push(text) };
    for (const entry of ["onward/slim", "onward"]) runInNewContext(await bundle(program(entry)), page);
    expect(found[0]).toBe(found[1]);
    expect(JSON.parse(found[0])).toContain("matmul: inner sizes must agree, got [3,2] and [3,2]");
  });
});

describe("the package", () => {
  it("has one library: tensors of onward/slim are those of onward, which gives them methods and its backend", async () => {
    const code = `
import { backendName, isTensor, tanh, tensor } from "onward/slim";
const before = tensor([0.5]);
const found = [backendName(), typeof before.tanh];
const onward = await import("onward");
found.push(backendName() === onward.backendName(), onward.isTensor(before), isTensor(onward.tensor(1)));
found.push(before.tanh().item() === tanh(before).item(), onward.tanh === tanh);
console.log(JSON.stringify(found));`;
    const found = JSON.parse(await node(["--input-type=module", "--eval", code], { ONWARD_BACKEND: "" }));
    expect(found).toEqual(["js", "undefined", true, true, true, true, true]);
  });

  const onward = (args: readonly string[], folder = at.folder): Promise<string> =>
    output(process.execPath, [join(folder, "node_modules/onward/dist/cli/onward.js"), ...args], {
      cwd: folder,
      env: { ...process.env, ONWARD_BACKEND: "js" },
    });

  it("is installed alone, and says what is missing and how to get it", async () => {
    expect(readdirSync(join(at.folder, "node_modules")).filter((name) => !name.startsWith("."))).toEqual([
      "onward",
    ]);
    const text = await onward(["info"]);
    const names = Object.keys(
      JSON.parse(readFileSync(join(at.home, "package.json"), "utf8")).peerDependencies,
    );
    for (const name of names)
      expect(text).toMatch(
        new RegExp(`^${name} +not installed\\n {11}for .+\\n {11}to have it: npm install .*${name}`, "m"),
      );
    expect(text).toContain(`missing: addon, OpenBLAS, ${names.join(", ")}; all else works without`);
  });

  it("plans a cell of its own with the lines of its source", async () => {
    const args = ["plan", "--cells", "gru", "--input", "2", "--units", "3"];
    expect(await onward(args)).toContain(`contract at ${lineWith(sourceFiles().gru, ".Un)")}`);
  });

  it("checks a user's cell, and names the line that breaks a tie", async () => {
    const folder = join(at.folder, "with-peers");
    cpSync(join(at.folder, "node_modules"), join(folder, "node_modules"), { recursive: true });
    for (const name of ["fast-check", "pure-rand"])
      symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name), "junction");
    writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }');
    const cell = readFileSync(join(user, "my-cell.js"), "utf8");
    mkdirSync(join(folder, "user"));
    const file = join(folder, "user/claims.js");
    writeFileSync(file, cell.replace('locality: "dense"', 'locality: "unit"'));
    const line = lineWith(file, "1.0625");
    const checked = await onward(["check", "user/claims.js", "--seed", "1", "--runs", "2"], folder).catch(
      (error: { stdout: string }) => error.stdout,
    );
    expect(checked).toContain(`broken by contract at ${line}: `);
    const tied =
      'import { expectTied } from "onward/testing"; import { mine } from "./claims.js"; expectTied(mine);';
    writeFileSync(join(folder, "user/tied.js"), tied);
    const failed = output(process.execPath, ["user/tied.js"], { cwd: folder });
    await expect(failed).rejects.toThrow(`broken by contract at ${line}: `);
  });

  it("has types that stand alone in a strict project of ES2022", async () => {
    const entries = [
      "onward",
      "onward/cells",
      "onward/learn",
      "onward/nn",
      "onward/node",
      "onward/rjepa",
      "onward/slim",
    ];
    writeFileSync(join(at.folder, "strict.ts"), entries.map((entry) => `import "${entry}";\n`).join(""));
    const compilerOptions = { strict: true, noEmit: true, module: "nodenext", target: "es2022", types: [] };
    const config = join(at.folder, "strict.json");
    writeFileSync(config, JSON.stringify({ compilerOptions, files: ["strict.ts"] }));
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    await output(process.execPath, [tsc, "--project", config], { cwd: at.folder });
  }, 60_000);

  it("is published as publint and attw would have it", async () => {
    const bin = (name: string): string => join(root, "node_modules/.bin", name);
    await output(bin("publint"), ["--strict", at.tarball], { cwd: root });
    const resolved = await output(bin("attw"), ["--profile", "esm-only", "--format", "json", at.tarball], {
      cwd: root,
    });
    expect(Object.keys(JSON.parse(resolved).analysis.entrypoints)).toContain("./learn");
  });
});
