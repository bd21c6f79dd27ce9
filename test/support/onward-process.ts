/** The command line in a process of its own, to be killed and to run into walls. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const entry = fileURLToPath(new URL("../../src/cli/onward.ts", import.meta.url));
const root = fileURLToPath(new URL("../../", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly err: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Settles when the error stream has said it; fails where the process ends before. */
  said(words: string): Promise<void>;
}

const living = new Set<ChildProcess>();

/** Ends what a test that failed has left. */
export function endAll(): void {
  for (const child of living) child.kill("SIGKILL");
}

export function start(...args: string[]): Running {
  const child = spawn(process.execPath, ["--import", "tsx", entry, ...args], {
    cwd: root,
    stdio: ["ignore", "ignore", "pipe"],
  });
  living.add(child);
  let err = "";
  const listeners = new Set<() => void>();
  child.stderr.on("data", (text: Buffer) => {
    err += text.toString();
    for (const listener of listeners) listener();
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (code, signal) => {
      living.delete(child);
      resolve({ code, signal, err });
    });
  });
  const said = (words: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (err.includes(words)) resolve();
      };
      listeners.add(look);
      look();
      void ended.then(() => reject(new Error(`expected "${words}", got ${JSON.stringify(err)}`)));
    });
  return { child, ended, said };
}

/** Sentences of errors that a process has ended with. */
export const sentencesOf = ({ err }: Ended): string[] =>
  err.split("\n").filter((line) => line.startsWith("onward:"));

const mount = (...args: string[]): boolean => spawnSync("mount", args).status === 0;

/** A disk of its own of so many bytes; false where the system lets nobody mount one. */
export function mountDisk(folder: string, bytes: number): boolean {
  mkdirSync(folder, { recursive: true });
  return mount("-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", folder);
}

export const unmountDisk = (folder: string): void => {
  spawnSync("umount", ["-l", folder]);
};

/** A folder that nobody can write to; false where that cannot be had, as whoever is root may write to every other one. */
export function makeReadOnly(folder: string): boolean {
  if (process.getuid?.() !== 0) {
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o500);
    return process.platform !== "win32";
  }
  return mountDisk(folder, 1 << 20) && mount("-o", "remount,ro", folder);
}
