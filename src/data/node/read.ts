import { constants, type Stats } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { DataError } from "../../core/errors.js";
import { reasonOf } from "../../core/system-error.js";

/** What stands at a path, where it is no file. */
export function kindOf(found: Stats): string {
  if (found.isDirectory()) return "a folder";
  if (found.isFIFO()) return "a pipe";
  return found.isSocket() ? "a socket" : "a device";
}

/** Whether there is a folder at a path. */
export const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

const cannotRead = (who: string, path: string, reason: string): DataError =>
  new DataError(`${who}: cannot read ${path}: ${reason}`, path);

/**
 * Opens a regular file and no other: a pipe would be waited for, a device might never end.
 * @throws DataError of file and reason, also where `use` fails for a reason of the system
 */
export async function withFile<R>(
  who: string,
  path: string,
  use: (file: FileHandle) => Promise<R>,
): Promise<R> {
  let handle: FileHandle | null = null;
  try {
    const seen = await stat(path);
    if (!seen.isFile()) throw cannotRead(who, path, `expected a file, got ${kindOf(seen)}`);
    // were it exchanged for a pipe meanwhile, opening that must not wait either
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const opened = await handle.stat();
    if (!opened.isFile()) throw cannotRead(who, path, `expected a file, got ${kindOf(opened)}`);
    return await use(handle);
  } catch (error) {
    if (error instanceof DataError) throw error;
    const garbled = path.includes("\ufffd") && (error as NodeJS.ErrnoException).code === "ENOENT";
    throw cannotRead(who, path, garbled ? "its name is not valid UTF-8" : reasonOf(error));
  } finally {
    await handle?.close();
  }
}

/** The JSON of a regular file. @throws DataError of file and reason */
export async function readJson(who: string, path: string): Promise<unknown> {
  const bytes = await withFile(who, path, (file) => file.readFile());
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new DataError(`${who}: expected JSON in ${path}, got bytes that are not UTF-8`, path);
  }
  try {
    return JSON.parse(text);
  } catch {
    const got = text.trim() === "" ? "an empty file" : "text that is not";
    throw new DataError(`${who}: expected JSON in ${path}, got ${got}`, path);
  }
}
