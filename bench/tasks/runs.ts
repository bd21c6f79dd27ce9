import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFiles } from "../../src/data/node/write.js";
import { type Learned, type LearnOptions, learn } from "./learn.js";

/** Changes whenever runs of before would come out differently. */
const version = 1;

/** Finished runs in a folder, one file each, so that a benchmark that was cut off goes on where it was. */
export class Runs {
  constructor(private readonly folder: string) {}

  /** The run of these options, from the folder or made now. */
  async get(options: LearnOptions): Promise<Learned> {
    const name = nameOf(options);
    const known = readRun(join(this.folder, name));
    if (known) return known;
    const found = learn(options);
    await writeFiles("tasks", this.folder, { [name]: JSON.stringify(found) });
    return found;
  }

  has(options: LearnOptions): boolean {
    return readRun(join(this.folder, nameOf(options))) !== null;
  }
}

function nameOf({ task, architecture, rule, rate, seed, updates, batch, test }: LearnOptions): string {
  const parts = [`v${version}`, task.name, architecture, rule.name, rate, seed, updates, batch, test];
  return `${parts.join("-").replace(/[^\w.-]+/g, "_")}.json`;
}

/** A finished run; `null` where there is none that can be read. */
function readRun(file: string): Learned | null {
  try {
    const run = JSON.parse(readFileSync(file, "utf8")) as Learned;
    return Array.isArray(run.losses) && typeof run.score === "number" ? run : null;
  } catch {
    return null;
  }
}
