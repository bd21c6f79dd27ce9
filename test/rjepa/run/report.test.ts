import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CheckpointError, DataError } from "../../../src/index.js";
import type { FigureValue } from "../../../src/rjepa/figures/_figure.js";
import type { ByStep, Portrait } from "../../../src/rjepa/figures/judging/portrait.js";
import type { JudgmentTable } from "../../../src/rjepa/figures/judging/table.js";
import { configOf } from "../../../src/rjepa/run/config.js";
import { controlSentences } from "../../../src/rjepa/run/controls.js";
import type { Control } from "../../../src/rjepa/run/recipe.js";
import { recipeNamed } from "../../../src/rjepa/run/recipe.js";
import { renderRun } from "../../../src/rjepa/run/report.js";
import {
  beside,
  portraitsBeside,
  type RunResult,
  requireResult,
  writtenResult,
} from "../../../src/rjepa/run/result.js";
import { run } from "../../support/command-line.js";
import { newFolder } from "../../support/images.js";

const value = (v: number): FigureValue => ({ value: v, interval: [v - 0.02, v + 0.02] });
const row = (acc: number, identification: number) => ({
  matchedAcc: value(acc),
  identificationH: value(identification),
  // what a collapse has
  ratio: value(acc < 0.52 ? Number.POSITIVE_INFINITY : 0.7),
});
const table = (acc: number): JudgmentTable => ({
  representations: ["trained", "untrained"],
  baselines: ["texture energy, leak 0"],
  images: 100,
  sizes: { trained: 24, untrained: 24, "texture energy, leak 0": 18 },
  rows: {
    trained: row(acc, acc / 2),
    untrained: row(0.55, 0.1),
    "texture energy, leak 0": row(0.72, 0.16),
  },
  best: { matchedAcc: { name: "texture energy, leak 0", value: value(0.72) } },
  chance: { matchedAcc: 0.5, identificationH: 0.01 },
  margins: {},
});

const steps = (first: number): ByStep => ({
  points: [2, 3].map((at) => ({ at, ...value(first / at) })),
  fall: value(first / 6),
});
const portrait = (loss: number): Portrait => ({
  sequences: 7000,
  images: 100,
  prediction: {
    loss: steps(loss),
    copy: steps(2 * loss),
    relative: loss === 0 ? null : { loss: steps(loss), copy: steps(2 * loss) },
  },
  shape: { spectrum: [loss, 0], explained: [1, 0], paths: [[[1, 2]]], mean: [[0, 0]] },
});

const result = (acc: number, control: Control = "none", seed = 1): RunResult => ({
  config: configOf("test", {
    recipe: recipeNamed("content"),
    control,
    source: { kind: "folder", images: "<photos>" },
    seed,
  }),
  parameters: 49992,
  images: { train: 300, test: 100 },
  sequences: { train: 3778, test: 7000 },
  updates: 40,
  seconds: 12,
  waited: { seconds: 0.1, share: 0.01 },
  losses: Array.from({ length: 40 }, (_, u) => 5 - u / 20),
  table: table(acc),
  judged: 1500,
  portraits: {
    trained: portrait(acc < 0.52 ? 0 : 0.5),
    untrained: portrait(0.9),
    "texture energy, leak 0": { ...portrait(0.4), shape: null },
  },
  problems: [{ file: "a.jpg", reason: "3 of 15 scanpaths have fewer than 8 fixations" }],
});

describe("the result of a run", () => {
  it("is read as it was written, infinities included", () => {
    const found = result(0.5);
    expect(requireResult("figures", JSON.parse(JSON.stringify(writtenResult(found))))).toEqual(found);
    // a gradient that is not finite stays as far from that of BPTT as can be, and is not "not tried"
    const memory = { rfp: { planned: 1 }, rtrl: { planned: 2 }, bptt: { planned: 3, steps: 2 } };
    const [worst, blocks] = [Number.POSITIVE_INFINITY, { "areas.0.Kh": Number.POSITIVE_INFINITY, Wh: 1e-15 }];
    const exactness = { rule: "rfp", credit: "exact", batch: 2, steps: 2, worst, blocks, memory } as const;
    const broken = { ...found, exactness };
    expect(requireResult("figures", JSON.parse(JSON.stringify(writtenResult(broken))))).toEqual(broken);
    for (const wrong of [
      null,
      {},
      { ...found, losses: "none" },
      { ...found, config: {} },
      { ...found, table: {} },
      { ...found, portraits: { trained: {} } },
      { ...found, portraits: { trained: { ...found.portraits?.trained, shape: { spectrum: ["1"] } } } },
    ])
      expect(() => requireResult("figures", wrong)).toThrow();
    expect(() => requireResult("figures", { ...found, config: {} })).toThrow(CheckpointError);
  });

  it("of a run before there were portraits has none, and was judged on all test sequences", () => {
    const { judged: _, portraits: __, ...old } = result(0.75);
    const found = requireResult("figures", JSON.parse(JSON.stringify(writtenResult(old as RunResult))));
    expect([found.judged, found.portraits]).toEqual([7000, null]);
    expect(portraitsBeside(found, [result(0.5, "collapse")])).toBeNull();
  });

  it("has portraits beside those of its controls, by the same names as their rows", () => {
    const all = portraitsBeside(result(0.75), [result(0.56, "shuffle"), result(0.6, "shuffle")]);
    expect(all?.others).toEqual(["shuffle", "shuffle'"]);
    expect(Object.keys(all?.all ?? {})).toEqual([
      "trained",
      "untrained",
      "texture energy, leak 0",
      "shuffle",
      "shuffle'",
    ]);
  });

  it("stands beside its controls, by their names, if they were judged on the same sequences", () => {
    const all = beside(result(0.75), [
      result(0.56, "shuffle"),
      result(0.5, "collapse"),
      result(0.6, "shuffle"),
    ]);
    expect(all.representations).toEqual(["trained", "untrained", "shuffle", "collapse", "shuffle'"]);
    expect(all.rows.collapse.matchedAcc?.value).toBe(0.5);
    expect(() => beside(result(0.75), [result(0.56, "shuffle", 2)])).toThrow(DataError);
    expect(() => beside({ ...result(0.75), table: null }, [])).toThrow(DataError);
    // sequences decide, not what their folder is called
    const on = (judgedOn: string, images: string): RunResult => {
      const found = result(0.6, "shuffle");
      return { ...found, judgedOn, config: { ...found.config, source: { kind: "folder", images } } };
    };
    expect(beside(on("same", "a"), [on("same", "b")]).representations).toContain("shuffle");
    expect(() => beside(on("same", "a"), [on("other", "a")])).toThrow(
      /expected runs that were judged on the same/,
    );
  });
});

describe("the controls beside a run", () => {
  const sentence = (own: number, other: number, control: Control): string =>
    controlSentences(result(own), [result(other, control)])[0];

  it("are said to fail from the numbers of both, and to stand where they do not", () => {
    expect(sentence(0.75, 0.55, "shuffle")).toBe(
      'shuffle, whose patches come from other sequences, is judged "undecided" with matched accuracy 0.55 [0.53, 0.57] and identification 0.28 [0.26, 0.30]. content leads it in matched accuracy by +0.20, intervals apart; in identification by +0.10, intervals apart. It fails, as it must.',
    );
    // ahead of neither, with intervals that overlap, and behind
    for (const other of [0.75, 0.77, 0.9])
      expect(sentence(0.75, other, "shuffle")).toMatch(/It does not fail, so that the run shows little\.$/);
    expect(sentence(0.75, 0.77, "shuffle")).toMatch(/matched accuracy by −0\.02, intervals overlapping/);
  });

  it("that forget must fail in identification, and those that collapse by their collapse", () => {
    // identification is half of the accuracy here, and its interval as wide
    expect(sentence(0.75, 0.69, "feedforward")).toMatch(
      /accuracy by \+0\.06, intervals apart; .*overlapping\. It does not/,
    );
    expect(sentence(0.75, 0.65, "feedforward")).toMatch(/It fails, as it must\.$/);
    const collapsed = result(0.5, "collapse");
    const { rows, ...rest } = collapsed.table as JudgmentTable;
    const trained = {
      ...rows.trained,
      matchedAcc: null,
      identificationH: null,
      variance: { value: 0, interval: null },
    };
    const [told] = controlSentences(result(0.75), [
      { ...collapsed, table: { ...rest, rows: { ...rows, trained } } },
    ]);
    expect(told).toBe(
      'collapse, where the gradient reaches the target, is judged "collapsed in scale". It fails, as it must.',
    );
  });

  it("all have a sentence, under the names of their rows; other runs have none", () => {
    const others = [result(0.5, "shuffle"), result(0.6), result(0.5, "shuffle")];
    expect(controlSentences(result(0.75), others).map((text) => text.split(",")[0])).toEqual([
      "shuffle",
      "shuffle'",
    ]);
  });
});

describe("the report of a run", () => {
  it("says what was found, of the run and of its controls, and escapes what files are called", async () => {
    const page = await renderRun(result(0.75), [result(0.56, "shuffle"), result(0.5, "collapse")]);
    expect(page).toContain("Prediction loss at each step of a sequence");
    expect(page).toContain("On 7,000 test sequences; bands hold 95&thinsp;% of resamplings of 100 images");
    expect(page).toContain("collapse: no variance at all, it has collapsed.");
    expect(page).toContain("7,000 held out, 1,500 of which figures compare with each other");
    expect(page).toContain("<h1>R-JEPA: content</h1>");
    expect(page).toContain("49,992 parameters");
    expect(page).toContain("&lt;photos&gt;");
    expect(page).not.toContain("<photos>");
    expect(page).toContain("3 of 15 scanpaths");
    expect(page).toMatch(/<th scope="row">shuffle<\/th>/);
    expect(page).toMatch(
      /Do the controls fail\?[\s\S]*<li>shuffle, whose patches .* It fails, as it must\.<\/li>/,
    );
    expect(await renderRun(result(0.75))).not.toContain("Do the controls fail?");
    expect(page).not.toMatch(/NaN|undefined|https?:\/\/(?!www\.w3\.org)/);
  });

  it("is drawn by the command, from what a folder holds", async () => {
    const folder = await newFolder();
    const { config } = result(0.75);
    await writeFile(join(folder, "config.json"), JSON.stringify(config));
    await writeFile(join(folder, "figures.json"), JSON.stringify(writtenResult(result(0.75))));
    const { status, out } = await run("figures", folder);
    expect(status).toBe(0);
    expect(out).toMatch(/^content: 49992 parameters, 40 of 2000 updates in 12 s/);
    expect(out).toMatch(/^trained +0\.75/m);
    expect(await readFile(join(folder, "report.html"), "utf8")).toContain("R-JEPA: content");
    const missing = await run("figures", join(folder, "none"));
    expect(missing.status).not.toBe(0);
    expect(missing.err).toMatch(/figures: cannot read .*figures.json: no such file/);
  });
});
