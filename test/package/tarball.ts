/** The packed package, installed alone. */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** What dist/ is made of. */
const sources = ["src", "scripts", "package.json", "tsconfig.json", "tsconfig.build.json"];

function newest(path: string): number {
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  return Math.max(mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** Whether dist/ was built from what is there now. */
function isFresh(): boolean {
  const built = join(root, "dist/index.js");
  return existsSync(built) && sources.every((path) => newest(join(root, path)) <= statSync(built).mtimeMs);
}

/** A copy of the sources, built: other tests may be using dist/ meanwhile. */
function buildElsewhere(folder: string): string {
  const stage = join(folder, "stage");
  mkdirSync(join(stage, "node_modules"), { recursive: true });
  const kept = ["native", "docs", "binding.gyp", "README.md", "LICENSE", "CHANGELOG.md"];
  for (const path of [...sources, ...kept]) cpSync(join(root, path), join(stage, path), { recursive: true });
  for (const name of readdirSync(join(root, "node_modules"))) {
    const [from, to] = [join(root, "node_modules", name), join(stage, "node_modules", name)];
    // npm packs what lies in the folder, not behind links
    if (/^node-a(ddon-api|pi-headers)$/.test(name)) cpSync(from, to, { recursive: true });
    else if (!name.startsWith(".")) symlinkSync(from, to);
  }
  execFileSync(process.execPath, ["scripts/build.mjs"], { cwd: stage, stdio: "pipe" });
  return stage;
}

export interface Installed {
  /** The project of a user who has installed the package. */
  readonly folder: string;
  /** The package in it. */
  readonly home: string;
  readonly tarball: string;
  /** Why the addon is not there; `null` where it is. */
  readonly noAddon: string | null;
}

/** Packs the package and installs it without any other. No script of the package runs; the addon is that of this checkout. */
export function install(): Installed {
  const folder = mkdtempSync(join(tmpdir(), "onward-packed-"));
  const npm = (args: readonly string[], cwd: string) =>
    execFileSync("npm", [...args, "--ignore-scripts", "--offline", "--no-update-notifier"], {
      cwd,
      stdio: "pipe",
    });
  const from = isFresh() ? root : buildElsewhere(folder);
  npm(["pack", "--pack-destination", folder], from);
  const tarball = readdirSync(folder).find((file) => file.endsWith(".tgz")) ?? "none";
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  npm(["install", "--omit=optional", "--omit=peer", `./${tarball}`], folder);
  const home = join(folder, "node_modules/onward");
  const addon = join(root, "build/Release/onward.node");
  if (existsSync(addon)) cpSync(addon, join(home, "build/Release/onward.node"), { recursive: true });
  return {
    folder,
    home,
    tarball: join(folder, tarball),
    noAddon: existsSync(addon) ? null : "the addon is not built",
  };
}
