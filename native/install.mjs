// Builds the C++ addon where CMake and a compiler are at hand: node native/install.mjs [--strict]
// Run when the package is installed. Downloads nothing. A checkout, where cmake-js is among the tools, builds through that; who
// installs the package needs CMake and a compiler only. Where it cannot build it says so in one line, and the library
// runs on its js backend; with --strict it shows what the tools say, and fails.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const strict = process.argv.includes("--strict");
const source = dirname(fileURLToPath(import.meta.url));
const root = dirname(source);
const isCheckout = existsSync(join(root, "tsconfig.json"));
const build = join(root, "build/native");
const log = join(root, "build/native.log");
const said = [];

/** Runs a tool; false where it is missing or fails. */
function tool(name, args) {
  const { status, error, stdout, stderr } = spawnSync(name, args, {
    cwd: root,
    encoding: "utf8",
    stdio: strict ? "inherit" : "pipe",
  });
  said.push(`${name} ${args.join(" ")}`, stdout ?? "", stderr ?? "", error ? String(error) : "");
  return status === 0;
}

function includes() {
  const require = createRequire(import.meta.url);
  return ["node-api-headers", "node-addon-api"].map((name) => resolve(require(name).include_dir)).join(";");
}

/** The program of cmake-js; null where it is not installed. */
function cmakeJs() {
  if (!isCheckout) return null;
  try {
    return createRequire(import.meta.url).resolve("cmake-js/bin/cmake-js");
  } catch {
    return null;
  }
}

/** One of its commands. */
const cmakeJsDoes = (program, command) =>
  tool(process.execPath, [
    ...[program, command, "--directory", source, "--out", build, "--config", "Release"],
    ...["--parallel", String(availableParallelism())],
  ]);

/** What an earlier build in another folder, or with another compiler or generator, has left is removed. */
function configure(cmakeJs) {
  const once = cmakeJs ? () => cmakeJsDoes(cmakeJs, "configure") : configurePlainly;
  if (once()) return true;
  if (!existsSync(join(build, "CMakeCache.txt"))) return false;
  rmSync(build, { recursive: true, force: true });
  return once();
}

function configurePlainly() {
  const args = [
    "-S",
    source,
    "-B",
    build,
    "-DCMAKE_BUILD_TYPE=Release",
    `-DONWARD_NODE_INCLUDE=${includes()}`,
  ];
  return tool("cmake", args);
}

/** Builds the addon. Returns what is missing, or nothing where all went well. */
function install() {
  if (!tool("cmake", ["--version"])) return "CMake is not installed";
  mkdirSync(build, { recursive: true });
  const program = cmakeJs();
  if (!configure(program)) return "no C++17 compiler was found that CMake can use";
  const isBuilt = program
    ? cmakeJsDoes(program, "build")
    : tool("cmake", ["--build", build, "--parallel", String(availableParallelism())]);
  if (!isBuilt) return "it does not compile";
  return null;
}

let missing;
try {
  missing = install();
} catch (error) {
  missing = error.message;
}
if (missing !== null) {
  // never leave one behind that does not belong to these sources
  rmSync(join(root, "build/Release/onward.node"), { force: true });
  try {
    mkdirSync(dirname(log), { recursive: true });
    writeFileSync(log, said.join("\n"));
  } catch {
    // a folder that nobody may write to: the sentence below has to do
  }
  console.log(
    `onward: the native addon is not built, since ${missing}; the js backend is used. For more speed install CMake 3.16 or later and a C++17 compiler, and run npm rebuild onward (log: ${log}).`,
  );
  if (strict) process.exitCode = 1;
} else if (!isCheckout) {
  // an installed package keeps the addon alone
  rmSync(build, { recursive: true, force: true });
}
