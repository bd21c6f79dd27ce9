import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Outcome } from "./fuzz.js";

const child = fileURLToPath(new URL("child.ts", import.meta.url));

export interface Finished extends Outcome {
  readonly backend: string;
}

/** Runs the fuzz in a process of its own with little memory; an error tells where one ended without a result. */
export function runChild(backend: string, calls: number, seed: number): Finished {
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    ["--max-old-space-size=768", "--import", "tsx", child, `${calls}`, `${seed}`],
    { encoding: "utf8", env: { ...process.env, ONWARD_BACKEND: backend }, maxBuffer: 2 ** 28 },
  );
  if (status !== 0)
    throw new Error(
      `the process of ${calls} calls on ${backend} with seed ${seed} ended with ${signal ?? status}: ${stderr.slice(-2000)}`,
    );
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Finished;
}
