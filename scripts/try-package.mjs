// Installs the packed package into an empty folder, without any optional package, and uses it as its users would: first
// where no compiler is found, then with the addon where it can be built. node scripts/try-package.mjs. Build first.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), "onward-package-"));
const run = (command, args, cwd = folder, env = {}) =>
  execFileSync(command, args, { cwd, encoding: "utf8", stdio: "pipe", env: { ...process.env, ...env } });

/** A folder for PATH with Node and a shell, and no tool to build anything with. */
function pathWithoutTools() {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  for (const name of ["node", "npm", "sh"]) {
    const found = process.env.PATH.split(delimiter).find((place) => exists(join(place, name)));
    if (found) symlinkSync(join(found, name), join(bin, name));
  }
  return bin;
}

const exists = (path) => statSync(path, { throwIfNoEntry: false }) !== undefined;
const sizeOf = (path) =>
  readdirSync(path, { recursive: true }).reduce((n, file) => n + statSync(join(path, file)).size, 0);
const info = (env) => JSON.parse(run("npx", ["--no-install", "onward", "info", "--json"], folder, env));

function hasTool(name) {
  try {
    return run(name, ["--version"]) !== "";
  } catch {
    return false;
  }
}

try {
  run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], root);
  const archive = readdirSync(folder).find((file) => file.endsWith(".tgz"));
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  run("npm", ["install", "--offline", "--omit=optional", "--omit=peer", `./${archive}`], folder, {
    PATH: pathWithoutTools(),
  });
  const installed = readdirSync(join(folder, "node_modules")).filter((name) => !name.startsWith("."));
  if (installed.join() !== "onward")
    throw new Error(`try-package: expected to install onward alone, got ${installed.join(", ")}`);
  const uses = {
    help: ["--help"],
    info: ["info"],
    plan: ["plan", "--cells", "mingru,gru", "--input", "4", "--units", "3"],
    time: ["bench", "time", "--cells", "leaky", "--units", "2", "--seconds", "0.5"],
    memory: ["bench", "memory", "--cells", "leaky", "--units", "2", "--steps", "2", "--rules", "rfp"],
  };
  for (const [name, args] of Object.entries(uses)) {
    const printed = run("npx", ["--no-install", "onward", ...args]);
    if (printed.trim() === "")
      throw new Error(`try-package: expected "onward ${name}" to print, got nothing`);
    console.log(`onward ${args.join(" ")}: ${printed.split("\n").length} lines`);
  }
  writeFileSync(
    join(folder, "use.js"),
    'import { grad, tensor } from "onward"; import "onward/cells"; import "onward/learn"; import "onward/nn"; import "onward/node"; import "onward/rjepa"; console.log(grad((x) => x.square().sum())(tensor([1, 2])).toArray().join());',
  );
  const gradient = run("node", ["use.js"]).trim();
  if (gradient !== "2,4") throw new Error(`try-package: expected the gradient 2,4, got ${gradient}`);
  console.log("imports of onward, cells, learn, nn, node and rjepa work");
  const without = info();
  if (without.backend !== "js" || !without.native.missing)
    throw new Error(
      `try-package: expected js alone without a compiler, got ${JSON.stringify(without.native)}`,
    );
  console.log(`without a compiler: ${without.native.missing}`);
  run("npm", ["rebuild", "onward"]);
  const { native } = info({ ONWARD_BACKEND: hasTool("cmake") && hasTool("c++") ? "native" : "" });
  console.log(`with what is here: ${native.missing ?? JSON.stringify(native)}`);
  const size = sizeOf(join(folder, "node_modules/onward"));
  console.log(`installed: ${(size / 2 ** 20).toFixed(1)} MiB`);
  if (size > 10e6) throw new Error(`try-package: expected at most 10 MB installed, got ${size} bytes`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
