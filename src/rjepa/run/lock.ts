import { unlinkSync } from "node:fs";
import { open, readFile, unlink } from "node:fs/promises";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { DataError } from "../../core/errors.js";
import { reasonOf } from "../../core/system-error.js";

/** Who holds a folder. */
interface Holder {
  readonly pid: number;
  readonly host: string;
}

/** A folder that is held. */
export interface Lock {
  /** Lets it go at once; a second time does nothing. */
  release(): void;
}

const nameOfLock = "lock";
const codeOf = (error: unknown): unknown => (error as NodeJS.ErrnoException).code;

/** Locks of this very process: one with its number that is not among them was left by an earlier process of that number. */
const held = new Set<string>();

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

/** Whether nobody is behind a lock any more. */
function isGone(holder: Holder | null, path: string): boolean {
  if (holder === null) return true;
  if (holder.host !== hostname()) return false;
  return holder.pid === process.pid ? !held.has(path) : !isAlive(holder.pid);
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));

async function isStillOurs(path: string): Promise<boolean> {
  await settled();
  const holder = await holderOf(path);
  return holder?.pid === process.pid && holder.host === hostname();
}

/** Writes who holds a folder, where no lock is yet; one that finds no room goes again. */
async function take(path: string): Promise<void> {
  const file = await open(path, "wx");
  try {
    await file.writeFile(JSON.stringify({ pid: process.pid, host: hostname() } satisfies Holder));
    await file.close();
  } catch (error) {
    await file.close().catch(() => {});
    await unlink(path).catch(() => {});
    throw error;
  }
}

/** Held until it is released, or the process ends by itself. */
function heldAt(path: string): Lock {
  const release = (): void => {
    if (!held.delete(path)) return;
    process.off("exit", release);
    try {
      unlinkSync(path);
    } catch {
      // somebody has deleted it, as the sentence below allows
    }
  };
  held.add(path);
  process.on("exit", release);
  return { release };
}

/**
 * Holds a folder against other runs, until it is released. A lock whose process is gone from this machine is taken over.
 * @throws DataError where another run holds it
 */
export async function lockFolder(who: string, folder: string): Promise<Lock> {
  const path = resolve(join(folder, nameOfLock));
  for (let tries = 0; ; tries++) {
    try {
      await take(path);
      // two that find the same dead lock may both take its place: the later one's name stays
      if (tries > 0 && !(await isStillOurs(path))) continue;
      return heldAt(path);
    } catch (error) {
      if (codeOf(error) !== "EEXIST")
        throw new DataError(`${who}: cannot write to ${folder}: ${reasonOf(error)}`, folder);
    }
    let holder = await holderOf(path);
    if (holder === null) {
      // perhaps it is just being written
      await settled();
      holder = await holderOf(path);
    }
    if (!isGone(holder, path) || tries > 2)
      throw new DataError(
        `${who}: expected a folder that no other run writes to, got ${folder}, which process ${holder?.pid ?? "unknown"} on ${holder?.host ?? "this machine"} holds; choose another, or end that run (or delete ${join(folder, nameOfLock)}, if it is no run)`,
        folder,
      );
    await unlink(path).catch(() => {});
  }
}
