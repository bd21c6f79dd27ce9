import type { Command as Program } from "commander";
import { ArgumentError } from "../../core/errors.js";
import { printable } from "../../core/printable.js";
import type { Command } from "../command.js";
import { requireParts } from "../optional-parts.js";
import { tellProblems } from "../problems.js";
import { createReports } from "../recipe.js";
import { addDataOptions, type DataOptions, folderOf } from "../run-options.js";
import { print } from "../terminal.js";

interface Options extends DataOptions {
  readonly out?: string;
  readonly backend?: string;
}

export const command: Command = {
  name: "embed",
  summary:
    "writes the embeddings and contexts that a run's model makes of images, fixation by fixation, as safetensors",
  configure(program) {
    addDataOptions(
      program.argument("<run>", "folder of a run, finished or not; it is only read"),
      "JPEG, PNG or WebP images to embed",
    )
      .option("--out <file>", "file of features, such as features.safetensors")
      .option("--backend <name>", "backend to compute with")
      .action((path: string, options: Options, self: Program) => embedRun(path, options, self));
  },
};

async function embedRun(path: string, options: Options, program: Program): Promise<void> {
  const { useBackend } = await import("../../index.js");
  const { embed } = await import("../../rjepa/run/embed.js");
  const { images, out } = options;
  if (images === undefined)
    throw new ArgumentError("--images: expected a folder of images to embed, got none");
  if (out === undefined) throw new ArgumentError("--out: expected a file for the features, got none");
  const who = program.name();
  const source = await folderOf({ ...options, images }, program);
  await requireParts(who, ["sharp"]);
  if (options.backend) useBackend(options.backend);
  const { say, onImage } = createReports();
  const { sequences, steps, sizes, problems, ...made } = await embed(who, path, {
    source,
    out,
    say,
    onImage,
  });
  tellProblems(problems);
  const context = sizes.c > 0 ? ` and c [${sequences}, ${steps}, ${sizes.c}]` : "";
  print(
    `wrote ${printable(out)}: h [${sequences}, ${steps}, ${sizes.h}]${context} of ${made.images} images, by the model of update ${made.updates}\n`,
  );
}
