import type { Command as Program } from "commander";
import { ArgumentError } from "../core/errors.js";
import { printable } from "../core/printable.js";
import type { Config } from "../rjepa/run/config.js";
import type { Control } from "../rjepa/run/recipe.js";
import type { RunResult } from "../rjepa/run/result.js";
import { requireParts } from "./optional-parts.js";
import { countOf, positiveOf, refuseGiven } from "./options.js";
import { createProgress } from "./progress.js";
import { note, print } from "./terminal.js";
import type { TrainingOptions } from "./training.js";

export interface RecipeOptions extends TrainingOptions {
  readonly recipe?: string;
  readonly resume?: string;
  readonly updates?: string;
  readonly every: string;
  readonly watch?: string;
  readonly testShare: string;
  readonly labeled?: string;
  readonly moving?: boolean;
}

/** Options of a recipe, beside those of training. */
export function addRecipeOptions(program: Program): Program {
  return program
    .option("--recipe <name>", "content, memory, online or tiny: foveated patches and honest figures")
    .option("--updates <n>", "updates of a recipe; default: its own")
    .option("--every <n>", "updates from one checkpoint of a recipe to the next", "100")
    .option(
      "--watch <n>",
      "updates from one look at what a recipe learns to the next; one that collapses ends",
    )
    .option("--test-share <x>", "share of the images, the last by name, that a recipe is judged on", "0.25")
    .option(
      "--moving",
      "objects of synthetic scenes move, and each fixation of a recipe is on the next frame",
    )
    .option("--labeled <folder>", "folders train and test of folders by label, for a recipe's linear probes")
    .option("--resume <folder>", "goes on where a recipe was stopped, to the same bits as never stopping");
}

const scenes = { width: 480, height: 360 };

/** What a recipe decides, or has no use for. */
const withoutEffect = ["preset", "credit", "epochs", "rule", "rate", "steps", "batch"];

/** The configuration that options ask for. */
async function configOf(options: RecipeOptions, program: Program): Promise<Config> {
  const { recipeNamed, controls } = await import("../rjepa/run/recipe.js");
  const { ruleNamed } = await import("../learn/index.js");
  const { kindAt } = await import("../rjepa/run/source.js");
  refuseGiven(program, withoutEffect, "a run without --recipe, which decides it");
  const recipe = recipeNamed(options.recipe ?? "");
  ruleNamed(recipe.rule);
  if (!controls.some((name) => name === options.control))
    throw new ArgumentError(`--control: expected one of ${controls.join(", ")}, got "${options.control}"`);
  const share = positiveOf("--test-share", options.testShare);
  if (share >= 1)
    throw new ArgumentError(`--test-share: expected a share below 1, got "${options.testShare}"`);
  const recorded = options.scanpaths !== undefined;
  if (options.images === undefined) refuseGiven(program, ["scanpaths"], "--images with it");
  else refuseGiven(program, ["sequences", "moving"], "synthetic scenes, without --images");
  const isVideo = options.images !== undefined && (await kindAt(options.images)) === "video";
  if (isVideo) refuseGiven(program, ["scanpaths"], "images that stand still, in --images");
  if (recorded)
    refuseGiven(program, ["viewers", "sampler"], "fixations that are sampled, without --scanpaths");
  const viewers = countOf("--viewers", options.viewers);
  const sampled = { sampler: options.sampler, viewers };
  return {
    format: "onward-run-1",
    recipe:
      options.updates === undefined ? recipe : { ...recipe, updates: countOf("--updates", options.updates) },
    control: options.control as Control,
    source:
      options.images === undefined
        ? {
            kind: "scenes",
            ...scenes,
            count: Math.max(
              8,
              Math.ceil(countOf("--sequences", options.sequences, 2) / viewers / (1 - share)),
            ),
            ...sampled,
            ...(options.moving ? { moving: true } : {}),
          }
        : isVideo
          ? { kind: "video", videos: options.images, ...sampled }
          : {
              kind: "folder",
              images: options.images,
              ...(recorded ? { scanpaths: options.scanpaths } : sampled),
            },
    testShare: share,
    ...(options.labeled === undefined ? {} : { labeled: options.labeled }),
    seed: countOf("--seed", options.seed, 0, Number.MAX_SAFE_INTEGER),
  };
}

/** Where a run goes if nobody says: `runs/content`, or `runs/content-shuffle` of a control. */
const folderOf = ({ recipe, control }: RecipeOptions): string =>
  `runs/${recipe}${control === "none" ? "" : `-${control}`}`;

/** Trains by a recipe, from its start or from where it was stopped, and judges what it learned. */
export async function runRecipe(options: RecipeOptions, program: Program): Promise<void> {
  const { useBackend } = await import("../index.js");
  const { files, RunFolder } = await import("../rjepa/run/folder.js");
  const { requireConfig } = await import("../rjepa/run/config.js");
  const { run } = await import("../rjepa/run/run.js");
  if (options.backend) useBackend(options.backend);
  const who = program.name();
  await requireParts(who, ["ml-matrix", "sharp", "vega", "vega-lite"]);
  const every = countOf("--every", options.every);
  const isNew = options.resume === undefined;
  const asked = isNew ? await configOf(options, program) : null;
  if (!isNew)
    refuseGiven(
      program,
      [
        "recipe",
        "updates",
        "out",
        "seed",
        "control",
        "images",
        "scanpaths",
        "test-share",
        "labeled",
        "moving",
      ],
      "a run without --resume, whose folder says it",
    );
  const path =
    options.resume ?? (program.getOptionValueSource("out") === "cli" ? options.out : folderOf(options));
  const folder = await RunFolder.open(who, path, { mustBeThere: !isNew });
  let asksToStop = false;
  const stop = (): void => {
    // whoever asks twice does not want to wait
    if (asksToStop) process.exit(130);
    asksToStop = true;
    note("\nstopping after this update; once more to stop at once\n");
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  try {
    if (isNew && (await folder.has("config")))
      throw new ArgumentError(
        `${who}: expected a folder without a run, got ${printable(path)}; go on with --resume ${printable(path)}, or choose another --out`,
      );
    const config = asked ?? requireConfig(who, await folder.readConfig());
    const bar = { progress: null as ReturnType<typeof createProgress> | null };
    const reading = { progress: null as ReturnType<typeof createProgress> | null };
    const result = await run(config, {
      folder,
      every,
      ...(options.watch === undefined ? {} : { watch: countOf("--watch", options.watch) }),
      isStopped: () => asksToStop,
      say: (sentence) => {
        if (bar.progress) bar.progress.log(sentence);
        else note(`${sentence}\n`);
      },
      onImage(done, total) {
        reading.progress ??= createProgress(total, { unit: "images", label: "read" });
        reading.progress.update(done);
        if (done === total) reading.progress.stop();
      },
      onProgress({ update, updates, loss }) {
        bar.progress ??= createProgress(updates, { unit: "updates" });
        bar.progress.update(update, loss);
      },
    });
    bar.progress?.stop();
    if (result === null) {
      note(`stopped; go on with: onward train --resume ${printable(path)}\n`);
      process.exitCode = 130;
      return;
    }
    print(await summaryOf(result));
    const { renderRun } = await import("../rjepa/run/report.js");
    await folder.writeReport(await renderRun(result));
    const written = [files.figures, files.report].map((name) => printable(folder.at(name)));
    print(`wrote ${written.join(" and ")}; open the page in a browser\n`);
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
    await folder.close();
  }
}

/** Figures in the terminal, of a run beside others, and what they say together. */
export async function summaryOf(result: RunResult, others: readonly RunResult[] = []): Promise<string> {
  const { formatJudgments } = await import("../rjepa/figures/judging/format.js");
  const { judgeVerdict } = await import("../rjepa/figures/verdict.js");
  const { askedOfFew } = await import("../rjepa/run/judging.js");
  const { beside } = await import("../rjepa/run/result.js");
  const { seconds, parameters, config, updates, waited } = result;
  const { name } = config.recipe;
  const table = beside(result, others);
  const verdict = judgeVerdict(table, "trained", { untrained: "untrained" });
  const waiting = `${(100 * waited.share).toFixed(1)} % of it waiting for patches`;
  const head = `${name}: ${parameters} parameters, ${updates} updates in ${Math.round(seconds)} s, ${waiting}`;
  return `${head}\n${formatJudgments(table)}\n${askedOfFew}\n${verdict.verdict}: ${verdict.sentence}\n`;
}
