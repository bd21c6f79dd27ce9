/** A process of its own for the fuzz, so that an abort is seen: `child.ts CALLS SEED [NAME] [LOG]` prints what came as JSON, and
 * writes the call at hand to the file LOG. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { backend } from "../../src/device/backend.js";
import { fuzz } from "./fuzz.js";

// large arrays are refused as on a small machine, not made by the dozen
process.availableMemory = () => 2 ** 30;
const [calls, seed, only, log] = process.argv.slice(2);
// functions that read and write files do so here, also in the folder above
const folder = mkdtempSync(join(tmpdir(), "onward-hostile-"));
mkdirSync(join(folder, "inner"));
process.chdir(join(folder, "inner"));
try {
  const outcome = await fuzz(Number(calls), Number(seed), only, (call) => {
    if (log) writeFileSync(log, call());
  });
  process.stdout.write(`${JSON.stringify({ backend: backend().name, ...outcome })}\n`);
} finally {
  process.chdir(tmpdir());
  rmSync(folder, { recursive: true, force: true });
}
