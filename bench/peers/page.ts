/** docs/peers.md, with its tables brought up to date with bench/results/peers.json. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { OnwardError } from "../../src/core/errors.js";
import { writeFileAtomic } from "../../src/data/node/write.js";
import type { Results } from "./results.js";
import { machineMarkdown, peersMarkdown, targetsMarkdown } from "./tables.js";

const page = fileURLToPath(new URL("../../docs/peers.md", import.meta.url));

export function updated(text: string, results: Results): string {
  const tables: Readonly<Record<string, string>> = {
    machine: machineMarkdown(results),
    targets: targetsMarkdown(results.rows),
    peers: peersMarkdown(results.rows),
  };
  for (const name of Object.keys(tables))
    if (!text.includes(`<!-- ${name} -->`))
      throw new OnwardError(`bench: expected a place <!-- ${name} --> in docs/peers.md, got none`);
  return text.replace(/<!-- ([\w-]+) -->\n[\s\S]*?<!-- end -->/g, (whole, name: string) =>
    Object.hasOwn(tables, name) ? `<!-- ${name} -->\n${tables[name]}\n<!-- end -->` : whole,
  );
}

export async function writePage(results: Results): Promise<void> {
  await writeFileAtomic(page, updated(readFileSync(page, "utf8"), results));
}
