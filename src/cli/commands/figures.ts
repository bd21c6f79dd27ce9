import { printable } from "../../core/printable.js";
import type { Command } from "../command.js";
import { requireParts } from "../optional-parts.js";
import { print } from "../terminal.js";

export const command: Command = {
  name: "figures",
  summary: "figures of a run of a recipe, beside others such as its controls: a table, and its report.html",
  configure(program) {
    program
      .argument("<run>", "folder of a run that train --recipe has finished")
      .option("--beside <folders...>", "folders of other runs on the same sequences, such as controls")
      .action(async (path: string, options: { readonly beside?: readonly string[] }) => {
        await import("../../index.js");
        const { RunFolder } = await import("../../rjepa/run/folder.js");
        const { nameOfRun, requireResult } = await import("../../rjepa/run/result.js");
        const { summaryOf } = await import("../recipe.js");
        const { renderRun } = await import("../../rjepa/run/report.js");
        await requireParts("figures", ["vega", "vega-lite"]);
        const read = async (folder: string) =>
          requireResult("figures", await RunFolder.figuresIn("figures", folder));
        const result = await read(path);
        const others = await Promise.all((options.beside ?? []).map(read));
        print(await summaryOf(result, others));
        const folder = await RunFolder.open("figures", path, { mustBeThere: true });
        try {
          await folder.writeReport(await renderRun(result, others));
          const names = others.map(nameOfRun);
          print(
            `wrote ${printable(folder.at("report.html"))}${names.length > 0 ? `, beside ${names.join(", ")}` : ""}\n`,
          );
        } finally {
          await folder.close();
        }
      });
  },
};
