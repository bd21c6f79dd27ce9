import type { Course, Experiment } from "../../rjepa/theorem/experiments.js";
import type { Command } from "../command.js";
import { jsonOf, print } from "../terminal.js";

interface Options {
  readonly json?: boolean;
  readonly out?: string;
}

type Result = Pick<Experiment, "name" | "says"> & ReturnType<Experiment["run"]>;

export const command: Command = {
  name: "theorem",
  summary:
    "the balance of predictor and head (Theorem 1) on a linear model: predicted and measured side by side",
  configure(program) {
    program
      .option("--json", "print JSON")
      .option("--out <folder>", "write theorem.svg and theorem.json there")
      .action(async ({ json, out }: Options) => {
        await import("../../index.js");
        const { experiments } = await import("../../rjepa/theorem/experiments.js");
        const results = experiments.map(({ name, says, run }): Result => ({ name, says, ...run() }));
        if (out !== undefined) await write(out, results);
        print(json ? `${jsonOf(results, 2)}\n` : await table(results));
        if (results.some(({ found }) => found.some(({ holds }) => !holds))) process.exitCode = 1;
      });
  },
};

async function write(folder: string, results: readonly Result[]): Promise<void> {
  const { writeFiles } = await import("../../data/node/write.js");
  const { renderChart } = await import("../../rjepa/report/charts/chart.js");
  const { balanceChart } = await import("../../rjepa/report/charts/balance.js");
  const courses: Record<string, readonly Course[]> = {};
  // updates of an optimizer are no time of a flow
  for (const { name, course } of results)
    if (course.length && name !== "decoupled decay") courses[name] = course;
  const svg = await renderChart("theorem", balanceChart(courses), "white");
  await writeFiles("theorem", folder, {
    "theorem.svg": `${svg}\n`,
    "theorem.json": `${jsonOf(results, 2)}\n`,
  });
}

const digits = (v: number | null): string =>
  v === null ? "none" : Math.abs(v) < 1e-4 && v !== 0 ? v.toExponential(1) : `${Number(v.toPrecision(5))}`;

async function table(results: readonly Result[]): Promise<string> {
  const { textTable } = await import("../table.js");
  const parts = results.map(({ name, says, found }) => {
    const rows = found.map(({ quantity, predicted, measured, holds }) => [
      quantity,
      digits(predicted),
      digits(measured),
      holds ? "holds" : "FAILS",
    ]);
    return `${name}: ${says}\n${textTable(["quantity", "predicted", "measured", ""], rows)}`;
  });
  return `${parts.join("\n")}\n`;
}
