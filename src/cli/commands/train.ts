import type { Command as Program } from "commander";
import type { Command } from "../command.js";
import { refuseGiven } from "../options.js";
import { addRecipeOptions, type RecipeOptions, runRecipe } from "../recipe.js";
import { addTrainingOptions, runTraining } from "../training.js";

export const command: Command = {
  name: "train",
  summary: "trains an R-JEPA on fixated patches, with progress, figures and a report",
  configure(program) {
    addRecipeOptions(addTrainingOptions(program, { sequences: "all", out: "runs/train" })).action(
      async (options: RecipeOptions, self: Program) => {
        if (options.recipe === undefined && options.resume === undefined) {
          refuseGiven(
            self,
            ["updates", "every", "watch", "test-share", "labeled", "moving"],
            "--recipe with it",
          );
          return runTraining(options, self);
        }
        return runRecipe(options, self);
      },
    );
  },
};
