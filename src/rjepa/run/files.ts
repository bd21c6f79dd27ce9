import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { CheckpointError, DataError } from "../../core/errors.js";
import { reasonOf } from "../../core/system-error.js";
import { load, type Saved } from "../../tensor/saved/save.js";
import { type LogLine, linesOf } from "./log.js";

/** Names of the files of a run. */
export const files = {
  config: "config.json",
  checkpoint: "checkpoint.safetensors",
  log: "log.jsonl",
  table: "log.csv",
  figures: "figures.json",
  report: "report.html",
} as const;

type Name = keyof typeof files;

/** What the folder of a run holds, whoever writes to it: each of its files is whole at every moment. */
export class RunFiles {
  constructor(
    protected readonly who: string,
    readonly path: string,
  ) {}

  at(name: string): string {
    return join(this.path, name);
  }

  has(name: Name): Promise<boolean> {
    return stat(this.at(files[name])).then(
      (found) => found.isFile(),
      () => false,
    );
  }

  /** @throws DataError where a file is not there */
  async require(name: Name): Promise<void> {
    if (await this.has(name)) return;
    const what = name === "figures" ? "the folder of a run that was judged" : "the folder of a run";
    throw new DataError(
      `${this.who}: expected ${what}, got ${this.path}, which has no ${files[name]}`,
      this.path,
    );
  }

  /** The configuration as it was written. @throws CheckpointError for a file that is missing, or no JSON */
  readConfig(): Promise<unknown> {
    return this.readJson("config");
  }

  /** What was found. @throws CheckpointError for a file that is missing, or no JSON */
  readFigures(): Promise<unknown> {
    return this.readJson("figures");
  }

  private async readJson(name: "config" | "figures"): Promise<unknown> {
    const bytes = await this.bytesOf(name);
    try {
      return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    } catch {
      throw new CheckpointError(`${this.who}: cannot read ${this.at(files[name])}: it is no JSON`);
    }
  }

  /** @throws CheckpointError for a file that is missing or damaged */
  async readCheckpoint(): Promise<Saved> {
    return load(await this.bytesOf("checkpoint"));
  }

  private async bytesOf(name: Name): Promise<Uint8Array> {
    const path = this.at(files[name]);
    try {
      return await readFile(path);
    } catch (error) {
      throw new CheckpointError(`${this.who}: cannot read ${path}: ${reasonOf(error)}`);
    }
  }

  /** Lines of the log up to an update: later ones are of updates that no checkpoint knows. */
  async readLog(update: number): Promise<LogLine[]> {
    const text = await readFile(this.at(files.log), "utf8").catch(() => "");
    return linesOf(text).filter((line) => line.update <= update);
  }
}
