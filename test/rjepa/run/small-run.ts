/** The configuration of a run that takes a second. */
import { type Config, configOf } from "../../../src/rjepa/run/config.js";
import { type Control, recipeNamed } from "../../../src/rjepa/run/recipe.js";
import { small } from "../parts/small.js";

export const scenes = { count: 12, width: 64, height: 48 };

/** A small model on small scenes, by the rule and the objective of `online`; half of the scenes are held out. */
export const smallRun = (recipe: Partial<Config["recipe"]> = {}, control: Control = "none"): Config =>
  configOf("test", {
    recipe: {
      ...recipeNamed("online"),
      preset: small({ predictor: { kind: "linear", saccade: true } }),
      steps: 4,
      batch: 4,
      updates: 12,
      rule: "rfp(4)",
      ...recipe,
    },
    control,
    source: { kind: "scenes", ...scenes, viewers: 3 },
    testShare: 0.5,
    seed: 3,
  });
