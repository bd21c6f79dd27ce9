import { CheckpointError } from "../../core/errors.js";
import { anything, count, having, kind, maybe, number, oneOf, text } from "../../core/kinds.js";
import { type Control, controls, type Recipe } from "./recipe.js";
import { type Source, sourceKinds } from "./source.js";

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

const whole = count(1);
const share = kind("a share between 0 and 1", (v) => typeof v === "number" && v > 0 && v < 1);

const fields = having({
  format: oneOf("onward-run-1"),
  recipe: having({
    name: text,
    preset: having({
      name: text,
      input: having({ crops: anything, size: whole }),
      areas: anything,
      embedding: whole,
    }),
    steps: count(2),
    batch: whole,
    updates: whole,
    rate: number,
    decay: number,
    momentum: number,
    rule: text,
    credit: oneOf("exact", "local"),
  }),
  control: oneOf(...controls),
  source: having({ kind: oneOf(...sourceKinds), sampler: maybe(text) }),
  testShare: share,
  seed: count(0),
});

/** A configuration as it was saved. @throws CheckpointError for what is none */
export function requireConfig(who: string, content: unknown): Config {
  try {
    fields(who, "the configuration", content);
  } catch (error) {
    throw new CheckpointError(error instanceof Error ? error.message : `${who}: expected a configuration`);
  }
  return content as Config;
}
