/**
 * `npm run bench:peers [-- --json] [--quick] [--page] [name ...]`: Onward against its peers, all in one run. Prints
 * medians and paired ratios, with --json the results; keeps them in bench/results/peers.json and brings docs/peers.md up
 * to date. Names choose works that contain them; then, and with --quick, results go to runs/peers instead. With --page
 * nothing is measured: the page is written.
 */
import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { machine } from "../../src/cli/machine.js";
import { createProgress } from "../../src/cli/progress.js";
import { OnwardError } from "../../src/core/errors.js";
import { writeFiles } from "../../src/data/node/write.js";
import { Competitors } from "./find.js";
import { measure, type Plan } from "./measure.js";
import { writePage } from "./page.js";
import type { Results, Row } from "./results.js";
import { peersTable } from "./tables.js";
import { type Work, works } from "./works.js";

const flags = ["--json", "--quick", "--page"];
const full: Plan = { rounds: 9, least: 50, warm: 500 };
const quick: Plan = { rounds: 7, least: 3, warm: 50 };
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const kept = here("../results/peers.json");

async function take(chosen: readonly Work[], plan: Plan): Promise<Results> {
  const all = new Competitors();
  const progress = createProgress(chosen.length, { unit: "works", label: "peers" });
  try {
    const rows: Row[] = [];
    for (const work of chosen) {
      const row = await measure(work, all, plan);
      if (row) rows.push(row);
      progress.update(rows.length);
    }
    const versions = await all.versions();
    return { kind: "peers", machine: machine(), versions, skipped: [...all.skipped], rows };
  } finally {
    progress.stop();
    all.close();
  }
}

async function main(args: readonly string[]): Promise<number> {
  const names = args.filter((a) => !a.startsWith("--"));
  const unknown =
    args.find((a) => a.startsWith("--") && !flags.includes(a)) ??
    names.find((n) => !works.some((w) => w.name.includes(n)));
  if (unknown !== undefined) {
    const known = [...new Set(works.map((w) => w.name))].join("; ");
    console.error(`bench:peers: expected any of ${flags.join(", ")} and parts of ${known}, got "${unknown}"`);
    return 1;
  }
  if (args.includes("--page")) {
    await writePage(JSON.parse(readFileSync(kept, "utf8")) as Results);
    return 0;
  }
  const isQuick = args.includes("--quick");
  const chosen = works.filter((w) => names.length === 0 || names.some((n) => w.name.includes(n)));
  const results = await take(chosen, isQuick ? quick : full);
  if (args.includes("--json")) console.log(JSON.stringify(results));
  else {
    console.log(peersTable(results.rows));
    for (const sentence of results.skipped) console.log(sentence);
  }
  const isWhole = !isQuick && names.length === 0;
  const file = isWhole ? kept : here("../../runs/peers/peers.json");
  await writeFiles("peers", dirname(file), { [basename(file)]: `${JSON.stringify(results)}\n` });
  console.error(file);
  if (isWhole) await writePage(results);
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof OnwardError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
