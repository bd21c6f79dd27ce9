import { randomBytes } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { type FileHandle, mkdir, open, rename, rmdir, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DataError } from "../core/errors.js";
import { reasonOf } from "../core/system-error.js";

function kindOf(found: Stats): string {
  if (found.isDirectory()) return "a folder";
  if (found.isFIFO()) return "a pipe";
  return found.isSocket() ? "a socket" : "a device";
}

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

/**
 * Writes into a folder to see that one can; one that is made for it goes again, so that who ends early leaves nothing.
 * @throws DataError of folder and reason
 */
export async function prepareFolder(who: string, folder: string): Promise<void> {
  try {
    const isNew = await makeFolder(folder);
    await discard(await writeAside(folder, "probe"));
    if (isNew) await rmdir(folder).catch(() => {});
  } catch (error) {
    const nowhere = (error as NodeJS.ErrnoException).code === "ENOENT";
    const reason = nowhere ? "no folder can be made there" : reasonOf(error);
    throw new DataError(`${who}: cannot write to ${folder}: ${reason}`, folder);
  }
}

/**
 * Writes files of one folder, by name: whole or not at all, since each gets its name only when all lie on the disk.
 * @throws DataError of file and reason
 */
export async function writeFiles(
  who: string,
  folder: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  const aside: { readonly from: string; readonly to: string }[] = [];
  let path = folder;
  try {
    await makeFolder(folder);
    for (const [name, text] of Object.entries(files)) {
      path = join(folder, name);
      aside.push({ from: await writeAside(folder, text), to: path });
    }
    while (aside.length > 0) {
      path = aside[0].to;
      await rename(aside[0].from, path);
      aside.shift();
    }
  } catch (error) {
    await Promise.all(aside.map(({ from }) => discard(from)));
    throw new DataError(`${who}: cannot write ${path}: ${reasonOf(error)}`, path);
  }
}

/** With those above it; false where it was there. Node's own recursion never ends where the system makes no folders, as in /proc. */
async function makeFolder(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" && dirname(folder) !== folder) {
      await makeFolder(dirname(folder));
      await mkdir(folder);
      return true;
    }
    if (!(await stat(folder).catch(() => null))?.isDirectory()) throw error;
    return false;
  }
}

/** Writes text under a name of its own, and gives that. */
async function writeAside(folder: string, text: string): Promise<string> {
  const path = join(folder, `.onward-${process.pid}-${randomBytes(4).toString("hex")}.tmp`);
  const handle = await open(path, "wx");
  try {
    await handle.writeFile(text);
    await handle.sync();
    await handle.close();
    return path;
  } catch (error) {
    await handle.close().catch(() => {});
    await discard(path);
    throw error;
  }
}

const discard = (path: string): Promise<void> => unlink(path).catch(() => {});
