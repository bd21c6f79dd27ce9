import { open, readFile, unlink } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { DataError } from "../../core/errors.js";
import { reasonOf } from "../../core/system-error.js";

/** Who holds a folder. */
interface Holder {
  readonly pid: number;
  readonly host: string;
}

const nameOfLock = "lock";
const codeOf = (error: unknown): unknown => (error as NodeJS.ErrnoException).code;

/** Whether a process of this machine is there, ours or not. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

async function holderOf(path: string): Promise<Holder | null> {
  try {
    const { pid, host } = JSON.parse(await readFile(path, "utf8")) as Partial<Holder>;
    return Number.isSafeInteger(pid) && typeof host === "string" ? { pid: pid as number, host } : null;
  } catch {
    // half written, by one that was killed
    return null;
  }
}

const settling = 50;

async function isStillOurs(path: string): Promise<boolean> {
  await new Promise((resolve) => setTimeout(resolve, settling));
  const holder = await holderOf(path);
  return holder?.pid === process.pid && holder.host === hostname();
}

/**
 * Holds a folder against other runs, until what it returns is called. A lock whose process is gone from this machine is taken over.
 * @throws DataError where another run holds it
 */
export async function lockFolder(who: string, folder: string): Promise<() => Promise<void>> {
  const path = join(folder, nameOfLock);
  for (let tries = 0; ; tries++) {
    try {
      const file = await open(path, "wx");
      await file.writeFile(JSON.stringify({ pid: process.pid, host: hostname() } satisfies Holder));
      await file.close();
      // two that find the same dead lock may both take its place: the later one's name stays
      if (tries > 0 && !(await isStillOurs(path))) continue;
      return async () => {
        await unlink(path).catch(() => {});
      };
    } catch (error) {
      if (codeOf(error) !== "EEXIST")
        throw new DataError(`${who}: cannot write to ${folder}: ${reasonOf(error)}`, folder);
    }
    const holder = await holderOf(path);
    const isGone = holder === null || (holder.host === hostname() && !isAlive(holder.pid));
    if (!isGone || tries > 2)
      throw new DataError(
        `${who}: expected a folder that no other run writes to, got ${folder}, which process ${holder?.pid ?? "unknown"} on ${holder?.host ?? "this machine"} holds; choose another, or end that run (or delete ${path}, if it is no run)`,
        folder,
      );
    await unlink(path).catch(() => {});
  }
}
