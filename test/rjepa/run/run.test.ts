import { spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CheckpointError, DataError } from "../../../src/index.js";
import { type Config, requireConfig } from "../../../src/rjepa/run/config.js";
import { files, RunFolder } from "../../../src/rjepa/run/folder.js";
import { type Control, controlled, recipeNamed } from "../../../src/rjepa/run/recipe.js";
import { run } from "../../../src/rjepa/run/run.js";
import { small } from "../parts/small.js";

const updates = 12;
const config = (control: Control = "none"): Config => ({
  format: "onward-run-1",
  recipe: {
    ...recipeNamed("online"),
    preset: small({ predictor: { kind: "linear", saccade: true } }),
    steps: 4,
    batch: 4,
    updates,
    rule: "rfp(4)",
  },
  control,
  source: { kind: "scenes", count: 12, width: 64, height: 48, viewers: 3 },
  testShare: 0.5,
  seed: 3,
});

/** What a checkpoint holds, as far as is asked here. */
type Kept = { readonly trainer: { readonly knows: { readonly update: number } } };

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
    return { result, said, log, checkpoint: await readFile(folder.at(files.checkpoint)) };
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
    expect(JSON.parse(looks[0]).matchedAcc).toBeGreaterThan(0);
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

  it("that is killed at any moment leaves a checkpoint, and goes on from it to the same bits", async () => {
    const whole = await runIn("whole");
    const script = join(path, "child.mts");
    const source = (file: string) => JSON.stringify(new URL(`../../../src/${file}`, import.meta.url).href);
    await writeFile(
      script,
      `const { RunFolder } = await import(${source("rjepa/run/folder.js")});
await import(${source("index.js")});
const { run } = await import(${source("rjepa/run/run.js")});
const folder = await RunFolder.open("child", ${JSON.stringify(join(path, "killed"))});
await run(${JSON.stringify(config())}, { folder, every: 1, judges: false, onProgress: ({ update }) => console.log(update) });
`,
    );
    // once at each update, as it is said: while the next is made, or its checkpoint written
    let reached = 0;
    for (let kills = 0; kills < 3 && reached < updates - 1; kills++) {
      const child = spawn(process.execPath, ["--import", "tsx", script], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const wait = 20 * kills;
      let said = 0;
      await new Promise<void>((resolve) => {
        child.stdout.on("data", (text: Buffer) => {
          const first = said === 0;
          said = Number(text.toString().trim().split("\n").at(-1));
          if (first) setTimeout(() => child.kill("SIGKILL"), wait);
        });
        child.on("close", () => resolve());
      });
      expect(said).toBeGreaterThan(reached);
      reached = said;
    }
    const folder = await RunFolder.open("test", join(path, "killed"));
    expect(Number(((await folder.readCheckpoint()) as Kept).trainer.knows.update)).toBeGreaterThanOrEqual(
      reached,
    );
    await folder.close();
    const parts = await runIn("killed");
    expect(parts.checkpoint.equals(whole.checkpoint)).toBe(true);
    expect(parts.result?.losses).toEqual(whole.result?.losses);
  }, 240_000);
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
    for (const left of [
      JSON.stringify({ pid: 2 ** 22 + 1, host: (await import("node:os")).hostname() }),
      "",
      "{",
    ]) {
      await writeFile(join(path, "lock"), left);
      await (await RunFolder.open("train", path)).close();
    }
    await writeFile(join(path, "lock"), JSON.stringify({ pid: 1, host: "elsewhere" }));
    await expect(RunFolder.open("train", path)).rejects.toThrow(/process 1 on elsewhere holds/);
  });

  it("that cannot be written to is found before training", async () => {
    await writeFile(join(path, "file"), "");
    await expect(RunFolder.open("train", join(path, "file"))).rejects.toThrow(DataError);
    await expect(RunFolder.open("train", "")).rejects.toThrow(/expected the name of a folder/);
    await expect(RunFolder.open("train", path, { mustBeThere: true })).rejects.toThrow(/has no config.json/);
    if (process.getuid?.() === 0) return;
    await chmod(path, 0o500);
    await expect(RunFolder.open("train", path)).rejects.toThrow(/cannot write/);
  });

  it("cuts a log back to its checkpoint, and forgets half a line", async () => {
    const folder = await RunFolder.open("train", path);
    for (const update of [1, 2, 3]) await folder.log({ update, loss: update / 10 });
    await writeFile(folder.at(files.log), `${await readFile(folder.at(files.log), "utf8")}{"update":4,"lo`);
    expect(await folder.logUpTo(2)).toEqual([
      { update: 1, loss: 0.1 },
      { update: 2, loss: 0.2 },
    ]);
    expect((await readFile(folder.at(files.log), "utf8")).trim().split("\n")).toHaveLength(2);
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
