import type { AddonInfo } from "../../backends/native/addon.js";
import type { Command } from "../command.js";
import { type Machine, machine } from "../machine.js";
import { jsonOf, print } from "../terminal.js";

/** What a report of a problem should say about the machine. */
interface Info extends Machine {
  backends: string[];
  backend: string;
  /** What the native addon runs with, or why it does not run. */
  native: AddonInfo | { readonly missing: string };
  /** Optional packages by name; null where one is not installed. */
  optional: Record<string, string | null>;
}

/** Optional packages and what npm has to install for them. */
const optionalPackages = { sharp: "sharp", vega: "vega@5", "vega-lite": "vega-lite@5" } as const;
type OptionalPackage = keyof typeof optionalPackages;

export const command: Command = {
  name: "info",
  summary: "versions, backends and what this machine offers",
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
  const { backend, backendNames } = await import("../../tensor/backend.js");
  const { nativeStatus } = await import("../../backends/native/index.js");
  const native = nativeStatus();
  const versions = await Promise.all(
    (Object.keys(optionalPackages) as OptionalPackage[]).map(
      async (name) => [name, await installed(name)] as const,
    ),
  );
  return {
    ...machine(),
    backends: backendNames(),
    backend: backend().name,
    native: typeof native === "string" ? { missing: native } : native,
    optional: Object.fromEntries(versions),
  };
}

async function installed(name: OptionalPackage): Promise<string | null> {
  try {
    if (name === "sharp") return (await import("sharp")).default.versions.sharp ?? "unknown";
    if (name === "vega") return (await import("vega")).version;
    return (await import("vega-lite")).version;
  } catch {
    return null;
  }
}

function describe(native: Info["native"]): string {
  if ("missing" in native) return `not in use: ${native.missing}`;
  const { simd, threads, blas, blasFile } = native;
  return `${simd}, ${threads} ${threads === 1 ? "thread" : "threads"}, ${blas}${blasFile && ` (${blasFile})`}`;
}

function table(info: Info): string {
  const rows: [string, string][] = [
    ["onward", info.onward],
    ["node", info.node],
    ["platform", info.platform],
    ["processor", `${info.cpu}, ${info.cores} cores`],
    ["memory", `${(info.memory / 2 ** 30).toFixed(1)} GiB`],
    ["backends", info.backends.map((name) => (name === info.backend ? `${name} (in use)` : name)).join(", ")],
    ["native", describe(info.native)],
    ...Object.entries(info.optional).map(([name, found]): [string, string] => [
      name,
      found ?? `not installed (npm install ${optionalPackages[name as OptionalPackage]})`,
    ]),
  ];
  return rows.map(([key, value]) => `${key.padEnd(11)}${value}\n`).join("");
}
