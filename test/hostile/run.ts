import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Outcome } from "./fuzz.js";

const child = fileURLToPath(new URL("child.ts", import.meta.url));

export interface Finished extends Outcome {
  readonly backend: string;
}

/** Milliseconds that a process may take: a call takes a few, unless it never ends. */
const timeOf = (calls: number): number => 60_000 + 20 * calls;

/** Runs the fuzz in a process of its own with little memory; an error tells the call in which one ended without a result. */
export function runChild(backend: string, calls: number, seed: number): Finished {
  const first = run(backend, calls, seed);
  if (first.status === 0) return JSON.parse(first.stdout.trim().split("\n").at(-1) ?? "") as Finished;
  // once more, to hear of each call before it is made
  const folder = mkdtempSync(join(tmpdir(), "onward-calls-"));
  try {
    const log = join(folder, "call");
    const { status, signal, stderr } = run(backend, calls, seed, "", log);
    throw new Error(
      `the process of ${calls} calls on ${backend} with seed ${seed} ended with ${signal ?? status} in ${readFileSync(log, "utf8")}: ${stderr.slice(-2000)}`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(backend: string, calls: number, seed: number, ...rest: string[]) {
  return spawnSync(
    process.execPath,
    ["--max-old-space-size=768", "--import", "tsx", child, `${calls}`, `${seed}`, ...rest],
    {
      encoding: "utf8",
      env: { ...process.env, ONWARD_BACKEND: backend },
      maxBuffer: 2 ** 28,
      timeout: timeOf(calls),
      killSignal: "SIGKILL",
    },
  );
}
