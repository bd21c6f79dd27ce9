import type { AddonInfo } from "../../backends/native/addon.js";
import type { Command } from "../command.js";
import { type Machine, machine } from "../machine.js";
import { findPackages, type OptionalPart } from "../optional-parts.js";
import { jsonOf, print } from "../terminal.js";

/** What a report of a problem should say about the machine. */
interface Info extends Machine {
  backends: string[];
  backend: string;
  /** What the native addon runs with, or why it does not run. */
  native: AddonInfo | { readonly missing: string };
  /** What the library runs without: the addon, its BLAS, packages. */
  optional: readonly OptionalPart[];
}

export const command: Command = {
  name: "info",
  summary: "versions, backends, what this machine offers, and every optional part with what needs it",
  configure(program) {
    program.option("--json", "print JSON").action(async (options: { json?: boolean }) => {
      const info = await collect();
      print(options.json ? `${jsonOf(info, 2)}\n` : table(info));
    });
  },
};

async function collect(): Promise<Info> {
  // Loading the library registers its backends.
  await import("../../index.js");
  const { backend, backendNames } = await import("../../device/backend.js");
  const { nativeStatus } = await import("../../backends/native/index.js");
  const native = nativeStatus();
  return {
    ...machine(),
    backends: backendNames(),
    backend: backend().name,
    native: typeof native === "string" ? { missing: native } : native,
    optional: [addonPart(native), blasPart(native), ...(await findPackages())],
  };
}

function addonPart(native: AddonInfo | string): OptionalPart {
  const part = { name: "addon", neededBy: "speed: without it everything runs in TypeScript" };
  if (typeof native !== "string")
    return { ...part, found: describe(native), reason: null, install: "npm rebuild onward" };
  const install =
    process.env.ONWARD_BACKEND === "js"
      ? "unset ONWARD_BACKEND"
      : "apt-get install cmake g++, or their like; then npm rebuild onward";
  return { ...part, found: null, reason: native, install };
}

/** The addon has matrix products of its own. */
function blasPart(native: AddonInfo | string): OptionalPart {
  const found = typeof native !== "string" && native.blasFile ? native.blasFile : null;
  return {
    name: "OpenBLAS",
    neededBy: "faster matrix products of the addon",
    found,
    reason: typeof native === "string" ? "the addon is not in use" : null,
    install: "apt-get install libopenblas-dev, or its like",
  };
}

function describe({ simd, threads, blas }: AddonInfo): string {
  return `${simd}, ${threads} ${threads === 1 ? "thread" : "threads"}, products by ${blas}`;
}

function table(info: Info): string {
  const rows: [string, string][] = [
    ["onward", info.onward],
    ["node", info.node],
    ["platform", info.platform],
    ["processor", `${info.cpu}, ${info.cores} cores`],
    ["memory", `${(info.memory / 2 ** 30).toFixed(1)} GiB`],
    ["backends", info.backends.map((name) => (name === info.backend ? `${name} (in use)` : name)).join(", ")],
  ];
  const indent = " ".repeat(11);
  const parts = info.optional.map(
    ({ name, neededBy, found, reason, install }) =>
      `${name.padEnd(11)}${found ?? (reason ? `not in use: ${reason}` : "not installed")}\n${indent}for ${neededBy}\n${
        found === null ? `${indent}to have it: ${install}\n` : ""
      }`,
  );
  const missing = info.optional.filter(({ found }) => found === null).map(({ name }) => name);
  return [
    ...rows.map(([key, value]) => `${key.padEnd(11)}${value}\n`),
    "\noptional parts\n",
    ...parts,
    missing.length === 0
      ? "\nnothing is missing\n"
      : `\nmissing: ${missing.join(", ")}; all else works without\n`,
  ].join("");
}
