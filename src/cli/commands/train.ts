import type { Command as Program } from "commander";
import { ArgumentError } from "../../core/errors.js";
import type { Command } from "../command.js";
import { addRecipeOptions, type RecipeOptions, runRecipe } from "../recipe.js";

export const command: Command = {
  name: "train",
  summary: "trains an R-JEPA on fixated patches, with progress, figures and a report",
  configure(program) {
    addRecipeOptions(program).action((options: RecipeOptions, self: Program) => {
      const { recipe, config, resume } = options;
      if (recipe === undefined && config === undefined && resume === undefined)
        throw new ArgumentError(
          "train: expected --recipe NAME, --config FILE or --resume FOLDER, got none of them",
        );
      return runRecipe(options, self);
    });
  },
};
