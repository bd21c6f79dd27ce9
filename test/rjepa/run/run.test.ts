import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CheckpointError, DataError } from "../../../src/index.js";
import { type Config, requireConfig } from "../../../src/rjepa/run/config.js";
import { files } from "../../../src/rjepa/run/files.js";
import { RunFolder } from "../../../src/rjepa/run/folder.js";
import { type Control, controlled } from "../../../src/rjepa/run/recipe.js";
import { run } from "../../../src/rjepa/run/run.js";
import { small } from "../parts/small.js";
import { smallRun } from "./small-run.js";

const config = (control: Control = "none"): Config => smallRun({}, control);
const { updates } = config().recipe;

let path = "";
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), "onward-run-"));
});
afterEach(async () => {
  await rm(path, { recursive: true, force: true });
});

/** Runs to the end, or until so many updates were made; what the folder holds then. */
async function runIn(
  name: string,
  {
    stopAt = Number.POSITIVE_INFINITY,
    given = config(),
    judges = false,
    watch,
  }: { stopAt?: number; given?: Config; judges?: boolean; watch?: number } = {},
) {
  const folder = await RunFolder.open("test", join(path, name));
  let done = 0;
  const said: string[] = [];
  try {
    const result = await run(given, {
      folder,
      every: 5,
      judges,
      say: (sentence) => void said.push(sentence),
      ...(watch === undefined ? {} : { watch }),
      isStopped: () => done >= stopAt,
      onProgress: ({ update }) => {
        done = update;
      },
    });
    const log = await readFile(folder.at(files.log), "utf8");
    const rows = (await readFile(folder.at(files.table), "utf8")).trim().split("\n");
    return { result, said, log, rows, checkpoint: await readFile(folder.at(files.checkpoint)) };
  } finally {
    await folder.close();
  }
}

describe("a run", () => {
  it("goes on where it was stopped, to the same bits and figures", async () => {
    const whole = await runIn("whole", { judges: true });
    expect(whole.result?.losses).toHaveLength(updates);
    expect((await runIn("parts", { stopAt: 3 })).result).toBeNull();
    expect((await runIn("parts", { stopAt: 8 })).result).toBeNull();
    const parts = await runIn("parts", { judges: true });
    expect(parts.checkpoint.equals(whole.checkpoint)).toBe(true);
    expect(parts.result?.losses).toEqual(whole.result?.losses);
    expect(parts.result?.table).toEqual(whole.result?.table);
    expect(whole.result?.table?.rows.trained.matchedAcc?.value).toBeGreaterThan(0);
    expect(JSON.parse(await readFile(join(path, "parts", files.figures), "utf8")).updates).toBe(updates);
  }, 120_000);

  it.each(["shuffle", "collapse", "feedforward"] as const)(
    "runs its control %s",
    async (control) => {
      const { result } = await runIn(control, { given: config(control) });
      expect(result?.losses.every(Number.isFinite)).toBe(true);
      const { preset } = controlled(config().recipe, control);
      expect(preset.target).toBe(control === "collapse" ? "gradient" : "fresh");
      expect(preset.recurrent ?? true).toBe(control !== "feedforward");
    },
    120_000,
  );

  it("goes on with nothing but what it was made from", async () => {
    await runIn("parts", { stopAt: 3 });
    const { recipe, source, ...rest } = config();
    for (const given of [
      { ...rest, source, recipe: { ...recipe, rate: 0.5 } },
      { ...rest, recipe, source: { ...source, viewers: 2 } as Config["source"] },
    ])
      await expect(runIn("parts", { given })).rejects.toThrow(/are not what they were/);
  }, 120_000);

  it("is watched while it learns, which changes nothing", async () => {
    const [alone, watched] = [await runIn("alone"), await runIn("watched", { watch: 4 })];
    expect(watched.checkpoint.equals(alone.checkpoint)).toBe(true);
    expect(watched.result?.losses).toEqual(alone.result?.losses);
    expect(watched.said.filter((sentence) => /^update (4|8|12): /.test(sentence))).toHaveLength(3);
    const looks = watched.log.split("\n").filter((line) => line.includes("verdict"));
    expect(looks.map((line) => JSON.parse(line).update)).toEqual([4, 8, 12]);
    const { verdict, matchedAcc } = JSON.parse(looks[0]);
    expect(matchedAcc).toBeGreaterThan(0);
    // the same in the table, whose columns are those of a run that nobody watches
    expect(watched.rows[4 + 1]).toMatch(new RegExp(`^4,,,,${verdict},${matchedAcc},`));
    expect(watched.rows[0]).toBe(alone.rows[0]);
    expect(watched.rows).toHaveLength(1 + updates + 3);
  }, 120_000);

  it("that collapses ends when that is seen, and says so", async () => {
    const { recipe, ...rest } = config();
    // nothing keeps embeddings apart, and decay pulls them to zero
    const preset = small({ target: "gradient" });
    const given = { ...rest, recipe: { ...recipe, preset, decay: 1, rate: 0.02, updates: 400 } };
    const { result, said, log } = await runIn("collapsing", { given, watch: 50 });
    expect(result).toBeNull();
    expect(said.some((sentence) => sentence.includes("collapsed in scale"))).toBe(true);
    expect(log).toContain('"verdict":"collapsed in scale"');
    expect(said.at(-1)).toMatch(/ends here, since it has collapsed/);
  }, 120_000);
});

describe("the folder of a run", () => {
  it("is for one run at a time", async () => {
    const first = await RunFolder.open("train", path);
    await expect(RunFolder.open("train", path)).rejects.toThrow(
      /expected a folder that no other run writes to/,
    );
    await first.close();
    const second = await RunFolder.open("train", path);
    await second.close();
  });

  it("is taken over from a process that is gone, or was killed while it took it", async () => {
    for (const left of [JSON.stringify({ pid: 2 ** 22 + 1, host: hostname() }), "", "{"]) {
      await writeFile(join(path, "lock"), left);
      await (await RunFolder.open("train", path)).close();
    }
    await writeFile(join(path, "lock"), JSON.stringify({ pid: 1, host: "elsewhere" }));
    await expect(RunFolder.open("train", path)).rejects.toThrow(/process 1 on elsewhere holds/);
  });

  it("is free once it was let go, and where a process of this very number has left it", async () => {
    const first = await RunFolder.open("train", path);
    first.release();
    const second = await RunFolder.open("train", path);
    await second.close();
    await writeFile(join(path, "lock"), JSON.stringify({ pid: process.pid, host: hostname() }));
    await (await RunFolder.open("train", path)).close();
  });

  it("loses what a killed process had begun to write, and nothing else", async () => {
    await writeFile(join(path, ".onward-12-0123abcd.tmp"), "half");
    await writeFile(join(path, ".onward-notes.tmp"), "mine");
    await (await RunFolder.open("train", path)).close();
    expect(await readdir(path)).toEqual([".onward-notes.tmp"]);
  });

  it("that cannot be written to is found before training", async () => {
    await writeFile(join(path, "file"), "");
    await expect(RunFolder.open("train", join(path, "file"))).rejects.toThrow(DataError);
    await expect(RunFolder.open("train", "")).rejects.toThrow(/expected the name of a folder/);
    await expect(RunFolder.open("train", path, { needs: "config" })).rejects.toThrow(/has no config.json/);
    if (process.getuid?.() === 0) return;
    await chmod(path, 0o500);
    await expect(RunFolder.open("train", path)).rejects.toThrow(/cannot write/);
  });

  it("cuts both logs back to its checkpoint, and forgets half a line", async () => {
    const folder = await RunFolder.open("train", path);
    await folder.logUpTo(0);
    for (const update of [1, 2, 3]) await folder.log([{ update, loss: update / 10 }]);
    const head = "update,loss,seconds,waited,verdict,matchedAcc,rankMe,variance,colorShare\n";
    const table = () => readFile(folder.at(files.table), "utf8");
    expect(await table()).toBe(`${head}1,0.1,,,,,,,\n2,0.2,,,,,,,\n3,0.3,,,,,,,\n`);
    await writeFile(folder.at(files.log), `${await readFile(folder.at(files.log), "utf8")}{"update":4,"lo`);
    expect(await folder.logUpTo(2)).toEqual([
      { update: 1, loss: 0.1 },
      { update: 2, loss: 0.2 },
    ]);
    expect((await readFile(folder.at(files.log), "utf8")).trim().split("\n")).toHaveLength(2);
    expect(await table()).toBe(`${head}1,0.1,,,,,,,\n2,0.2,,,,,,,\n`);
    await folder.close();
  });

  it("says what is wrong with a checkpoint or a configuration", async () => {
    const folder = await RunFolder.open("train", path);
    await expect(folder.readCheckpoint()).rejects.toThrow(CheckpointError);
    await writeFile(folder.at(files.checkpoint), "no checkpoint");
    await expect(folder.readCheckpoint()).rejects.toThrow(CheckpointError);
    await writeFile(folder.at(files.config), "{");
    await expect(folder.readConfig()).rejects.toThrow(/is no JSON/);
    await folder.close();
    expect(requireConfig("train", JSON.parse(JSON.stringify(config())))).toEqual(config());
    for (const wrong of [
      null,
      {},
      { ...config(), seed: -1 },
      { ...config(), control: "other" },
      { ...config(), testShare: 1 },
    ])
      expect(() => requireConfig("train", wrong)).toThrow(CheckpointError);
  });
});
