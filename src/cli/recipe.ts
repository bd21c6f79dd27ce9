import type { Command as Program } from "commander";
import { ArgumentError } from "../core/errors.js";
import { printable } from "../core/printable.js";
import type { Problem } from "../data/problem.js";
import type { Config } from "../rjepa/run/config.js";
import type { RunFolder } from "../rjepa/run/folder.js";
import type { RunResult } from "../rjepa/run/result.js";
import { requireParts } from "./optional-parts.js";
import { countOf, refuseGiven } from "./options.js";
import { tellProblems } from "./problems.js";
import { createProgress } from "./progress.js";
import { addConfigOptions, type ConfigOptions, configFrom, deciding } from "./run-options.js";
import { jsonOf, note, print } from "./terminal.js";

export interface RecipeOptions extends ConfigOptions {
  readonly printConfig?: boolean;
  readonly out?: string;
  readonly every?: string;
  readonly watch?: string;
  readonly resume?: string;
  readonly backend?: string;
}

/** Options of a run: what decides it, and how it goes. */
export function addRecipeOptions(program: Program): Program {
  return addConfigOptions(program)
    .optionsGroup("How the run goes:")
    .option("--print-config", "print the whole configuration as JSON, defaults included, and end")
    .option("--out <folder>", "folder of the run; default runs/RECIPE, or runs/RECIPE-CONTROL")
    .option("--every <n>", "updates from one checkpoint to the next; default 100")
    .option("--watch <n>", "updates from one look at what is learned to the next; a run that collapses ends")
    .option("--resume <folder>", "goes on where a run was stopped, to the same bits as never stopping")
    .option("--backend <name>", "backend to compute with");
}

/** Parts that the figures and the report of a run need. */
export const partsOfRuns = ["ml-matrix", "sharp", "vega", "vega-lite"] as const;

/** Where a run goes if nobody says: `runs/content`, or `runs/content-shuffle` of a control. */
function defaultFolder({ recipe: { name }, control }: Config): string {
  if (!/^\w[\w.-]*$/.test(name))
    throw new ArgumentError(
      `--out: expected a folder for a recipe whose name is none, got ${printable(JSON.stringify(name))} without it`,
    );
  return `runs/${name}${control === "none" ? "" : `-${control}`}`;
}

/** Progress of images that are read and of updates that are made, and sentences between them. */
export function createReports() {
  let reading: ReturnType<typeof createProgress> | null = null;
  let bar: ReturnType<typeof createProgress> | null = null;
  return {
    say(sentence: string): void {
      if (bar) bar.log(sentence);
      else note(`${sentence}\n`);
    },
    onImage(done: number, total: number): void {
      reading ??= createProgress(total, { unit: "images", label: "read" });
      reading.update(done);
      if (done < total) return;
      reading.stop();
      reading = null;
    },
    onProblems: (problems: readonly Problem[]): void => tellProblems(problems, "figures.json"),
    onProgress({ update, updates, loss }: { update: number; updates: number; loss: number }): void {
      bar ??= createProgress(updates, { unit: "updates" });
      bar.update(update, loss);
    },
    stop(): void {
      bar?.stop();
      bar = null;
    },
  };
}

/**
 * Asks a run to stop at Ctrl-C, or when the system ends it, while it trains: before and after there is nothing to be saved, and
 * signals do what they do to any process. So they do for whoever asks twice, and does not want to wait; the folder is free then.
 */
function interruptible(folder: RunFolder) {
  let asked: "SIGINT" | "SIGTERM" | null = null;
  const stop = (signal: "SIGINT" | "SIGTERM"): void => {
    if (asked !== null) {
      listen(false);
      folder.release();
      process.kill(process.pid, signal);
      return;
    }
    asked = signal;
    note("\nstopping after this update; once more to stop at once\n");
  };
  const listen = (isTraining: boolean): void => {
    for (const signal of ["SIGINT", "SIGTERM"] as const)
      if (isTraining) process.on(signal, stop);
      else process.off(signal, stop);
  };
  return { isStopped: () => asked !== null, status: () => (asked === "SIGTERM" ? 143 : 130), listen };
}

/** Trains by a configuration, from its start or from where it was stopped, and judges what it learned. */
export async function runRecipe(options: RecipeOptions, program: Program): Promise<void> {
  const who = program.name();
  const { resume } = options;
  if (resume !== undefined)
    refuseGiven(
      program,
      [...deciding, "print-config", "out"],
      "a run without --resume, whose folder says it",
    );
  const asked = resume === undefined ? await configFrom(options, program) : null;
  if (options.printConfig) {
    print(`${jsonOf(asked, 1)}\n`);
    return;
  }
  await runIn(who, resume ?? options.out ?? defaultFolder(asked as Config), {
    asked,
    every: countOf("--every", options.every ?? "100"),
    ...(options.watch === undefined ? {} : { watch: countOf("--watch", options.watch) }),
    ...(options.backend === undefined ? {} : { backend: options.backend }),
  });
}

interface RunIn {
  /** The configuration of a run that begins; `null` for one that is there and goes on. */
  readonly asked: Config | null;
  readonly every: number;
  readonly watch?: number;
  readonly backend?: string;
}

/** A run in a folder: training, figures, the page, and what is said meanwhile. */
export async function runIn(
  who: string,
  path: string,
  { asked, every, watch, backend }: RunIn,
): Promise<void> {
  const { useBackend } = await import("../index.js");
  const { RunFolder } = await import("../rjepa/run/folder.js");
  const { requireConfig } = await import("../rjepa/run/config.js");
  const { run } = await import("../rjepa/run/run.js");
  if (backend) useBackend(backend);
  await requireParts(who, partsOfRuns);
  const folder = await RunFolder.open(who, path, asked === null ? { needs: "config" } : {});
  const signals = interruptible(folder);
  const reports = createReports();
  try {
    if (asked !== null && (await folder.has("config")))
      throw new ArgumentError(
        `${who}: expected a folder without a run, got ${printable(path)}; go on with onward train --resume ${printable(path)}, or choose another --out`,
      );
    const config = asked ?? requireConfig(who, await folder.readConfig());
    const result = await run(config, {
      folder,
      every,
      ...(watch === undefined ? {} : { watch }),
      isStopped: signals.isStopped,
      ...reports,
      onTraining: signals.listen,
    });
    reports.stop();
    if (result === null) {
      note(`stopped; go on with: onward train --resume ${printable(path)}\n`);
      process.exitCode = signals.status();
      return;
    }
    print(await summaryOf(result));
    await writeReport(folder, result);
  } finally {
    reports.stop();
    signals.listen(false);
    await folder.close();
  }
}

/** The page of a result, and where it is. */
export async function writeReport(
  folder: RunFolder,
  result: RunResult,
  tell: (text: string) => unknown = print,
): Promise<void> {
  const { renderRun } = await import("../rjepa/run/report.js");
  const { files } = await import("../rjepa/run/files.js");
  await folder.writeReport(await renderRun(result));
  const written = [files.figures, files.report].map((name) => printable(folder.at(name)));
  tell(`wrote ${written.join(" and ")}; open the page in a browser\n`);
}

/** Figures in the terminal, of a run beside others, and what they say together. */
export async function summaryOf(result: RunResult, others: readonly RunResult[] = []): Promise<string> {
  const { formatJudgments } = await import("../rjepa/figures/judging/format.js");
  const { judgeVerdict } = await import("../rjepa/figures/verdict.js");
  const { askedOfFew } = await import("../rjepa/run/judging.js");
  const { controlSentences } = await import("../rjepa/run/controls.js");
  const { beside } = await import("../rjepa/run/result.js");
  const { seconds, parameters, config, updates, waited } = result;
  const { name } = config.recipe;
  const table = beside(result, others);
  const verdict = judgeVerdict(table, "trained", { untrained: "untrained" });
  const waiting = `${(100 * waited.share).toFixed(1)} % of it waiting for patches`;
  const made = updates < config.recipe.updates ? `${updates} of ${config.recipe.updates}` : updates;
  const head = `${name}: ${parameters} parameters, ${made} updates in ${Math.round(seconds)} s, ${waiting}`;
  const told = [`${verdict.verdict}: ${verdict.sentence}`, ...controlSentences(result, others)];
  return `${head}\n${formatJudgments(table)}\n${askedOfFew}\n${told.join("\n")}\n`;
}
