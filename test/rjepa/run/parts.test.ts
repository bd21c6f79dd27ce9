import "../../../src/index.js";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Preset } from "../../../src/rjepa/parts/preset.js";
import type { Config } from "../../../src/rjepa/run/config.js";
import { RunFolder } from "../../../src/rjepa/run/folder.js";
import { type Recipe, recipeNamed, recipeNames } from "../../../src/rjepa/run/recipe.js";
import { run } from "../../../src/rjepa/run/run.js";
import { small } from "../parts/small.js";

let path = "";
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), "onward-parts-"));
});
afterEach(async () => {
  await rm(path, { recursive: true, force: true });
});

const config = (preset: Preset, recipe: Partial<Recipe> = {}): Config => ({
  format: "onward-run-1",
  recipe: { ...recipeNamed("online"), preset, steps: 4, batch: 4, updates: 8, rule: "rfp(4)", ...recipe },
  control: "none",
  source: { kind: "scenes", count: 12, width: 64, height: 48, viewers: 3 },
  testShare: 0.5,
  seed: 3,
});

/** Runs, and stops after so many updates; the losses and what was said. */
async function runIn(name: string, given: Config, stopAt = Number.POSITIVE_INFINITY) {
  const folder = await RunFolder.open("test", join(path, name));
  let done = 0;
  const said: string[] = [];
  try {
    const result = await run(given, {
      folder,
      judges: false,
      say: (sentence) => void said.push(sentence),
      isStopped: () => done >= stopAt,
      onProgress: ({ update }) => {
        done = update;
      },
    });
    return { losses: result?.losses, said, updates: done };
  } finally {
    await folder.close();
  }
}

describe("a run of other parts", () => {
  it("learns from colors, one stream at a time, and goes on to the same losses", async () => {
    const preset = small({
      input: { channels: "color", crops: [16], size: 8 },
      target: { kind: "ema", momentum: 0.9 },
      head: "running",
      predictor: { kind: "mlp", hidden: 6, context: true },
      heads: { saccade: {} },
    });
    const given = config(preset, { batch: 1 });
    const whole = await runIn("whole", given);
    expect(whole.losses).toHaveLength(8);
    expect((await runIn("parts", given, 3)).losses).toBeUndefined();
    expect((await runIn("parts", given)).losses).toEqual(whole.losses);
  }, 120_000);

  it.each([
    [
      "labels that data do not have",
      small({ heads: { class: { classes: 3 } } }),
      {},
      /^train: expected data with 3 labels/,
    ],
    ["the mean of a batch of one", small(), { batch: 1 }, /^train: expected at least 2 streams for a head/],
    [
      "a part that is none",
      { ...small(), depth: 2 } as Preset,
      {},
      /^train: recipe\.preset\.depth: unknown, expected one of name, input/,
    ],
  ])("is refused before the first update for %s", async (name, preset, recipe, words) => {
    await expect(runIn(name, config(preset, recipe))).rejects.toThrow(words);
  });

  it("has the first versions among its recipes", () => {
    expect(recipeNames).toEqual(expect.arrayContaining(["nano-v1", "tiny-v1"]));
    for (const name of ["nano-v1", "tiny-v1"]) {
      const { preset, batch, rule, rate, decay } = recipeNamed(name);
      expect([preset.name, batch, rule, rate, decay]).toEqual([name, 1, "rfp", 2e-4, 1e-4]);
    }
  });
});
