/**
 * `npm run bench [-- memory|time|gradient|tasks|stream|page ...] [--quick] [--resume]`: takes the figures, all parts by
 * default, prints them as tables and keeps them in bench/results; `page` draws the plots and brings docs/benchmarks.md up
 * to date. With `--resume`, memory keeps what is measured in bench/results and takes what was left out there.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import "../src/index.js";
import { gradientCount, gradientTable, sweepGradients } from "../src/cli/bench/gradient.js";
import {
  type MemoryRow,
  type MemorySweep,
  memoryLegend,
  memoryTable,
  type OnwardCommand,
  sweepMemory,
} from "../src/cli/bench/memory.js";
import { sweepTime, type TimeRow, type TimeSweep, timeTable } from "../src/cli/bench/time.js";
import { machine } from "../src/cli/machine.js";
import { createProgress } from "../src/cli/progress.js";
import { writeFiles } from "../src/data/node/write.js";
import { backend } from "../src/device/backend.js";
import { writePage } from "./page.js";
import { full, quick, type Suites } from "./suites.js";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const onward: OnwardCommand = [process.execPath, "--import", "tsx", here("../src/cli/onward.ts")];

/** Shows progress on the error stream while a sweep runs. */
async function counted<R>(
  label: string,
  total: number,
  sweep: (tell: () => void) => R | Promise<R>,
): Promise<R> {
  const progress = createProgress(total, { unit: "figures", label });
  let done = 0;
  try {
    return await sweep(() => progress.update(++done));
  } finally {
    progress.stop();
  }
}

async function keep(kind: string, results: string, rows: unknown): Promise<void> {
  const found = { kind, backend: backend().name, machine: machine(), rows };
  const file = `${kind}.json`;
  await writeFiles("bench", results, { [file]: `${JSON.stringify(found, null, 1)}\n` });
  console.log(`${join(results, file)}\n`);
}

async function memory({ memory: suite }: Suites, results: string): Promise<void> {
  const rows: Record<string, MemoryRow[]> = {};
  const known: Record<string, MemoryRow[]> = isResumed
    ? JSON.parse(readFileSync(`${results}/memory.json`, "utf8")).rows
    : {};
  for (const [name, sweep] of Object.entries(suite) as [string, MemorySweep][]) {
    const total = sweep.subjects.length * sweep.rules.length * sweep.steps.length;
    const whole = { ...sweep, known: known[name] };
    rows[name] = await counted(`memory, ${name}`, total, (tell) => sweepMemory(whole, onward, tell));
    console.log(memoryTable(rows[name]));
    // half an hour of figures is kept as it grows
    await keep("memory", results, { ...known, ...rows });
  }
  console.log(memoryLegend);
}

async function time({ time: suite }: Suites, results: string): Promise<void> {
  const rows: Record<string, TimeRow[]> = {};
  for (const [name, sweep] of Object.entries(suite) as [string, TimeSweep][]) {
    const total = sweep.subjects.length * sweep.rules.length;
    rows[name] = await counted(`time, ${name}`, total, (tell) => sweepTime(sweep, tell));
    console.log(timeTable(rows[name]));
  }
  await keep("time", results, rows);
}

async function gradient({ gradient: sweep }: Suites, results: string): Promise<void> {
  const rows = await counted("gradient", gradientCount(sweep), (tell) => sweepGradients(sweep, tell));
  console.log(gradientTable(rows));
  await keep("gradient", results, rows);
}

/** Another script of this folder, in a process of its own. */
function script(name: string, ...args: string[]): void {
  execFileSync(process.execPath, ["--import", "tsx", here(name), ...args], { stdio: "inherit" });
}

const parts: Readonly<Record<string, (suites: Suites, results: string, isQuick: boolean) => unknown>> = {
  memory,
  time,
  gradient,
  tasks: (_, __, isQuick) => script("tasks.ts", ...(isQuick ? ["--quick"] : [])),
  stream: (_, __, isQuick) => script("stream.ts", ...(isQuick ? ["20000"] : [])),
  // a quick run has nothing to publish
  page: (_, __, isQuick) => (isQuick ? undefined : writePage()),
};

const args = process.argv.slice(2);
const isQuick = args.includes("--quick");
const isResumed = args.includes("--resume");
const chosen = args.filter((a) => a !== "--quick" && a !== "--resume");
const unknown = chosen.find((a) => !Object.hasOwn(parts, a));
if (unknown !== undefined) {
  console.error(
    `bench: expected any of ${Object.keys(parts).join(", ")} --quick and --resume, got "${unknown}"`,
  );
  process.exitCode = 1;
} else {
  const results = isQuick ? "runs/bench" : here("results").replace(/\/$/, "");
  for (const [name, part] of Object.entries(parts))
    if (chosen.length === 0 || chosen.includes(name)) await part(isQuick ? quick : full, results, isQuick);
}
