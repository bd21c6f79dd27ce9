import { existsSync, readdirSync, unlinkSync, watch, writeFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import "../../../src/index.js";
import { isAside } from "../../../src/data/node/write.js";
import { presets } from "../../../src/rjepa/parts/preset.js";
import type { Config } from "../../../src/rjepa/run/config.js";
import { files, RunFiles } from "../../../src/rjepa/run/files.js";
import { RunFolder } from "../../../src/rjepa/run/folder.js";
import { run } from "../../../src/rjepa/run/run.js";
import {
  endAll,
  makeReadOnly,
  mountDisk,
  sentencesOf,
  start,
  unmountDisk,
} from "../../support/onward-process.js";
import { small } from "../parts/small.js";
import { smallRun } from "./small-run.js";

const updates = 60;
let path = "";
const mounted: string[] = [];
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), "onward-survival-"));
});
afterEach(async () => {
  endAll();
  for (const folder of mounted.splice(0)) unmountDisk(folder);
  await rm(path, { recursive: true, force: true });
});

/** A file of a configuration. */
async function saved(config: Config): Promise<string> {
  const file = join(path, "config.json");
  await writeFile(file, JSON.stringify(config));
  return file;
}

/** Goes on to the end, in this process; the bytes of the last checkpoint and the losses of all updates. */
async function finished(folder: string, config: Config) {
  const open = await RunFolder.open("test", folder);
  try {
    const result = await run(config, { folder: open, judges: false });
    return { losses: result?.losses, checkpoint: await readFile(open.at(files.checkpoint)) };
  } finally {
    await open.close();
  }
}

/** The update of a folder's checkpoint; -1 where there is none yet. @throws CheckpointError for a damaged one */
async function reached(folder: string): Promise<number> {
  const found = new RunFiles("test", folder);
  if (!(await found.has("checkpoint"))) return -1;
  const kept = (await found.readCheckpoint()) as { trainer: { knows: { update: number } } };
  return kept.trainer.knows.update;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Kills a process when something has happened so often to a checkpoint, or to a file that is to become one. */
function killWhileWriting(folder: string, kill: () => void, times: number): () => void {
  let seen = 0;
  const watcher = watch(folder, (_, name) => {
    if (name !== null && (isAside(name) || name === files.checkpoint) && ++seen === times) kill();
  });
  return () => watcher.close();
}

describe("a run that is killed", () => {
  it("at 20 moments, also while a checkpoint is written, loses none and goes on to the same bits", async () => {
    // a checkpoint of some megabytes, so that writing one takes a while
    const [conv, middle, top] = small().areas;
    const areas = [conv, { ...middle, units: 400 }, { ...top, units: 300 }];
    const config = smallRun({ updates, preset: small({ areas }) });
    const file = await saved(config);
    const whole = await finished(join(path, "whole"), config);
    expect(whole.losses).toHaveLength(updates);
    let [run, before, halves, kills, life] = [0, -1, 0, 0, 0];
    while (kills < 20) {
      const folder = join(path, `run-${run}`);
      await mkdir(folder, { recursive: true });
      const isNew = !existsSync(join(folder, files.config));
      const began = performance.now();
      const { child, ended } = isNew
        ? start("train", "--config", file, "--out", folder, "--every", "1")
        : start("train", "--resume", folder, "--every", "1");
      const kill = (): void => void child.kill("SIGKILL");
      // every other one is aimed at a file that is being written, the others come at any moment of a life, its start included
      const aimed = kills % 2 === 0;
      const moment = Math.random();
      const stop = aimed ? killWhileWriting(folder, kill, 1 + Math.floor(60 * moment)) : () => {};
      const timer = aimed ? undefined : setTimeout(kill, life * moment);
      const { signal } = await ended;
      clearTimeout(timer);
      stop();
      if (signal === "SIGKILL") kills++;
      life = Math.max(life, performance.now() - began);
      halves += readdirSync(folder).filter(isAside).length;
      const now = await reached(folder);
      expect(now).toBeGreaterThanOrEqual(before);
      before = now;
      if (now < updates) continue;
      // all of its updates are made: another one is killed from here on
      run++;
      before = -1;
    }
    // writing was hit: what was half there is lost, and what was whole is kept
    expect(halves).toBeGreaterThan(0);
    for (let i = 0; i <= run; i++) {
      const folder = join(path, `run-${i}`);
      const parts = await finished(folder, config);
      expect(parts.checkpoint.equals(whole.checkpoint)).toBe(true);
      expect(parts.losses).toEqual(whole.losses);
      expect(readdirSync(folder).filter(isAside)).toEqual([]);
      const rows = (await readFile(join(folder, files.table), "utf8")).trim().split("\n");
      expect(rows.map((row) => row.split(",")[0])).toEqual([
        "update",
        ...Array.from({ length: updates }, (_, u) => `${u + 1}`),
      ]);
    }
  }, 900_000);

  it("by a second Ctrl-C leaves no lock, and while it lives it shares its folder with no other", async () => {
    // updates that take a while: both signals come within one
    const config = smallRun({ preset: presets.content, batch: 18, updates: 100_000 });
    const file = await saved(config);
    const folder = join(path, "run");
    const first = start("train", "--config", file, "--out", folder, "--every", "1");
    await until(async () => (await reached(folder)) > 0);
    const other = await start("train", "--config", file, "--out", folder).ended;
    expect(other.code).toBe(1);
    expect(sentencesOf(other)).toEqual([
      expect.stringMatching(
        new RegExp(`no other run writes to, got .*, which process ${first.child.pid} on`),
      ),
    ]);
    first.child.kill("SIGINT");
    first.child.kill("SIGTERM");
    const ended = await first.ended;
    // two signals that wait are delivered in any order; were they not within one update, the first alone would have ended it, at leisure
    expect(ended.signal ?? ended.code).toBeOneOf(["SIGTERM", "SIGINT", 130, 143]);
    expect(sentencesOf(ended)).toEqual([]);
    expect(existsSync(join(folder, "lock"))).toBe(false);
    expect(await reached(folder)).toBeGreaterThan(0);
  }, 300_000);
});

describe("a disk", () => {
  it("that is too small is found before training, in one sentence", async (test) => {
    const disk = join(path, "disk");
    if (!mountDisk(disk, 2 << 20)) test.skip("no disk can be mounted here");
    mounted.push(disk);
    const ended = await start("train", "--config", await saved(smallRun()), "--out", join(disk, "run")).ended;
    expect(ended.code).toBe(1);
    expect(sentencesOf(ended)).toEqual([
      expect.stringMatching(/expected room for \d+ bytes in .*: the disk is full$/),
    ]);
    expect(await reached(join(disk, "run"))).toBe(0);
    expect(readdirSync(join(disk, "run")).sort()).toEqual([files.checkpoint, files.config]);
  }, 120_000);

  it("that fills while a run goes on ends it in one sentence, and costs no older checkpoint", async (test) => {
    const disk = join(path, "disk");
    if (!mountDisk(disk, 16 << 20)) test.skip("no disk can be mounted here");
    mounted.push(disk);
    // so many updates that it is not over before
    const config = smallRun({ updates: 2000 });
    const folder = join(disk, "run");
    const going = start("train", "--config", await saved(config), "--out", folder, "--every", "1");
    await until(async () => (await reached(folder)) >= 5);
    const before = await reached(folder);
    for (let i = 0, size = 1 << 20; size >= 512; i++)
      try {
        writeFileSync(join(disk, `${i}`), new Uint8Array(size));
      } catch {
        size >>= 1;
      }
    const ended = await going.ended;
    expect(ended.code).toBe(1);
    expect(sentencesOf(ended)).toEqual([expect.stringMatching(/cannot write .*: the disk is full$/)]);
    const kept = await reached(folder);
    expect(kept).toBeGreaterThanOrEqual(before);
    // with room again it goes on, to where one comes that never stopped
    for (const name of readdirSync(disk)) if (/^\d+$/.test(name)) unlinkSync(join(disk, name));
    const upTo = smallRun({ updates: 2000 });
    const stopped = async (at: string): Promise<readonly unknown[]> => {
      const open = await RunFolder.open("test", at);
      let done = 0;
      try {
        await run(upTo, {
          folder: open,
          judges: false,
          isStopped: () => done >= kept + 3,
          onProgress: ({ update }) => {
            done = update;
          },
        });
        return [
          await readFile(open.at(files.checkpoint)),
          (await open.readLog(kept + 3)).map(({ loss }) => loss),
        ];
      } finally {
        await open.close();
      }
    };
    expect(await stopped(folder)).toEqual(await stopped(join(path, "whole")));
  }, 300_000);

  it("that is read-only is found at once, in one sentence", async (test) => {
    const disk = join(path, "disk");
    if (!makeReadOnly(disk)) test.skip("no folder can be made read-only here");
    mounted.push(disk);
    const file = await saved(smallRun());
    for (const out of [disk, join(disk, "run")]) {
      const ended = await start("train", "--config", file, "--out", out).ended;
      expect([ended.code, ended.err.split("\n").length]).toEqual([1, 2]);
      expect(sentencesOf(ended)).toEqual([
        expect.stringMatching(
          /cannot (write to|make the folder) .*: (no permission|the file system is read-only)$/,
        ),
      ]);
    }
  }, 120_000);
});
