// Builds dist/: declarations file by file; the library as its entries over shared chunks (one copy of its state, few
// files to load); and the command line with its own dependencies inside.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { markMachinery } from "./mark-machinery.mjs";
import { writeNamespaces } from "./namespaces.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cli = join(root, "src/cli");
const outfile = join(root, "dist/cli/onward.js");

/** Imports that leave src/cli stay imports, of the same library files in dist that users import. */
const libraryStaysOutside = {
  name: "library-stays-outside",
  setup(esbuild) {
    esbuild.onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
      if (!`${resolveDir}/`.startsWith(`${cli}/`)) return undefined;
      const target = relative(cli, join(resolveDir, path)).replaceAll("\\", "/");
      return target.startsWith("../") ? { path: target, external: true } : undefined;
    });
  },
};

/** The license texts of what was bundled, as these licenses ask. */
function bundledLicenses(inputs) {
  const packages = new Set(
    inputs.flatMap((input) => input.match(/^node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0] ?? []),
  );
  return [...packages].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    const file = ["LICENSE", "LICENSE.md", "LICENSE-MIT.txt", "license"].find((f) =>
      existsSync(join(root, folder, f)),
    );
    const text = file ? readFileSync(join(root, folder, file), "utf8").trim() : `License: ${license}`;
    return `${name} ${version}\n\n${text}\n`;
  });
}

/**
 * npm links a package's own bin for those who install it, not in its own checkout;
 * with this link `npx onward` works there too.
 */
function linkOwnBin() {
  const folder = join(root, "node_modules/.bin");
  const link = join(folder, "onward");
  if (process.platform === "win32" || !existsSync(join(root, "node_modules"))) return;
  mkdirSync(folder, { recursive: true });
  rmSync(link, { force: true });
  symlinkSync("../../dist/cli/onward.js", link);
}

rmSync(join(root, "dist"), { recursive: true, force: true });
execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.build.json"], {
  cwd: root,
  stdio: "inherit",
});
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: [join(cli, "onward.ts"), join(cli, "module-hooks.ts")],
  outdir: dirname(outfile),
  bundle: true,
  // a command and what it needs load when it is asked for; all in one folder, since imports of the library are relative
  splitting: true,
  chunkNames: "[hash]",
  platform: "node",
  format: "esm",
  target: "node20",
  sourcemap: true,
  // the package has its sources
  sourcesContent: false,
  metafile: true,
  logLevel: "warning",
  external: ["sharp", "vega", "vega-lite"],
  plugins: [libraryStaysOutside],
  // The bundled CommonJS packages call require() for Node's own modules.
  banner: {
    js: 'import { createRequire as onwardRequire } from "node:module"; const require = onwardRequire(import.meta.url);',
  },
});
// what the command line imports of the library is an entry as well
const asked = Object.values(metafile.outputs)
  .flatMap(({ imports }) => imports)
  .filter(({ external, path }) => external && path.startsWith("../"))
  .map(({ path }) => path.replace(/^\.\.\//, "").replace(/\.js$/, ""));
const entries = readdirSync(join(root, "src/entry")).map((file) => `entry/${file.replace(/\.ts$/, "")}`);
const names = [...new Set(["index", ...entries, ...asked])];
/**
 * Runs anywhere and imports no optional package. Files cost more than bytes, so this is in few chunks: what is asked for of src/core,
 * with which the command line starts without the library; what onward/slim needs beside it; what onward needs beside that, for
 * these two are what is bundled for browsers; and the rest, all of which the other entries load.
 */
const core = names.filter((name) => name.startsWith("core/"));
const library = names.filter((name) =>
  /^(index$|entry\/(cells|learn|nn)$|(tensor|ops|cells|learn|nn)\/)/.test(name),
);
const loadedWith = (name) => {
  if (core.includes(name)) return core;
  return name === "index" || name === "entry/slim" ? [] : library;
};
const inFewChunks = {
  name: "in-few-chunks",
  setup(esbuild) {
    const source = (name) => JSON.stringify(`./${name}.ts`);
    esbuild.onResolve({ filter: /^entry:/ }, ({ path }) => ({ path: path.slice(6), namespace: "entry" }));
    esbuild.onLoad({ filter: /.*/, namespace: "entry" }, ({ path }) => ({
      contents: `${loadedWith(path)
        .map((name) => `import ${source(name)};`)
        .join("\n")}\nexport * from ${source(path)};`,
      resolveDir: join(root, "src"),
    }));
  },
};
const outcome = await build({
  absWorkingDir: root,
  entryPoints: names.map((name) => ({ in: `entry:${name}`, out: name })),
  outdir: "dist",
  bundle: true,
  splitting: true,
  chunkNames: "chunks/[hash]",
  platform: "node",
  format: "esm",
  target: "es2022",
  sourcemap: true,
  // the package has its sources
  sourcesContent: false,
  metafile: true,
  logLevel: "warning",
  packages: "external",
  plugins: [inFewChunks],
});
// What runs in a thread shares no state with the library anyway: a file of its own with all that it needs, which starts soonest.
const threads = await build({
  absWorkingDir: root,
  entryPoints: ["src/rjepa/run/loader-worker.ts"],
  outdir: "dist",
  outbase: "src",
  bundle: true,
  platform: "node",
  format: "esm",
  target: "es2022",
  sourcemap: true,
  // the package has its sources
  sourcesContent: false,
  metafile: true,
  logLevel: "warning",
  packages: "external",
});
const built = [outcome, threads]
  .flatMap(({ metafile }) => Object.keys(metafile.outputs))
  .filter((file) => file.endsWith(".js"))
  .map((file) => join(root, file));
writeNamespaces(built);
await markMachinery(root, built);
chmodSync(outfile, 0o755);
const licenses = bundledLicenses(Object.keys(metafile.inputs));
writeFileSync(join(root, "dist/cli/LICENSES.txt"), licenses.join(`\n${"-".repeat(72)}\n\n`));
linkOwnBin();
