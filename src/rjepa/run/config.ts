import { ArgumentError, CheckpointError } from "../../core/errors.js";
import { count, countOr, kind, oneOf, text } from "../../core/kinds.js";
import { aPath } from "../../data/kinds.js";
import { ruleNamed } from "../../learn/named.js";
import { presetField } from "./preset-schema.js";
import { type Control, controls, type Recipe } from "./recipe.js";
import { leaf, optional, record } from "./schema.js";
import type { Source } from "./source.js";
import { sourceField } from "./source-schema.js";

/** All that decides a run, in words that are saved with it. */
export interface Config {
  readonly format: "onward-run-1";
  readonly recipe: Recipe;
  readonly control: Control;
  readonly source: Source;
  /** Share of the images, the last by name, that are kept for testing. */
  readonly testShare: number;
  /** Folder of labeled images for the probes: `train` and `test`, each of folders by label. */
  readonly labeled?: string;
  readonly seed: number;
}

const positive = kind("a positive number", (v) => Number.isFinite(v) && (v as number) > 0);
const notNegative = kind("a number of at least 0", (v) => Number.isFinite(v) && (v as number) >= 0);
const share = kind("a share between 0 and 1", (v) => typeof v === "number" && v > 0 && v < 1);
const weight = kind("a weight above 0 and up to 1", (v) => typeof v === "number" && v > 0 && v <= 1);

const whole = record({
  format: leaf(oneOf("onward-run-1"), "onward-run-1"),
  recipe: record({
    name: leaf(text),
    preset: presetField,
    steps: leaf(count(2)),
    batch: leaf(count(1)),
    updates: leaf(count(1)),
    rate: leaf(positive),
    decay: leaf(notNegative),
    momentum: leaf(weight),
    rule: leaf(text),
    credit: leaf(oneOf("exact", "local"), "exact"),
    stream: optional(record({ every: leaf(countOr(["sequence"]), 1) })),
  }),
  control: leaf(oneOf(...controls), "none"),
  source: sourceField,
  testShare: leaf(share, 0.25),
  labeled: optional(leaf(aPath)),
  seed: leaf(count(0), 1),
});

/**
 * A configuration from what was given of it: every value checked, unknown names refused by their path, and what was left out
 * filled in. @throws ArgumentError
 */
export function configOf(who: string, given: unknown): Config {
  const config = whole(who, "", given) as Config;
  const { recipe, control } = config;
  ruleNamed(recipe.rule);
  if (recipe.credit === "local" && !/^rfp\b/.test(recipe.rule))
    throw new ArgumentError(
      `${who}: recipe.credit: expected exact, since local belongs to the rule rfp, got local for ${recipe.rule}`,
    );
  if (control === "shuffle") requireStrangers(who, recipe);
  return config;
}

/** Patches are shuffled by 3 sequences more at each step: where that leads back to a sequence, some of it can be predicted. */
function requireStrangers(who: string, { batch, steps }: Recipe): void {
  const from = new Set(Array.from({ length: steps }, (_, step) => (3 * step + 1) % batch));
  if (from.size < steps)
    throw new ArgumentError(
      `${who}: control: expected for shuffle a recipe.batch that takes the ${steps} patches from as many sequences, got ${batch}`,
    );
}

/** A configuration as it was saved. @throws CheckpointError for what is none */
export function requireConfig(who: string, content: unknown): Config {
  try {
    return configOf(who, content);
  } catch (error) {
    throw new CheckpointError(error instanceof Error ? error.message : `${who}: expected a configuration`);
  }
}
