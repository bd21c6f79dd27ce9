// Installs the packed package into an empty folder, without any optional package, and uses it as its users would:
// node scripts/try-package.mjs. Build first.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), "onward-package-"));
const run = (command, args, cwd = folder) =>
  execFileSync(command, args, { cwd, encoding: "utf8", stdio: "pipe" });

try {
  run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], root);
  const archive = readdirSync(folder).find((file) => file.endsWith(".tgz"));
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  run("npm", ["install", "--offline", "--omit=optional", "--omit=peer", "--ignore-scripts", `./${archive}`]);
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
    'import { grad, tensor } from "onward"; import "onward/cells"; import "onward/learn"; import "onward/nn"; import "onward/rjepa"; console.log(grad((x) => x.square().sum())(tensor([1, 2])).toArray().join());',
  );
  const gradient = run("node", ["use.js"]).trim();
  if (gradient !== "2,4") throw new Error(`try-package: expected the gradient 2,4, got ${gradient}`);
  console.log("imports of onward, cells, learn, nn and rjepa work");
} finally {
  rmSync(folder, { recursive: true, force: true });
}
