import type { Command as Program } from "commander";
import { ArgumentError } from "../../core/errors.js";
import { printable } from "../../core/printable.js";
import type { Command } from "../command.js";
import { requireParts } from "../optional-parts.js";
import { createReports, partsOfRuns, summaryOf, writeReport } from "../recipe.js";
import { addDataOptions, type DataOptions, folderIn } from "../run-options.js";
import { jsonOf, note, print } from "../terminal.js";

interface Options extends DataOptions {
  readonly labeled?: string;
  readonly out?: string;
  readonly json?: boolean;
  readonly backend?: string;
}

export const command: Command = {
  name: "evaluate",
  summary:
    "judges the model of a run's newest checkpoint, finished or not, on the images that the run holds out or on others",
  configure(program) {
    addDataOptions(
      program.argument("<run>", "folder of a run; it is only read"),
      "other images to judge on, all of them; default: those that the run holds out",
    )
      .option(
        "--labeled <folder>",
        "folders train and test of folders by label, for other probes than the run's",
      )
      .option(
        "--out <folder>",
        "where figures.json and report.html go, perhaps the run itself; default: nowhere",
      )
      .option("--json", "print JSON")
      .option("--backend <name>", "backend to compute with")
      .action((path: string, options: Options, self: Program) => evaluateRun(path, options, self));
  },
};

async function evaluateRun(path: string, options: Options, program: Program): Promise<void> {
  const { useBackend } = await import("../../index.js");
  const { evaluate } = await import("../../rjepa/run/evaluate.js");
  const { writtenResult } = await import("../../rjepa/run/result.js");
  const { RunFiles } = await import("../../rjepa/run/files.js");
  const { RunFolder } = await import("../../rjepa/run/folder.js");
  const who = program.name();
  const { labeled, out } = options;
  const source = await folderIn(options, program);
  await requireParts(who, partsOfRuns);
  if (options.backend) useBackend(options.backend);
  await new RunFiles(who, path).require("config");
  const folder = out === undefined ? null : await RunFolder.open(who, out);
  try {
    if (folder !== null && (await folder.has("config")) && !(await isSame(path, folder.path)))
      throw new ArgumentError(
        `${who}: expected a folder without another run for --out, got ${printable(folder.path)}`,
      );
    const reports = createReports();
    const result = await evaluate(who, path, {
      ...(source === undefined ? {} : { source }),
      ...(labeled === undefined ? {} : { labeled }),
      ...reports,
    });
    print(options.json ? `${jsonOf(writtenResult(result), 1)}\n` : await summaryOf(result));
    if (folder === null) return;
    await folder.writeJson("figures", writtenResult(result));
    await writeReport(folder, result, options.json ? note : print);
  } finally {
    await folder?.close();
  }
}

/** Whether two paths lead to one folder. */
async function isSame(one: string, other: string): Promise<boolean> {
  const { realpath } = await import("node:fs/promises");
  return (await realpath(one)) === (await realpath(other));
}
