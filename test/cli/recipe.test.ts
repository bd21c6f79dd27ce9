import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { run } from "../support/command-line.js";
import { newFolder } from "../support/images.js";

afterEach(() => {
  process.exitCode = undefined;
});

const scenes = ["--sequences", "24", "--viewers", "3", "--updates", "3"];

describe("train --recipe", () => {
  it("trains, judges beside the baselines, and says what was learned", async () => {
    const out = join(await newFolder(), "run");
    const first = await run("train", "--recipe", "online", ...scenes, "--out", out);
    expect(first.status).toBe(0);
    expect(first.out).toMatch(/^online: [\d]+ parameters, 3 updates in \d+ s/m);
    expect(first.out).toMatch(/^trained +0\.\d+/m);
    expect(first.out).toMatch(/^untrained +0\.\d+/m);
    const { losses, table, config } = JSON.parse(await readFile(join(out, "figures.json"), "utf8"));
    expect(losses).toHaveLength(3);
    expect(table.rows.trained.matchedAcc.value).toBeGreaterThan(0);
    expect(config.recipe.name).toBe("online");
    const again = await run("train", "--recipe", "online", ...scenes, "--out", out);
    expect(again.status).not.toBe(0);
    expect(again.err).toMatch(/expected a folder without a run, got .*; go on with --resume/);
    // nothing is left to learn: it is judged again, to the same numbers
    expect((await run("train", "--resume", out)).status).toBe(0);
    expect(JSON.parse(await readFile(join(out, "figures.json"), "utf8")).table).toEqual(table);
  }, 240_000);

  it.each([
    [["--recipe", "other"], /recipe: expected one of content, memory, online, tiny, got "other"/],
    [["--recipe", "online", "--preset", "tiny"], /--preset: expected a run without --recipe/],
    [
      ["--recipe", "online", "--control", "color"],
      /--control: expected one of none, shuffle, collapse, feedforward/,
    ],
    [["--recipe", "online", "--test-share", "1"], /--test-share: expected a share below 1/],
    [["--recipe", "online", "--scanpaths", "file"], /--scanpaths: expected --images with it/],
    [["--recipe", "online", "--images", "nowhere"], /images: expected a folder, got nowhere/],
    [["--recipe", "online", "--labeled", "nowhere"], /expected a folder, got nowhere/],
    [["--test-share", "0.5"], /--test-share: expected --recipe with it/],
    [["--updates", "3"], /--updates: expected --recipe with it/],
    [["--resume", "nowhere"], /expected the folder of a run, got nowhere/],
    [["--resume", "nowhere", "--seed", "2"], /--seed: expected a run without --resume/],
  ])("refuses %j in a sentence", async (args, sentence) => {
    const out = join(await newFolder(), "x");
    const { status, err } = await run("train", ...args, ...(args.includes("--resume") ? [] : ["--out", out]));
    expect(status).not.toBe(0);
    const said = err
      .trim()
      .split("\n")
      .filter((line) => line !== "reading images");
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(sentence);
    // so that the same folder can be asked for again
    await expect(access(out)).rejects.toThrow();
  });
});
