import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { run } from "../support/command-line.js";
import { newFolder, writeImage } from "../support/images.js";

afterEach(() => {
  process.exitCode = undefined;
});

const oracle = (name: string): string => new URL(`../oracles/${name}`, import.meta.url).pathname;

describe("check", () => {
  it.each(["rfp", "rtrl", "bptt"])("passes the recurrent oracles under %s", async (rule) => {
    const { status, out } = await run("check", oracle("recurrent.json"), "--rule", rule);
    expect(status).toBe(0);
    expect(out).toMatch(/all \d+ cases within 1e-10/);
  });

  it("passes the derivatives", async () => {
    expect((await run("check", oracle("derivatives.json"))).out).toMatch(/all \d+ cases within 1e-12/);
  });

  it("prints JSON, and exits with 1 when a case fails", async () => {
    const cases = JSON.parse(await readFile(oracle("recurrent.json"), "utf8"));
    const [name] = Object.keys(cases[0].gradients[0]);
    cases[0].gradients[0][name].data[0] += 1e-3;
    const file = join(await newFolder(), "bad.json");
    await writeFile(file, JSON.stringify(cases));
    const { status, out } = await run("check", file, "--json");
    const report = JSON.parse(out);
    expect(status).toBe(1);
    expect([report.ok, report.tolerance]).toEqual([false, 1e-10]);
    expect(report.cases.map((c: { ok: boolean }) => c.ok)).toEqual(
      cases.map((_: unknown, i: number) => i > 0),
    );
    expect(report.cases[0].parameters[`areas.0.${name}`]).toBe(report.cases[0].worst);
    expect((await run("check", file)).out).toContain(`FAIL ${cases[0].name}`);
  });
});

describe("plan", () => {
  it("says what is tied, what broke a tie, and what each rule would hold", async () => {
    const { out } = await run("plan", "--cells", "mingru,gru", "--input", "4", "--units", "6,5");
    expect(out).toMatch(/1 +mingru +areas\.0\.Wz +192 B +h +1=0/);
    expect(out).toMatch(/2 +gru +areas\.1\.Ur .*\[0\] contract at cells\/gru\.ts:\d+/);
    expect(out).toMatch(/rtrl .*flat in T/);
    expect(out).toMatch(/^steps are replayed$/m);
  });

  it("counts the loss of a preset, and warns of a window that would hide the step before", async () => {
    const { out } = await run("plan", "--preset", "nano-v1", "--steps", "8");
    expect(out).toContain("2.27 MiB  T = 8; smaller than exact rfp below T = 66");
    expect(out).toMatch(/^tbptt\(1\): the loss reads the step before/m);
    expect(out).toMatch(/^rfp, credit local .*biased below a recurrent area$/m);
    expect((await run("plan", "--preset", "content")).out).toMatch(/^rfp, credit local .*exact here/m);
    expect((await run("plan", "--cells", "alif", "--input", "4", "--units", "6")).out).not.toContain(
      "tbptt(1)",
    );
  });

  it("prints JSON, and plans presets", async () => {
    const found = JSON.parse((await run("plan", "--preset", "nano-v1", "--json", "--steps", "8")).out);
    expect(found.steps).toBe(8);
    expect(found.bytes.rfpExact).toBeGreaterThan(10 * found.bytes.rfpLocal);
    expect(found.rows.length).toBe(252);
    expect(found.opByOp).toBeNull();
  });
});

describe("every mistake is one sentence and exit status 1", async () => {
  const folder = await newFolder();
  const images = await newFolder();
  await writeImage(join(images, "a.png"), 70, 70);
  await writeFile(join(folder, "text.json"), "{");
  await writeFile(join(folder, "list.json"), "[1, 2]");
  await writeFile(
    join(folder, "nan.json"),
    '{"width":70,"height":70,"scanpaths":{"a.png":[{"x":[null,1],"y":[1,1],"duration":[1,1]}]}}',
  );
  await writeFile(
    join(folder, "outside.json"),
    '{"width":70,"height":70,"scanpaths":{"a.png":[{"x":[71,1],"y":[1,1],"duration":[1,1]}]}}',
  );
  const out = ["--recipe", "online", "--out", join(folder, "out")];

  it.each([
    ["a missing file", ["check", join(folder, "none.json")], /cannot read .*none\.json: no such file/],
    ["no JSON", ["check", join(folder, "text.json")], /expected JSON in/],
    [
      "another JSON",
      ["check", join(folder, "list.json")],
      /expected a list of recurrent cases or of derivatives/,
    ],
    [
      "an unknown rule",
      ["check", oracle("recurrent.json"), "--rule", "magic"],
      /rule: expected one of bptt, .*rfp\(window\), .*tbptt\(window\), .*got "magic"/,
    ],
    [
      "an unknown credit",
      ["check", oracle("recurrent.json"), "--credit", "some"],
      /--credit: expected exact or local, got "some"/,
    ],
    [
      "local credit for bptt",
      ["check", oracle("recurrent.json"), "--credit", "local", "--rule", "bptt"],
      /belongs to the rule rfp/,
    ],
    [
      "runs of a file of known gradients",
      ["check", oracle("recurrent.json"), "--runs", "3"],
      /check: --runs and --seed belong to modules, got .*recurrent\.json/,
    ],
    [
      "no runs of a module",
      ["check", "cell.ts", "--runs", "0"],
      /--runs: expected a whole number of at least 1, got "0"/,
    ],
    ["a seed that is none", ["check", "cell.ts", "--seed", "x"], /--seed: expected a whole number/],
    [
      "local credit for all rules",
      ["check", "cell.ts", "--credit", "local"],
      /--credit local belongs to the rule rfp, got every exact rule/,
    ],
    [
      "an unknown backend",
      ["check", oracle("recurrent.json"), "--backend", "tpu"],
      /backend: expected one of js(, native)?, got "tpu"/,
    ],
    [
      "an unknown preset",
      ["plan", "--preset", "huge"],
      /preset: expected one of content, memory, .*, got "huge"/,
    ],
    ["an unknown cell", ["plan", "--cells", "mingru,rnn"], /cell: expected one of .*got "rnn"/],
    [
      "an unknown control",
      ["train", "--control", "none2", ...out],
      /--control: expected one of none, shuffle, collapse, feedforward, got "none2"/,
    ],
    [
      "an unknown sampler",
      ["train", "--sampler", "dice", ...out],
      /expected source.sampler to be one of uniform, centerBiased, saliency, got "dice"/,
    ],
    ["a T too short to predict", ["train", "--steps", "1", ...out], /recipe\.steps.* at least 2, got 1/],
    [
      "no number",
      ["train", "--updates", "many", ...out],
      /--updates: expected a whole number of at least 1, got "many"/,
    ],
    [
      "a folder that is not there",
      ["train", "--images", join(folder, "none"), ...out],
      /images: expected a folder/,
    ],
    [
      "an empty folder",
      ["train", "--images", await newFolder(), ...out],
      /expected JPEG, PNG or WebP files in .*got none/,
    ],
    [
      "scanpaths without images",
      ["train", "--scanpaths", "x.json", ...out],
      /--scanpaths: expected --images with it/,
    ],
    [
      "scanpaths that are not there",
      ["train", "--images", images, "--scanpaths", join(folder, "none.json"), ...out],
      /no such file/,
    ],
    [
      "a NaN in the scanpaths",
      ["train", "--images", images, "--scanpaths", join(folder, "nan.json"), ...out],
      /expected numbers in "x", got null/,
    ],
    [
      "a fixation outside its image",
      ["train", "--images", images, "--scanpaths", join(folder, "outside.json"), ...out],
      /lies outside its image of 70 x 70 pixels/,
    ],
    [
      "units that are none",
      ["plan", "--units", "abc"],
      /--units: expected a whole number of at least 1, got "abc"/,
    ],
    ["units without cells", ["plan", "--units", "6"], /--units: expected --cells or a module with it/],
    [
      "cells and a preset",
      ["plan", "--cells", "gru", "--preset", "nano"],
      /--preset: expected no --cells beside/,
    ],
    [
      "too many units",
      ["plan", "--cells", "gru", "--units", "6,5"],
      /--units: expected at most 1, one per cell/,
    ],
    ["a negative number", ["plan", "--batch=-1"], /--batch: expected a whole number of at least 1, got "-1"/],
    ["zero", ["plan", "--steps", "0"], /--steps: expected a whole number of at least 1, got "0"/],
    ["a fraction", ["plan", "--steps", "1.5"], /--steps: expected a whole number of at least 1, got "1.5"/],
    ["digits of another base", ["plan", "--steps", "0x10"], /--steps: expected a whole number/],
    ["no text at all", ["plan", "--steps", ""], /--steps: expected a whole number of at least 1, got ""/],
    ["NaN", ["bench", "time", "--limit", "NaN"], /--limit: expected a positive number, got "NaN"/],
    ["infinity", ["train", "--rate", "1e999", ...out], /--rate: expected a positive number, got "1e999"/],
    [
      "a number beyond all use",
      ["plan", "--batch", "99999999999"],
      /--batch: expected .* at most 2147483647/,
    ],
    [
      "more sequences than memory holds",
      ["train", "--sequences", "1000000000", ...out],
      /must fit into \d+ bytes, got \d+/,
    ],
    [
      "nothing to train",
      ["train"],
      /train: expected --recipe NAME, --config FILE or --resume FOLDER, got none/,
    ],
    [
      "a plan of no module",
      ["plan", "cell.txt"],
      /plan: expected a module \(.ts, .mts, .js, .mjs\), got cell.txt/,
    ],
    ["a plan of no file", ["plan", "none.mjs"], /plan: cannot read none.mjs: no such file/],
    ["a module and cells", ["plan", "a.mjs", "--cells", "gru"], /--cells: expected no module beside it/],
    [
      "sequences of images",
      ["train", "--images", images, "--sequences", "9", ...out],
      /--sequences: expected synthetic scenes, without --images/,
    ],
    [
      "an address for a folder",
      ["train", "--images", "https://a.example/b", ...out],
      /expected a folder on this machine, got the address/,
    ],
    [
      "a file for a folder",
      ["train", "--images", join(folder, "text.json"), ...out],
      /expected a folder, got .*text.json \(a file\)/,
    ],
    [
      "a place where nothing can be written",
      ["train", "--recipe", "online", "--out", join(folder, "text.json", "out")],
      /train: cannot make the folder .*: a part of the path is a file, not a folder/,
    ],
    [
      "weights beyond the limit",
      ["bench", "time", "--cells", "gru", "--units", "1000000000"],
      /--units: expected weights that fit into --limit, 2147483648 bytes, got 8000000000000000000 for 1000000000 units/,
    ],
    ["a job that is no JSON", ["bench", "memory", "--job", "{"], /--job: expected JSON, got "{"/],
    [
      "a folder with one image",
      ["train", "--images", images, "--steps", "2", ...out],
      /expected at least 8 sequences for a batch of 8, got 4/,
    ],
  ])("%s", async (_, args, sentence) => {
    const { status, err } = await run(...(args as string[]));
    expect(status).toBe(1);
    const lines = err
      .trim()
      .split("\n")
      .filter((l) => l.startsWith("onward:"));
    expect(lines.length).toBe(1);
    expect(lines[0]).toMatch(sentence as RegExp);
  });
});
