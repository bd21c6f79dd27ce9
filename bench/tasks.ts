/**
 * What learning rules learn: `npx tsx bench/tasks.ts [--json] [--markdown] [--quick]`.
 * Prints a table, or with --json the results, or with --markdown the table of the docs; writes bench/results/tasks.json.
 * Finished runs stay in runs/bench-tasks, so that a benchmark that was cut off goes on where it was. With --quick
 * everything runs for a moment, and the results stay there too.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import "../src/index.js";
import { writeFiles } from "../src/data/node/write.js";
import { earlyLimit } from "./tasks/agreement.js";
import { benchmark } from "./tasks/benchmark.js";
import { experiments, full, quick } from "./tasks/experiments.js";
import { Runs } from "./tasks/runs.js";
import { formatResults, markdownResults } from "./tasks/table.js";

const known = ["--json", "--markdown", "--quick"];
const root = fileURLToPath(new URL("..", import.meta.url));

async function main(args: readonly string[]): Promise<number> {
  const unknown = args.find((arg) => !known.includes(arg));
  if (unknown !== undefined) {
    console.error(`tasks: expected one of ${known.join(", ")}, got "${unknown}"`);
    return 1;
  }
  const short = args.includes("--quick");
  const folder = join(root, "runs", "bench-tasks", short ? "quick" : "full");
  const kept = short ? join(folder, "results") : join(root, "bench", "results");
  const chosen = short ? experiments.map((e) => ({ ...e, updates: 2, batch: 2 })) : experiments;
  const results = await benchmark(chosen, short ? quick : full, new Runs(folder), (line) =>
    console.error(line),
  );
  await writeFiles("tasks", kept, { "tasks.json": `${JSON.stringify(results, null, 2)}\n` });
  if (args.includes("--json")) console.log(JSON.stringify(results));
  else console.log((args.includes("--markdown") ? markdownResults : formatResults)(results));
  const parted = results.experiments.filter(({ agreement }) => agreement && !(agreement.early < earlyLimit));
  for (const { task, architecture, agreement } of parted)
    console.error(
      `tasks: rfp and bptt on ${task} (${architecture}) must have losses within ${earlyLimit} over the first ten updates, got ${agreement?.early}`,
    );
  return parted.length ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
