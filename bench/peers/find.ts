/** Which competitors there are on this machine, and how each is started. What is missing is a sentence. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Child, type Command, type Competitor, FreshProcess } from "./competitor.js";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
/** Made by the runner: not in git. */
const built = here("../../runs/peers");

type Found = Command | { readonly missing: string };

/** Runs the finding once, whoever asks. */
function once<T>(find: () => T): () => T {
  let found: { readonly value: T } | undefined;
  return () => {
    found ??= { value: find() };
    return found.value;
  };
}

/** Why the packages of bench/peers/package.json are not there; "" where they are. */
const packages = once((): string => {
  if (existsSync(here("node_modules/@jax-js/jax"))) return "";
  console.error("bench: installing the packages of bench/peers");
  const args = ["ci", "--no-audit", "--no-fund", "--ignore-scripts"];
  const { status } = spawnSync("npm", args, { cwd: here("."), stdio: ["ignore", "ignore", "inherit"] });
  return status === 0 ? "" : 'they could not be installed; run "npm ci" in bench/peers';
});

/** A file of JavaScript that needs the packages. */
function script(name: string, file: string, ...args: string[]): Found {
  const missing = packages();
  return missing
    ? { missing: `${name} is skipped: ${missing}.` }
    : { file: process.execPath, args: ["--expose-gc", here(file), ...args] };
}

/** An interpreter that imports torch. */
const python = once((): string | null => {
  const file = process.env.ONWARD_PYTHON || "python3";
  return spawnSync(file, ["-c", "import torch"]).status === 0 ? file : null;
});

function torch(file: string): Found {
  const interpreter = python();
  return interpreter === null
    ? { missing: "torch is skipped: python3, or what ONWARD_PYTHON names instead, does not import it." }
    : { file: interpreter, args: ["-B", here(file)] };
}

/** Flags that compile against OpenBLAS, by whichever way finds it. */
function openBlas(): readonly string[][] {
  const { status, stdout } = spawnSync("pkg-config", ["--cflags", "--libs", "openblas"], {
    encoding: "utf8",
  });
  const told = status === 0 ? [stdout.trim().split(/\s+/)] : [];
  return [...told, ["-lopenblas"]].map((flags) => ["-DWITH_OPENBLAS", ...flags]);
}

/** The C competitor, compiled; with threads and OpenBLAS where the compiler finds them. */
const compiled = once((): Found => {
  const compiler = process.env.CC || "cc";
  if (spawnSync(compiler, ["--version"]).status !== 0)
    return { missing: `C is skipped: there is no compiler ${compiler}; CC chooses another one.` };
  mkdirSync(built, { recursive: true });
  const sources = ["peer", "work", "online", "products", "rtrl"].map((name) => here(`c/${name}.c`));
  const output = `${built}/peer`;
  const common = ["-O3", "-march=native", "-ffast-math", ...sources, "-o", output];
  for (const blas of [...openBlas(), []])
    for (const threads of [["-fopenmp"], []]) {
      const { status } = spawnSync(compiler, [...common, ...threads, ...blas, "-lm"]);
      if (status === 0) return { file: output, args: [] };
    }
  return { missing: `C is skipped: ${compiler} does not compile bench/peers/c.` };
});

const onward = (env: Readonly<Record<string, string>>): Found => ({
  file: process.execPath,
  args: ["--expose-gc", "--import", "tsx", here("onward/peer.ts")],
  env,
});

const commands: Readonly<Record<string, () => Found>> = {
  "onward native": () => onward({ ONWARD_BACKEND: "native" }),
  "onward own": () => onward({ ONWARD_BACKEND: "native", ONWARD_BLAS: "own" }),
  "onward js": () => onward({ ONWARD_BACKEND: "js" }),
  c: () => compiled(),
  torch: () => torch("python/peer.py"),
  "tfjs-cpu": () => script("tfjs-cpu", "tfjs.mjs", "cpu"),
  "tfjs-wasm": () => script("tfjs-wasm", "tfjs.mjs", "wasm"),
  "jax-js": () => script("jax-js", "jax-js.mjs"),
};

/** Whole processes that compute a first gradient, and one that computes nothing. */
const fresh: Readonly<Record<string, () => Found>> = {
  "onward native": () => {
    if (!existsSync(here("../../dist/index.js")))
      execFileSync("npm", ["run", "build"], { cwd: here("../..") });
    return { file: process.execPath, args: [here("first/onward.mjs")], env: { ONWARD_BACKEND: "native" } };
  },
  "bare node": () => ({ file: process.execPath, args: [here("first/node.mjs")] }),
  torch: () => torch("first/first.py"),
  "tfjs-cpu": () => script("tfjs-cpu", "first/tfjs-cpu.mjs"),
  "jax-js": () => script("jax-js", "first/jax-js.mjs"),
};

/** Competitors by name, work and threads; each is started when it is first needed. */
export class Competitors {
  readonly skipped = new Set<string>();
  private readonly started = new Map<string, Competitor>();

  /** The competitor, or null where it is missing. */
  get(name: string, work: string, threads: number): Competitor | null {
    const isFresh = work === "first";
    const key = `${name} ${isFresh ? work : threads}`;
    const known = this.started.get(key);
    if (known) return known;
    const found = (isFresh ? fresh : commands)[name]();
    if ("missing" in found) {
      this.skipped.add(found.missing);
      return null;
    }
    const made = isFresh ? new FreshProcess(name, found) : new Child(name, found, threads);
    this.started.set(key, made);
    return made;
  }

  /** What all that were started say of themselves. */
  async versions(): Promise<Record<string, string>> {
    const all = await Promise.all([...this.started.values()].map((c) => c.versions()));
    return Object.assign({}, ...all);
  }

  async forget(): Promise<void> {
    for (const competitor of this.started.values()) await competitor.forget();
  }

  close(): void {
    for (const competitor of this.started.values()) competitor.close();
  }
}
