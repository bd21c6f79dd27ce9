import type { Command as Program } from "commander";
import { ArgumentError, PlanError } from "../../core/errors.js";
import type { RuleAndCredit } from "../bench/memory.js";
import type { MemoryJob } from "../bench/memory-child.js";
import type { Subject } from "../bench/subject.js";
import type { Command } from "../command.js";
import { countOf, countsOf, positiveOf } from "../options.js";
import { jsonOf, print } from "../terminal.js";

interface SweepOptions {
  readonly cells: string;
  readonly units: string;
  readonly rules: string;
  readonly limit: string;
  readonly seconds: string;
  readonly json?: boolean;
}

interface MemoryOptions extends SweepOptions {
  readonly steps: string;
  readonly job?: string;
}

export const command: Command = {
  name: "bench",
  summary: "measures learning rules on this machine: memory, time or gradient quality",
  configure(program) {
    program.argument("[what]", "memory, time or gradient").action((what: string | undefined) => {
      throw new ArgumentError(`bench: expected memory, time or gradient, got ${what ? `"${what}"` : "none"}`);
    });
    sweepOptions(program.command("memory"), "10")
      .description("what rules hold, planned and measured, a process per figure")
      .option("--steps <T>", "lengths of the sequence", "10,100,1000")
      .addOption(program.createOption("--job <json>", "take one figure in this process").hideHelp())
      .action(memory);
    sweepOptions(program.command("time"), "5")
      .description("time per step, gradient included, and how it grows with n")
      .action(time);
    program
      .command("gradient")
      .description("every rule against backpropagation through time, per area of leaky stacks")
      .option("--seeds <n>", "gradients to average over", "10")
      .option("--json", "print {kind, machine, rows}")
      .action(gradient);
  },
};

function sweepOptions(program: Program, seconds: string): Program {
  return program
    .option(
      "--cells <names>",
      "cells, one area each, with as many inputs as units",
      "mingru,elstm,rgc,vanilla",
    )
    .option("--units <sizes>", "units of the area", "16,64,256")
    .option("--rules <names>", "of rfp, rtrl and bptt", "rfp,rtrl,bptt")
    .option("--limit <GiB>", "refuse an influence larger than this", "2")
    .option("--seconds <s>", "leave out a figure that would take longer", seconds)
    .option("--json", "print {kind, machine, rows}");
}

async function sweepOf(options: SweepOptions) {
  await import("../../index.js");
  const { squareArea } = await import("../bench/subject.js");
  const { cellNamed } = await import("../../cells/index.js");
  const units = countsOf("--units", options.units);
  const limit = positiveOf("--limit", options.limit) * 2 ** 30;
  // the smallest influence has a number for each of the n x n weights, which lie in memory besides
  const most = Math.max(...units);
  if (8 * most ** 2 > limit)
    throw new PlanError(
      `--units: expected weights that fit into --limit, ${limit} bytes, got ${8 * most ** 2} for ${most} units`,
      8 * most ** 2,
      limit,
    );
  return {
    subjects: options.cells.split(",").flatMap((name): Subject[] => {
      if (cellNamed(name).definition.spatial)
        throw new ArgumentError(`--cells: expected cells that read vectors, got "${name}"`);
      return units.map((n) => squareArea(name, n));
    }),
    rules: options.rules.split(",").map(ruleOf),
    limit,
    seconds: positiveOf("--seconds", options.seconds),
  };
}

function ruleOf(rule: string): RuleAndCredit {
  if (rule !== "rfp" && rule !== "rtrl" && rule !== "bptt")
    throw new ArgumentError(`--rules: expected rfp, rtrl or bptt, got "${rule}"`);
  return { rule, credit: "exact" };
}

/** What `sweepMemory` asks of this process. */
function jobOf(text: string): MemoryJob {
  try {
    return JSON.parse(text) as MemoryJob;
  } catch {
    throw new ArgumentError(`--job: expected JSON, got "${text}"`);
  }
}

async function memory(options: MemoryOptions): Promise<void> {
  if (options.job !== undefined) {
    await import("../../index.js");
    const { measureMemory } = await import("../bench/memory-child.js");
    print(`${jsonOf(measureMemory(jobOf(options.job)))}\n`);
    return;
  }
  const { memoryLegend, memoryTable, sweepMemory, thisCommand } = await import("../bench/memory.js");
  const sweep = { ...(await sweepOf(options)), steps: countsOf("--steps", options.steps) };
  const total = sweep.subjects.length * sweep.rules.length * sweep.steps.length;
  const rows = await withProgress(total, (tell) => sweepMemory(sweep, thisCommand(), tell));
  await printRows("memory", rows, options.json, () => `${memoryTable(rows)}\n${memoryLegend}`);
}

async function time(options: SweepOptions): Promise<void> {
  const sweep = await sweepOf(options);
  const { sweepTime, timeTable } = await import("../bench/time.js");
  const rows = await withProgress(sweep.subjects.length * sweep.rules.length, (tell) =>
    sweepTime(sweep, tell),
  );
  await printRows("time", rows, options.json, () => timeTable(rows));
}

async function gradient(options: { readonly seeds: string; readonly json?: boolean }): Promise<void> {
  await import("../../index.js");
  const { gradientCount, gradientSweep, gradientTable, sweepGradients } = await import(
    "../bench/gradient.js"
  );
  const sweep = { ...gradientSweep, seeds: countOf("--seeds", options.seeds) };
  const rows = await withProgress(gradientCount(sweep), (tell) => sweepGradients(sweep, tell));
  await printRows("gradient", rows, options.json, () => gradientTable(rows));
}

/** Runs a sweep and says on the error stream how far it is. */
async function withProgress<R>(total: number, run: (tell: () => void) => R | Promise<R>): Promise<R> {
  const { createProgress } = await import("../progress.js");
  const progress = createProgress(total, { unit: "figures", label: "bench" });
  let done = 0;
  try {
    return await run(() => progress.update(++done));
  } finally {
    progress.stop();
  }
}

async function printRows(
  kind: string,
  rows: readonly unknown[],
  json: boolean | undefined,
  table: () => string,
): Promise<void> {
  const { machine } = await import("../machine.js");
  print(json ? `${jsonOf({ kind, machine: machine(), rows }, 2)}\n` : table());
}
