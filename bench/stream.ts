/**
 * Memory of learning on an endless stream: `npx tsx bench/stream.ts [steps]`.
 * A child process takes a million steps of Recurrent-Forward Propagation and reports what it holds on the way. Exit
 * status 1 when the resident set at the end is more than 2 MiB above that after 10,000 steps.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { cells } from "../src/cells/index.js";
import { machine } from "../src/cli/machine.js";
import { backend } from "../src/device/backend.js";
import "../src/index.js";
import { key } from "../src/core/prng.js";
import { writeFileAtomic } from "../src/data/node/write.js";
import { network, rfp } from "../src/learn/index.js";
import { randomSequence } from "../src/testing/index.js";

interface Measurement {
  readonly step: number;
  readonly residentSet: number;
  readonly heap: number;
  readonly arrays: number;
  readonly influence: number;
  readonly stepsPerSecond: number;
}

const [units, input] = [64, 64];
const allowance = 2 * 2 ** 20;
const self = fileURLToPath(import.meta.url);

/** Runs in the child: a line of JSON after each power of ten from 1,000. */
function measure(steps: number): void {
  const collect = globalThis.gc;
  if (!collect) throw new Error("stream: expected --expose-gc in the child, got no gc function");
  const model = network([cells.mingru({ input, units })]);
  // replayed, a million steps take two minutes
  const learner = rfp(model, model.init(key(1)), { compile: true });
  const samples = randomSequence(1, { input: [input], target: [units], steps: 100, batch: 1 });
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const start = performance.now();
  for (let step = 1; step <= steps; step++) {
    learner.step(samples[step % samples.length]);
    if (step !== steps && (step < 1000 || !Number.isInteger(Math.log10(step)))) continue;
    const seconds = (performance.now() - start) / 1000;
    // more than once: what a collection frees is swept and handed back in the background
    for (let i = 0; i < 3; i++) {
      collect();
      Atomics.wait(pause, 0, 0, 100);
    }
    const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
    const found: Measurement = {
      step,
      residentSet: rss,
      heap: heapUsed,
      arrays: arrayBuffers,
      influence: learner.memory().bytes,
      stepsPerSecond: step / seconds,
    };
    console.log(JSON.stringify(found));
  }
}

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(2);
const columns: readonly [string, (m: Measurement) => string][] = [
  ["steps", (m) => m.step.toLocaleString("en-US")],
  ["resident set (MiB)", (m) => mebibytes(m.residentSet)],
  ["heap (MiB)", (m) => mebibytes(m.heap)],
  ["arrays (MiB)", (m) => mebibytes(m.arrays)],
  ["influence (bytes)", (m) => m.influence.toLocaleString("en-US")],
  ["steps a second", (m) => Math.round(m.stepsPerSecond).toLocaleString("en-US")],
];
const row = (cells: readonly string[]): string =>
  cells.map((c, i) => c.padStart(columns[i][0].length)).join("  ");

async function report(steps: number): Promise<void> {
  console.log(`rfp, mingru, n = ${units}, m = ${input}, one stream, float64`);
  console.log(row(columns.map(([title]) => title)));
  // how soon the engine lets its young generation grow to 16 MiB is no figure of the library's: it starts there
  const engine = ["--expose-gc", "--min-semi-space-size=16", "--max-semi-space-size=16"];
  const child = spawn(process.execPath, [...engine, "--import", "tsx", self, `${steps}`, "--child"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const found: Measurement[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const measurement = JSON.parse(line) as Measurement;
    found.push(measurement);
    console.log(row(columns.map(([, show]) => show(measurement))));
  }
  process.exitCode = (await ended) ?? 1;
  const settled = found.find((m) => m.step === 10_000);
  const last = found[found.length - 1];
  if (process.exitCode !== 0 || !settled || last.step <= settled.step) return;
  const growth = last.residentSet - settled.residentSet;
  console.log(`resident set since step 10,000: ${growth < 0 ? "" : "+"}${mebibytes(growth)} MiB`);
  const machineAndRows = {
    kind: "stream",
    backend: backend().name,
    machine: machine(),
    units,
    input,
    rows: found,
  };
  await writeFileAtomic(
    fileURLToPath(new URL("results/stream.json", import.meta.url)),
    `${JSON.stringify(machineAndRows, null, 2)}\n`,
  );
  if (growth > allowance) process.exitCode = 1;
}

const steps = Number(process.argv[2] ?? 1_000_000);
if (!Number.isInteger(steps) || steps < 1) {
  console.error(`stream: expected a number of steps >= 1, got "${process.argv[2]}"`);
  process.exitCode = 1;
} else if (process.argv.includes("--child")) measure(steps);
else await report(steps);
