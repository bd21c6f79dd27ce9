import { type FileHandle, open, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { DataError } from "../../core/errors.js";
import { reasonOf } from "../../core/system-error.js";
import { asideIn } from "../../data/node/write.js";
import { fileBytes } from "../../tensor/saved/save.js";

const block = 1 << 20;

/**
 * Rows of numbers that need not fit into memory, in a file beside another. It has no name from its start on, so that nothing is
 * left of it, however the process ends.
 */
export class Column {
  private constructor(
    private readonly who: string,
    private readonly path: string,
    private readonly file: FileHandle,
  ) {}

  /** @throws DataError */
  static async beside(who: string, path: string): Promise<Column> {
    const own = asideIn(dirname(path));
    try {
      const file = await open(own, "wx+");
      await unlink(own);
      return new Column(who, path, file);
    } catch (error) {
      throw cannotWrite(who, path, error);
    }
  }

  /** @throws DataError */
  async append(values: Float32Array): Promise<void> {
    try {
      await this.file.writeFile(fileBytes(values));
    } catch (error) {
      throw cannotWrite(this.who, this.path, error);
    }
  }

  /** All bytes, from the first. */
  async *bytes(): AsyncGenerator<Uint8Array> {
    for (let at = 0; ; ) {
      const { bytesRead, buffer } = await this.file.read(new Uint8Array(block), 0, block, at);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
      at += bytesRead;
    }
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

const cannotWrite = (who: string, path: string, error: unknown): DataError =>
  new DataError(`${who}: cannot write beside ${path}: ${reasonOf(error)}`, path);
