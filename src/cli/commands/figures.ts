import { printable } from "../../core/printable.js";
import type { Command } from "../command.js";
import { requireParts } from "../optional-parts.js";
import { print } from "../terminal.js";

export const command: Command = {
  name: "figures",
  summary:
    "figures of a run that was judged, beside others such as its controls: a table, and its report.html",
  configure(program) {
    program
      .argument("<run>", "folder of a run that train has finished, or that evaluate has judged")
      .option("--beside <folders...>", "folders of other runs on the same sequences, such as controls")
      .action(async (path: string, options: { readonly beside?: readonly string[] }) => {
        await import("../../index.js");
        const { RunFolder } = await import("../../rjepa/run/folder.js");
        const { RunFiles } = await import("../../rjepa/run/files.js");
        const { namesBeside, requireResult } = await import("../../rjepa/run/result.js");
        const { renderRun } = await import("../../rjepa/run/report.js");
        const { summaryOf } = await import("../recipe.js");
        await requireParts("figures", ["vega", "vega-lite"]);
        const read = async (folder: string) =>
          requireResult("figures", await new RunFiles("figures", folder).readFigures());
        const result = await read(path);
        const others = await Promise.all((options.beside ?? []).map(read));
        print(await summaryOf(result, others));
        const folder = await RunFolder.open("figures", path, { needs: "figures" });
        try {
          await folder.writeReport(await renderRun(result, others));
          const names = namesBeside(result, others);
          print(
            `wrote ${printable(folder.at("report.html"))}${names.length > 0 ? `, beside ${names.join(", ")}` : ""}\n`,
          );
        } finally {
          await folder.close();
        }
      });
  },
};
