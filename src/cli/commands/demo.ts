import type { Command as Program } from "commander";
import type { Command } from "../command.js";
import { addTrainingOptions, runTraining, type TrainingOptions } from "../training.js";

export const command: Command = {
  name: "demo",
  summary:
    "trains nano with exact RFP on synthetic scenes (or --images) in minutes and writes runs/demo/report.html",
  configure(program) {
    addTrainingOptions(program, { sequences: "480", out: "runs/demo" }).action(
      (options: TrainingOptions, self: Program) => runTraining(options, self),
    );
  },
};
