import type { Command as Program } from "commander";
import type { Command } from "../command.js";
import { refuseGiven } from "../options.js";
import { addRecipeOptions, type RecipeOptions, runRecipe } from "../recipe.js";
import { runTraining, type TrainingOptions } from "../training.js";

/** Of a run without a recipe. */
const withoutRecipe = {
  preset: "nano",
  rule: "rfp",
  credit: "exact",
  control: "none",
  sampler: "centerBiased",
  sequences: "2000",
  viewers: "4",
  steps: "8",
  batch: "1",
  epochs: "1",
  seed: "1",
  out: "runs/train",
} satisfies Partial<TrainingOptions>;

export const command: Command = {
  name: "train",
  summary: "trains an R-JEPA on fixated patches, with progress, figures and a report",
  configure(program) {
    addRecipeOptions(program)
      .optionsGroup("Without a recipe:")
      .option("--preset <name>", "nano or tiny")
      .option("--epochs <n>", "passes over the sequences")
      .action(async (options: RecipeOptions & Partial<TrainingOptions>, self: Program) => {
        const { recipe, config, resume } = options;
        if (recipe === undefined && config === undefined && resume === undefined) {
          refuseGiven(self, ["updates", "every", "watch", "test-share", "labeled"], "--recipe with it");
          refuseGiven(self, ["set", "print-config"], "--recipe or --config with it");
          return runTraining({ ...withoutRecipe, ...options }, self);
        }
        refuseGiven(self, ["preset", "epochs"], "a run without --recipe, which decides it");
        return runRecipe(options, self);
      });
  },
};
