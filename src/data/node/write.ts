/** Files that are written whole or not at all: aside, to the disk, and only then under their names. */
import { randomBytes } from "node:crypto";
import { lstat, mkdir, open, realpath, rename, rmdir, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DataError } from "../../core/errors.js";
import { either, instanceOf, text } from "../../core/kinds.js";
import { reasonOf } from "../../core/system-error.js";
import { kindOf } from "./read.js";

type Content = string | Uint8Array;
/** Also one that is made while it is written. */
type Written = Content | AsyncIterable<Uint8Array>;
const aContent = either("a string or a Uint8Array", text, instanceOf(Uint8Array));

/**
 * Writes a file whole or not at all, as a checkpoint needs: at every moment, also where the process is killed, the path has the
 * old file or the new one. The content goes to a new file in the same folder (`.onward-….tmp`, which only a killed process leaves
 * behind), from there to the disk, and then takes the name; the folder follows to the disk where the system can do that. Links
 * are followed, and a file keeps its permissions.
 * @param path a file, in a folder that exists
 * @param content text, as UTF-8, or bytes such as those of `save`; they must not change before the promise is kept
 * @throws DataError of file and reason: no permission, a full disk, no such folder, something there that is no file
 */
export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  const who = "writeFileAtomic";
  text(who, "the path", path);
  aContent(who, "the content", content);
  await writeAll(who, [[path, content]]);
}

/** Writes files of one folder, by name; each gets its name only when all lie on the disk. @throws DataError of file and reason */
export async function writeFiles(
  who: string,
  folder: string,
  files: Readonly<Record<string, Content>>,
): Promise<void> {
  try {
    await makeFolder(folder);
  } catch (error) {
    throw cannotWrite(who, folder, reasonOf(error));
  }
  await writeAll(
    who,
    Object.entries(files).map(([name, content]) => [join(folder, name), content]),
  );
}

/**
 * Writes into a folder to see that one can; one that is made for it goes again, so that who ends early leaves nothing.
 * @throws DataError of folder and reason
 */
export async function prepareFolder(who: string, folder: string): Promise<void> {
  try {
    const isNew = await makeFolder(folder);
    await discard(await writeAside(folder, "probe", null));
    if (isNew) await rmdir(folder).catch(() => {});
  } catch (error) {
    const reason = codeOf(error) === "ENOENT" ? "no folder can be made there" : reasonOf(error);
    throw new DataError(`${who}: cannot write to ${folder}: ${reason}`, folder);
  }
}

/** Requires that a folder's disk has room, by taking it for a moment. @throws DataError */
export async function requireRoom(who: string, folder: string, bytes: number): Promise<void> {
  try {
    await discard(await writeAside(folder, zeros(bytes), null));
  } catch (error) {
    throw new DataError(
      `${who}: expected room for ${bytes} bytes in ${folder}, got none: ${reasonOf(error)}`,
      folder,
    );
  }
}

const block = new Uint8Array(1 << 16);

async function* zeros(bytes: number): AsyncGenerator<Uint8Array> {
  for (let left = bytes; left > 0; left -= block.length)
    yield block.subarray(0, Math.min(left, block.length));
}

/** A file of a size that need not fit into memory, whole or not at all. @throws DataError of file and reason */
export async function writeParts(who: string, path: string, parts: AsyncIterable<Uint8Array>): Promise<void> {
  await writeAll(who, [[path, parts]]);
}

/** Requires that a path is a file or nothing yet, in a folder, before much is computed for it. @throws DataError */
export async function requireTarget(who: string, path: string): Promise<void> {
  try {
    const { to } = await targetOf(who, path);
    await discard(await writeAside(dirname(to), "", null));
  } catch (error) {
    throw refusal(who, path, error);
  }
}

async function writeAll(who: string, files: readonly (readonly [string, Written])[]): Promise<void> {
  const aside: { readonly path: string; readonly from: string; readonly to: string }[] = [];
  let at = "";
  try {
    for (const [path, content] of files) {
      at = path;
      const { to, mode } = await targetOf(who, path);
      aside.push({ path, from: await writeAside(dirname(to), content, mode), to });
    }
    const folders = new Set(aside.map(({ to }) => dirname(to)));
    while (aside.length > 0) {
      at = aside[0].path;
      await rename(aside[0].from, aside[0].to);
      aside.shift();
    }
    for (const folder of folders) await syncFolder(folder);
  } catch (error) {
    await Promise.all(aside.map(({ from }) => discard(from)));
    throw refusal(who, at, error);
  }
}

const cannotWrite = (who: string, path: string, reason: string): DataError =>
  new DataError(`${who}: cannot write ${path}: ${reason}`, path);

const refusal = (who: string, path: string, error: unknown): DataError =>
  error instanceof DataError
    ? error
    : cannotWrite(who, path, codeOf(error) === "ENOENT" ? "there is no such folder" : reasonOf(error));

const codeOf = (error: unknown): unknown => (error as NodeJS.ErrnoException).code;

const orNull = (error: unknown): null => {
  if (codeOf(error) === "ENOENT") return null;
  throw error;
};

/** The file that a path leads to, and its permissions where it is there. A device or a pipe would be replaced for good. */
async function targetOf(
  who: string,
  path: string,
): Promise<{ readonly to: string; readonly mode: number | null }> {
  const seen = await stat(path).catch(orNull);
  if (seen === null) {
    if ((await lstat(path).catch(orNull)) === null) return { to: path, mode: null };
    throw cannotWrite(who, path, "its link leads nowhere");
  }
  if (seen.isDirectory()) throw cannotWrite(who, path, "there is a folder of this name");
  if (!seen.isFile()) throw cannotWrite(who, path, `expected a file, got ${kindOf(seen)}`);
  return { to: await realpath(path), mode: seen.mode & 0o777 };
}

/** With those above it; false where it was there. Node's own recursion never ends where the system makes no folders, as in /proc. */
export async function makeFolder(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT" && dirname(folder) !== folder) {
      await makeFolder(dirname(folder));
      await mkdir(folder);
      return true;
    }
    if (!(await stat(folder).catch(() => null))?.isDirectory()) throw error;
    return false;
  }
}

/** Whether a file of this name is one that has not got its own yet: where nobody writes, what a killed process left. */
export const isAside = (name: string): boolean => /^\.onward-\d+-[0-9a-f]{8}\.tmp$/.test(name);

/** A name in a folder that no file has. */
export const asideIn = (folder: string): string =>
  join(folder, `.onward-${process.pid}-${randomBytes(4).toString("hex")}.tmp`);

/** Writes to the disk under a name of its own, and gives that. */
async function writeAside(folder: string, content: Written, mode: number | null): Promise<string> {
  const path = asideIn(folder);
  const handle = await open(path, "wx");
  try {
    if (mode !== null) await handle.chmod(mode);
    const parts = typeof content === "string" || content instanceof Uint8Array ? [content] : content;
    for await (const part of parts) await handle.writeFile(part);
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

/** What systems say that open or sync no folders: there a new name reaches the disk in their own time. */
const unable = new Set<unknown>(["EACCES", "EPERM", "EISDIR", "EINVAL", "ENOTSUP", "EBADF"]);

async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder);
    await handle.sync().finally(() => handle.close());
  } catch (error) {
    if (!unable.has(codeOf(error))) throw error;
  }
}
