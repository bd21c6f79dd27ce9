import type { Command as Program } from "commander";
import { ArgumentError } from "../core/errors.js";
import { isPlain } from "../core/kinds.js";
import type { Setting } from "../rjepa/run/assemble.js";
import type { Config } from "../rjepa/run/config.js";
import type { Source } from "../rjepa/run/source.js";
import { countOf, creditOf, positiveOf, refuseGiven } from "./options.js";

/** Where fixations come from. */
export interface DataOptions {
  readonly images?: string;
  readonly scanpaths?: string;
  readonly sampler?: string;
  readonly viewers?: string;
}

/** What decides a run. */
export interface ConfigOptions extends DataOptions {
  readonly recipe?: string;
  readonly config?: string;
  readonly set?: readonly string[];
  readonly control?: string;
  readonly sequences?: string;
  readonly moving?: boolean;
  readonly testShare?: string;
  readonly labeled?: string;
  readonly updates?: string;
  readonly steps?: string;
  readonly batch?: string;
  readonly rate?: string;
  readonly stream?: string | true;
  readonly rule?: string;
  readonly credit?: string;
  readonly seed?: string;
}

export function addDataOptions(program: Program, images = "JPEG, PNG or WebP images"): Program {
  return program
    .option("--images <folder>", images)
    .option("--scanpaths <file>", "recorded fixations on these images; default: a sampler")
    .option(
      "--sampler <name>",
      "uniform, centerBiased (the default) or saliency, where fixations are not recorded",
    )
    .option("--viewers <n>", "sequences per image where fixations are sampled; default 4");
}

const collected = (text: string, before: readonly string[] = []): string[] => [...before, text];

/** Options that decide a run: each is a value of its configuration by another name. */
export function addConfigOptions(program: Program): Program {
  program
    .optionsGroup("What is learned:")
    .option("--recipe <name>", "content, memory, online or tiny: a model, what it predicts and how it learns")
    .option("--config <file>", "a configuration, or what differs in it from the recipe that it names")
    .option(
      "--set <path=value>",
      "one value of the configuration, such as recipe.rate=5e-4; repeatable",
      collected,
    )
    .option(
      "--control <name>",
      "what must fail: shuffle (patches of other sequences), collapse (the gradient reaches the target) or feedforward (no memory); default none",
    );
  return addDataOptions(
    program.optionsGroup("From what:"),
    "JPEG, PNG or WebP images, or a video or a folder of some; default: synthetic scenes, which need no download",
  )
    .option(
      "--sequences <n>",
      "training sequences of synthetic scenes; at least, as all viewers see a scene; default 2000",
    )
    .option("--moving", "objects of synthetic scenes move, and each fixation is on the next frame")
    .option("--labeled <folder>", "folders train and test of folders by label, for linear probes")
    .option("--test-share <x>", "share of the images, the last by name, that are judged on; default 0.25")
    .optionsGroup("Values of the configuration, by other names:")
    .option("--updates <n>", "updates in all")
    .option("--steps <T>", "fixations in a sequence")
    .option("--batch <n>", "streams in parallel")
    .option("--rate <x>", "peak rate of Adam")
    .option(
      "--stream [k]",
      "sequences follow each other without an end, and weights change every k fixations: 1, the default, or more, or sequence",
    )
    .option("--rule <name>", "learning rule, such as rfp(8), bptt or tbptt(4)")
    .option("--credit <name>", "exact or local, for rfp")
    .option("--seed <n>", "same seed, same bits on one backend and instruction set; default 1");
}

/** Names of the options that decide a run. */
export const deciding = [
  ...[
    "recipe",
    "config",
    "set",
    "control",
    "images",
    "scanpaths",
    "sampler",
    "viewers",
    "sequences",
    "moving",
  ],
  ...["labeled", "test-share", "updates", "steps", "batch", "rate", "stream", "rule", "credit", "seed"],
];

const scenes = { width: 480, height: 360, sequences: 2000, viewers: 4, testShare: 0.25 };

/** Scenes so that so many sequences are left to train on. */
const scenesFor = (sequences: number, viewers: number, testShare: number): number =>
  Math.max(8, Math.ceil(sequences / viewers / (1 - testShare)));

/** Refuses what has no effect on where fixations come from. */
function checkData({ images, scanpaths }: DataOptions, program: Program): void {
  if (images === undefined) refuseGiven(program, ["scanpaths"], "--images with it");
  else refuseGiven(program, ["sequences", "moving"], "synthetic scenes, without --images");
  if (scanpaths !== undefined)
    refuseGiven(program, ["viewers", "sampler"], "fixations that are sampled, without --scanpaths");
}

const viewersOf = (text?: string): number | undefined =>
  text === undefined ? undefined : countOf("--viewers", text);

/** The folder of images, or the video, that options name. */
export async function folderOf(
  options: DataOptions & { readonly images: string },
  program: Program,
): Promise<Source> {
  checkData(options, program);
  const { kindAt } = await import("../rjepa/run/source.js");
  const { images, scanpaths, sampler = "centerBiased" } = options;
  const looks =
    scanpaths === undefined
      ? { sampler, viewers: viewersOf(options.viewers) ?? scenes.viewers }
      : { scanpaths };
  if ((await kindAt(images)) === "folder") return { kind: "folder", images, ...looks };
  if (scanpaths !== undefined) refuseGiven(program, ["scanpaths"], "images that stand still, in --images");
  return { kind: "video", videos: images, ...looks };
}

/** The same where they name one; `undefined` where none is asked for. */
export async function folderIn(options: DataOptions, program: Program): Promise<Source | undefined> {
  const { images } = options;
  if (images === undefined) {
    refuseGiven(program, ["scanpaths", "sampler", "viewers"], "--images with it");
    return undefined;
  }
  return folderOf({ ...options, images }, program);
}

/** `path=value`, the value as JSON, or a text where it is none. */
function settingOf(text: string): Setting {
  const at = text.indexOf("=");
  if (at < 1) throw new ArgumentError(`--set: expected path=value, got "${text}"`);
  const [path, value] = [text.slice(0, at), text.slice(at + 1)];
  try {
    return { path, value: JSON.parse(value), by: "--set" };
  } catch {
    return { path, value, by: "--set" };
  }
}

/** Fixations from one update of a stream to the next. */
const everyOf = (text: string | true): number | "sequence" => {
  if (text === true) return 1;
  return text === "sequence" ? text : countOf("--stream", text);
};

/** The configuration that options ask for. @throws ArgumentError, DataError */
export async function configFrom(options: ConfigOptions, program: Program): Promise<Config> {
  const { assembled } = await import("../rjepa/run/assemble.js");
  const { controls } = await import("../rjepa/run/recipe.js");
  const { readJson } = await import("../data/node/read.js");
  const { control, testShare, recipe } = options;
  if (control !== undefined && !controls.some((name) => name === control))
    throw new ArgumentError(`--control: expected one of ${controls.join(", ")}, got "${control}"`);
  const share = testShare === undefined ? scenes.testShare : positiveOf("--test-share", testShare);
  if (share >= 1) throw new ArgumentError(`--test-share: expected a share below 1, got "${testShare}"`);
  const who = program.name();
  const content = options.config === undefined ? undefined : await readJson(who, options.config);
  const hasSource = isPlain(content) && content.source !== undefined;
  checkData(options, program);
  const said = (path: string, by: string, value: unknown): Setting[] =>
    value === undefined ? [] : [{ path, value, by: `--${by}` }];
  const counted = (name: "updates" | "steps" | "batch"): Setting[] => {
    const text = options[name];
    return said(`recipe.${name}`, name, text === undefined ? undefined : countOf(`--${name}`, text));
  };
  const { rate, credit, seed, stream } = options;
  const settings = (options.set ?? []).map(settingOf);
  const saysRule =
    settings.some(({ path }) => path === "recipe.rule") ||
    (isPlain(content) && isPlain(content.recipe) && content.recipe.rule !== undefined);
  // a block of steps that goes on is computed twice, and ends with each update: steps one by one are quicker
  const rule = options.rule ?? (stream !== undefined && !saysRule ? "rfp" : undefined);
  return assembled(who, {
    ...(recipe === undefined ? {} : { recipe }),
    ...(content === undefined ? {} : { content }),
    settings: [
      ...(await sourceSettings(options, program, { share, hasSource })),
      ...said("control", "control", control),
      ...said("labeled", "labeled", options.labeled),
      ...said("testShare", "test-share", testShare === undefined ? undefined : share),
      ...counted("updates"),
      ...counted("steps"),
      ...counted("batch"),
      ...said("recipe.rate", "rate", rate === undefined ? undefined : positiveOf("--rate", rate)),
      ...said("recipe.stream", "stream", stream === undefined ? undefined : { every: everyOf(stream) }),
      ...said("recipe.rule", options.rule === undefined ? "stream" : "rule", rule),
      ...said("recipe.credit", "credit", credit === undefined ? undefined : creditOf(credit)),
      ...said(
        "seed",
        "seed",
        seed === undefined ? undefined : countOf("--seed", seed, 0, Number.MAX_SAFE_INTEGER),
      ),
      ...settings,
    ],
  });
}

/** What options say of the source: all of it, or of one that a file has already single values. */
async function sourceSettings(
  options: ConfigOptions,
  program: Program,
  { share, hasSource }: { readonly share: number; readonly hasSource: boolean },
): Promise<Setting[]> {
  const { images, sequences, sampler, moving } = options;
  if (images !== undefined)
    return [{ path: "source", value: await folderOf({ ...options, images }, program), by: "--images" }];
  const viewers = viewersOf(options.viewers);
  const looks = {
    ...(viewers === undefined ? {} : { viewers }),
    ...(sampler === undefined ? {} : { sampler }),
    ...(moving === undefined ? {} : { moving }),
  };
  if (sequences === undefined && hasSource)
    return Object.entries(looks).map(([name, value]) => ({ path: `source.${name}`, value, by: `--${name}` }));
  const given = [sequences, viewers, sampler, moving, options.testShare];
  if (given.every((value) => value === undefined)) return [];
  const { width, height } = scenes;
  const n = sequences === undefined ? scenes.sequences : countOf("--sequences", sequences, 2);
  const count = scenesFor(n, viewers ?? scenes.viewers, share);
  return [{ path: "source", value: { kind: "scenes", width, height, count, ...looks }, by: "--sequences" }];
}
