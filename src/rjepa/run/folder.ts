import { appendFile, readdir, rmdir, unlink } from "node:fs/promises";
import { DataError } from "../../core/errors.js";
import { printableLines } from "../../core/printable.js";
import { reasonOf } from "../../core/system-error.js";
import { isAside, makeFolder, requireRoom, writeFileAtomic } from "../../data/node/write.js";
import { type Saved, save } from "../../tensor/saved/save.js";
import { files, RunFiles } from "./files.js";
import { type Lock, lockFolder } from "./lock.js";
import { jsonLinesOf, type LogLine, rowsOf, tableHead } from "./log.js";

/** Bytes of figures and report, about, and of an update in both logs. */
const [resultBytes, lineBytes] = [4 << 20, 300];

/**
 * The folder of a run: its configuration, its newest checkpoint, and its log as lines of JSON and as a table. Files are written
 * whole or not at all; the logs are cut back to the checkpoint where a run goes on.
 */
export class RunFolder extends RunFiles {
  private constructor(
    who: string,
    path: string,
    private readonly lock: Lock,
    private readonly isNew: boolean,
  ) {
    super(who, path);
  }

  /**
   * A folder that is made if it is not there, locked against other runs until it is closed.
   * @param needs a file that must be there
   * @throws DataError where it cannot be written to, or another run holds it
   */
  static async open(
    who: string,
    path: string,
    { needs }: { readonly needs?: keyof typeof files } = {},
  ): Promise<RunFolder> {
    if (path === "") throw new DataError(`${who}: expected the name of a folder, got none`, path);
    if (needs !== undefined) await new RunFiles(who, path).require(needs);
    let isNew = false;
    try {
      isNew = await makeFolder(path);
    } catch (error) {
      throw new DataError(`${who}: cannot make the folder ${path}: ${reasonOf(error)}`, path);
    }
    try {
      const folder = new RunFolder(who, path, await lockFolder(who, path), isNew);
      await folder.clear();
      return folder;
    } catch (error) {
      if (isNew) await rmdir(path).catch(() => {});
      throw error;
    }
  }

  /** What a process that was killed had begun to write: nobody else writes here. */
  private async clear(): Promise<void> {
    const names = await readdir(this.path).catch((): string[] => []);
    await Promise.all(names.filter(isAside).map((name) => unlink(this.at(name)).catch(() => {})));
  }

  /** Lets others write to it; one that was made and got nothing goes again. */
  async close(): Promise<void> {
    this.release();
    if (this.isNew) await rmdir(this.path).catch(() => {});
  }

  /** Lets others write to it at once, for a process that is about to end. */
  release(): void {
    this.lock.release();
  }

  async writeJson(name: "config" | "figures", content: unknown): Promise<void> {
    // whoever prints the file prints names of files, which may command a terminal: JSON spells them out
    await writeFileAtomic(this.at(files[name]), `${printableLines(JSON.stringify(content, null, 1))}\n`);
  }

  async writeReport(page: string): Promise<void> {
    await writeFileAtomic(this.at(files.report), page);
  }

  async writeCheckpoint(tree: Saved): Promise<void> {
    await writeFileAtomic(this.at(files.checkpoint), save(tree));
  }

  /**
   * Requires that the disk holds what a run of so many updates has yet to write: a checkpoint beside the one before it, with so many
   * bytes of influence, logs, figures.
   * @throws DataError
   */
  async requireRoom(
    checkpoint: Saved,
    { updates, influence }: { readonly updates: number; readonly influence: number },
  ): Promise<void> {
    const bytes = save(checkpoint).length + influence + updates * lineBytes + resultBytes;
    await requireRoom(this.who, this.path, bytes);
  }

  async log(lines: readonly LogLine[]): Promise<void> {
    for (const [name, text] of [
      [files.log, jsonLinesOf(lines)],
      [files.table, rowsOf(lines)],
    ] as const)
      try {
        await appendFile(this.at(name), text);
      } catch (error) {
        throw new DataError(`${this.who}: cannot write to ${this.at(name)}: ${reasonOf(error)}`, this.path);
      }
  }

  /** Lines of the log up to an update; both of its files are cut back to these. */
  async logUpTo(update: number): Promise<LogLine[]> {
    const kept = await this.readLog(update);
    await writeFileAtomic(this.at(files.log), jsonLinesOf(kept));
    await writeFileAtomic(this.at(files.table), tableHead + rowsOf(kept));
    return kept;
  }
}
