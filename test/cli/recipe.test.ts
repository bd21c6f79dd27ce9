import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { key } from "../../src/core/prng.js";
import { movingScene } from "../../src/data/index.js";
import { run } from "../support/command-line.js";
import { newFolder } from "../support/images.js";
import { missing, writeVideo } from "../support/video.js";

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
    const { portraits } = JSON.parse(await readFile(join(out, "figures.json"), "utf8"));
    expect(Object.keys(portraits)).toEqual([
      "trained",
      "untrained",
      ...[0, 0.5, 0.8, 0.9].map((leak) => `texture energy, leak ${leak}, fresh`),
    ]);
    const { exactness, strip } = JSON.parse(await readFile(join(out, "figures.json"), "utf8"));
    // of float64, in sums of some thousand terms
    expect(exactness.worst).toBeLessThan(1e-10);
    expect(Object.keys(exactness.blocks).length).toBeGreaterThan(70);
    expect([strip.fixations.length, strip.crops[0].length]).toEqual([8, 3]);
    const page = await readFile(join(out, "report.html"), "utf8");
    for (const part of ["Eigen-spectrum of h", "Are the gradients exact?</h2>", "What does the model see?"])
      expect(page).toContain(part);
    expect(page).toMatch(/They are: over all \d+ parameter blocks/);
    const again = await run("train", "--recipe", "online", ...scenes, "--out", out);
    expect(again.status).not.toBe(0);
    expect(again.err).toMatch(/expected a folder without a run, got .*; go on with onward train --resume/);
    // nothing is left to learn: it is judged again, to the same numbers
    expect((await run("train", "--resume", out)).status).toBe(0);
    expect(JSON.parse(await readFile(join(out, "figures.json"), "utf8")).table).toEqual(table);
  }, 240_000);

  it("learns from streams by single steps, unless a rule is said", async () => {
    const ruleOf = async (...args: string[]) => {
      const { out } = await run("train", ...args, "--print-config");
      const { recipe } = JSON.parse(out);
      return [recipe.stream, recipe.rule];
    };
    expect(await ruleOf("--recipe", "online")).toEqual([undefined, "rfp(8)"]);
    expect(await ruleOf("--recipe", "online", "--stream")).toEqual([{ every: 1 }, "rfp"]);
    expect(await ruleOf("--recipe", "online", "--stream", "sequence")).toEqual([
      { every: "sequence" },
      "rfp",
    ]);
    expect(await ruleOf("--recipe", "online", "--stream", "4", "--rule", "rfp(4)")).toEqual([
      { every: 4 },
      "rfp(4)",
    ]);
    expect(await ruleOf("--recipe", "online", "--stream", "2", "--set", "recipe.rule=snap(1)")).toEqual([
      { every: 2 },
      "snap(1)",
    ]);
  });

  it("trains the first versions, one stream of colors, to the end", async () => {
    const out = join(await newFolder(), "run");
    const few = ["--sequences", "24", "--viewers", "3", "--updates", "3", "--out", out];
    expect((await run("train", "--recipe", "nano-v1", ...few)).status).toBe(0);
    const { exactness } = JSON.parse(await readFile(join(out, "figures.json"), "utf8"));
    expect(exactness.batch).toBe(1);
    expect(exactness.worst).toBeLessThan(1e-10);
    const page = await readFile(join(out, "report.html"), "utf8");
    expect(page).toContain("The same sequence of 8 fixations goes through");
    expect(page).toContain("reduced to 16 by 16 each; never the whole image");
  }, 240_000);

  it.skipIf(missing !== "")(
    `trains on a video${missing}`,
    async () => {
      const folder = await newFolder();
      writeVideo(join(folder, "clip.mkv"), [...movingScene(key(1), 96, 72, "v", 140)], 5);
      const out = join(folder, "run");
      // the videos of a folder, of which there is one
      const args = ["--viewers", "4", "--updates", "2", "--test-share", "0.5", "--out", out];
      const { status, out: said } = await run("train", "--recipe", "online", "--images", folder, ...args);
      expect(status).toBe(0);
      expect(said).toMatch(/^trained +0\.\d+/m);
      const { config, images, sequences } = JSON.parse(await readFile(join(out, "figures.json"), "utf8"));
      expect(config.source).toEqual({ kind: "video", videos: folder, sampler: "centerBiased", viewers: 4 });
      // 28 seconds are seven stretches, of which half, rounded up, are for testing
      expect([images, sequences]).toEqual([
        { train: 3, test: 4 },
        { train: 12, test: 16 },
      ]);
      const page = await readFile(join(out, "report.html"), "utf8");
      expect(page).toContain("<dt>stretches of video</dt><dd>3 of ");
    },
    240_000,
  );

  it.each([
    [["--recipe", "other"], /recipe: expected one of content, memory, online, tiny, .*got "other"/],
    [
      ["--recipe", "online", "--control", "color"],
      /--control: expected one of none, shuffle, collapse, feedforward/,
    ],
    [["--recipe", "online", "--test-share", "1"], /--test-share: expected a share below 1/],
    [["--recipe", "online", "--scanpaths", "file"], /--scanpaths: expected --images with it/],
    [["--recipe", "online", "--images", "nowhere"], /images: expected a folder, got nowhere/],
    [["--recipe", "online", "--images", "nowhere", "--moving"], /--moving: expected synthetic scenes/],
    [["--recipe", "online", "--images", "none.mp4"], /nothing usable in none.mp4; .* no such file/],
    [
      ["--recipe", "online", "--images", "none.mp4", "--scanpaths", "file"],
      /--scanpaths: expected images that stand still/,
    ],
    [["--moving"], /expected --recipe NAME, --config FILE or --resume FOLDER/],
    [["--recipe", "online", "--stream", "0"], /--stream: expected a whole number of at least 1, got "0"/],
    [["--recipe", "online", "--stream", "--rule", "bptt"], /endless stream a rule that runs forward in time/],
    [
      ["--recipe", "online", "--stream", "--batch", "1"],
      /at least 2 streams for a head with the mean of the/,
    ],
    [["--resume", "nowhere", "--moving"], /--moving: expected a run without --resume/],
    [["--recipe", "online", "--labeled", "nowhere"], /expected a folder, got nowhere/],
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
