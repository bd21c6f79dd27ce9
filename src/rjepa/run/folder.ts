import { appendFile, mkdir, readFile, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { CheckpointError, DataError } from "../../core/errors.js";
import { reasonOf } from "../../core/system-error.js";
import { writeFileAtomic } from "../../data/node/write.js";
import { load, type Saved, save } from "../../tensor/saved/save.js";
import { lockFolder } from "./lock.js";

/** Names of the files of a run. */
export const files = {
  config: "config.json",
  checkpoint: "checkpoint.safetensors",
  log: "log.jsonl",
  figures: "figures.json",
  report: "report.html",
} as const;

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

async function jsonOf(who: string, path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    const reason = error instanceof SyntaxError ? "it is no JSON" : reasonOf(error);
    throw new CheckpointError(`${who}: cannot read ${path}: ${reason}`);
  }
}

/** One line of the log. */
export interface LogLine {
  readonly update: number;
  readonly [name: string]: unknown;
}

/**
 * The folder of a run: its configuration, its newest checkpoint and its log, one line of JSON for each entry. Files are written
 * whole or not at all; the log is cut back to the checkpoint where a run goes on.
 */
export class RunFolder {
  private constructor(
    readonly path: string,
    private readonly who: string,
    private readonly unlock: () => Promise<void>,
    private readonly isNew: boolean,
  ) {}

  /**
   * A folder that is made if it is not there, locked against other runs until it is closed.
   * @throws DataError where it cannot be written to, or another run holds it
   */
  static async open(
    who: string,
    path: string,
    { mustBeThere = false }: { readonly mustBeThere?: boolean } = {},
  ): Promise<RunFolder> {
    if (path === "") throw new DataError(`${who}: expected the name of a folder, got none`, path);
    if (mustBeThere && !(await isFile(join(path, files.config))))
      throw new DataError(
        `${who}: expected the folder of a run, got ${path}, which has no ${files.config}`,
        path,
      );
    let isNew = false;
    try {
      isNew = (await mkdir(path, { recursive: true })) !== undefined;
    } catch (error) {
      throw new DataError(`${who}: cannot make the folder ${path}: ${reasonOf(error)}`, path);
    }
    return new RunFolder(path, who, await lockFolder(who, path), isNew);
  }

  /** Lets others write to it; one that was made and got nothing goes again. */
  async close(): Promise<void> {
    await this.unlock();
    if (this.isNew) await rmdir(this.path).catch(() => {});
  }

  at(name: string): string {
    return join(this.path, name);
  }

  /** Whether a run has been here. */
  async has(name: keyof typeof files): Promise<boolean> {
    return isFile(this.at(files[name]));
  }

  async writeJson(name: "config" | "figures", content: unknown): Promise<void> {
    await writeFileAtomic(this.at(files[name]), `${JSON.stringify(content, null, 1)}\n`);
  }

  async writeReport(page: string): Promise<void> {
    await writeFileAtomic(this.at(files.report), page);
  }

  /** @throws CheckpointError for a file that is missing, or no JSON */
  readConfig(): Promise<unknown> {
    return jsonOf(this.who, this.at(files.config));
  }

  /** What was found in a folder, whoever holds it. @throws CheckpointError for a file that is missing, or no JSON */
  static figuresIn(who: string, folder: string): Promise<unknown> {
    return jsonOf(who, join(folder, files.figures));
  }

  async writeCheckpoint(tree: Saved): Promise<void> {
    await writeFileAtomic(this.at(files.checkpoint), save(tree));
  }

  /** @throws CheckpointError for a file that is missing or damaged */
  async readCheckpoint(): Promise<Saved> {
    const path = this.at(files.checkpoint);
    let bytes: Uint8Array;
    try {
      bytes = await readFile(path);
    } catch (error) {
      throw new CheckpointError(`${this.who}: cannot read ${path}: ${reasonOf(error)}`);
    }
    return load(bytes);
  }

  async log(line: LogLine): Promise<void> {
    try {
      await appendFile(this.at(files.log), `${JSON.stringify(line)}\n`);
    } catch (error) {
      throw new DataError(
        `${this.who}: cannot write to ${this.at(files.log)}: ${reasonOf(error)}`,
        this.path,
      );
    }
  }

  /** Lines of the log up to an update; the file is cut back to these. */
  async logUpTo(update: number): Promise<LogLine[]> {
    const text = await readFile(this.at(files.log), "utf8").catch(() => "");
    const lines = text.split("\n").flatMap((line): LogLine[] => {
      try {
        const found: unknown = JSON.parse(line);
        return typeof found === "object" && found !== null && "update" in found ? [found as LogLine] : [];
      } catch {
        // the last line of one that was killed
        return [];
      }
    });
    const kept = lines.filter((line) => line.update <= update);
    await writeFileAtomic(this.at(files.log), kept.map((line) => `${JSON.stringify(line)}\n`).join(""));
    return kept;
  }
}
