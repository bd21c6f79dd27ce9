import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { GradientRow } from "../src/cli/bench/gradient.js";
import type { MemoryRow } from "../src/cli/bench/memory.js";
import type { TimeRow } from "../src/cli/bench/time.js";
import type { Machine } from "../src/cli/machine.js";
import { OnwardError } from "../src/core/errors.js";
import { writeFileAtomic } from "../src/data/node/write.js";
import { draw } from "./plots/draw.js";
import { gradientPlot } from "./plots/gradient.js";
import { sizesPlot, stacksPlot, stepsPlot } from "./plots/memory.js";
import { tasksChart } from "./plots/tasks.js";
import { timePlot } from "./plots/time.js";
import type { MemorySuite, TimeSuite } from "./suites.js";
import {
  gradientMarkdown,
  memoryMarkdown,
  sizesMarkdown,
  stackTimesMarkdown,
  streamMarkdown,
  timeMarkdown,
} from "./tables.js";
import type { Results as TaskResults } from "./tasks/results.js";
import { markdownResults } from "./tasks/table.js";

/** A file of bench/results. */
interface Results<R> {
  readonly machine: Machine;
  readonly backend: string;
  readonly rows: R;
}

const page = fileURLToPath(new URL("../docs/benchmarks.md", import.meta.url));

const read = <R>(kind: string): Results<R> => readFile<Results<R>>(kind);

function readFile<T>(kind: string): T {
  const file = fileURLToPath(new URL(`results/${kind}.json`, import.meta.url));
  if (!existsSync(file))
    throw new OnwardError(`bench: expected ${file}; run "npm run bench -- ${kind}" first`);
  return JSON.parse(readFileSync(file, "utf8")) as T;
}

/** The page with its tables brought up to date with bench/results. */
export function updated(text: string): string {
  const memory = read<Record<keyof MemorySuite, MemoryRow[]>>("memory");
  const { rows: time, backend } = read<Record<keyof TimeSuite, TimeRow[]>>("time");
  const { sizes, cells, stacks, rjepa } = memory.rows;
  const { onward, node, cpu, cores } = memory.machine;
  const tables: Record<string, string> = {
    machine: `Measured with Onward ${onward} on Node ${node}, ${cpu}, ${cores} cores; times on the ${backend} backend.`,
    "memory-sizes": sizesMarkdown(sizes),
    "memory-cells": memoryMarkdown(cells),
    "memory-stacks": memoryMarkdown(stacks),
    "memory-rjepa": memoryMarkdown(rjepa),
    stream: streamMarkdown(read<Parameters<typeof streamMarkdown>[0]>("stream").rows),
    time: timeMarkdown(time.sizes),
    "time-stacks": stackTimesMarkdown([...time.stacks, ...time.rjepa]),
    gradient: gradientMarkdown(read<GradientRow[]>("gradient").rows),
    tasks: markdownResults(readFile<TaskResults>("tasks")).trim(),
  };
  for (const name of Object.keys(tables))
    if (!text.includes(`<!-- ${name} -->`))
      throw new OnwardError(`bench: expected a place <!-- ${name} --> in docs/benchmarks.md, got none`);
  return text.replace(/<!-- ([\w-]+) -->\n[\s\S]*?<!-- end -->/g, (whole, name: string) =>
    Object.hasOwn(tables, name) ? `<!-- ${name} -->\n${tables[name]}\n<!-- end -->` : whole,
  );
}

/** Draws the plots of docs/plots and brings docs/benchmarks.md up to date. */
export async function writePage(): Promise<void> {
  const { sizes, stacks } = read<Record<keyof MemorySuite, MemoryRow[]>>("memory").rows;
  await draw("memory-sizes", sizesPlot(sizes, 100));
  await draw("memory-steps", stepsPlot(sizes, "mingru", 256));
  await draw("memory-stacks", stacksPlot(stacks));
  await draw("time", timePlot(read<Record<keyof TimeSuite, TimeRow[]>>("time").rows.sizes));
  await draw("gradient", gradientPlot(read<GradientRow[]>("gradient").rows));
  await draw("tasks", tasksChart(readFile<TaskResults>("tasks")));
  await writeFileAtomic(page, updated(readFileSync(page, "utf8")));
  console.log(page);
}
