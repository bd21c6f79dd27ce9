import type { Command as Program } from "commander";
import type { Command } from "../command.js";
import { addTrainingOptions, runTraining, type TrainingOptions } from "../training.js";

export const command: Command = {
  name: "train",
  summary: "trains an R-JEPA on fixated patches, with progress, figures and a report",
  configure(program) {
    addTrainingOptions(program, { sequences: "all", out: "runs/train" }).action(
      (options: TrainingOptions, self: Program) => runTraining(options, self),
    );
  },
};
