import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { key } from "../../src/core/prng.js";
import { parseScanpaths, readScanpaths } from "../../src/data/index.js";
import { decoded, newFolder, writeImage } from "../support/images.js";

const viewer = (n: number) => ({
  x: new Array(n).fill(20),
  y: new Array(n).fill(30),
  duration: new Array(n).fill(200),
});
const file = (scanpaths: unknown) => ({ width: 80, height: 60, scanpaths });

describe("scanpaths", () => {
  it("are read by image and viewer", () => {
    const { byImage, width, height } = parseScanpaths(file({ "a.png": [viewer(3), viewer(2)] }), "f");
    expect([width, height, byImage.get("a.png")?.map((v) => v.x.length)]).toEqual([80, 60, [3, 2]]);
  });

  it.each([
    [
      "no object",
      3,
      /expected a positive width and height in whole pixels in f, got undefined and undefined/,
    ],
    ["no scanpaths", { width: 8, height: 6 }, /expected an object "scanpaths"/],
    ["no images", file({}), /expected at least one image/],
    ["no list of viewers", file({ a: {} }), /expected a list of viewers for a, got object/],
    ["no x", file({ a: [{ y: [], duration: [] }] }), /a, viewer 1: expected a list "x", got undefined/],
    [
      "NaN as JSON writes it",
      file({ a: [{ ...viewer(2), y: [1, null] }] }),
      /expected numbers in "y", got null at fixation 2/,
    ],
    [
      "a string",
      file({ a: [{ ...viewer(2), x: ["1", 2] }] }),
      /expected numbers in "x", got "1" at fixation 1/,
    ],
    [
      "lengths that disagree",
      file({ a: [{ ...viewer(2), x: [1] }] }),
      /x, y and duration must have one length, got 1, 2 and 2/,
    ],
    [
      "numbers that JSON reads as infinite",
      JSON.parse('{"width":1e999,"height":60,"scanpaths":{}}'),
      /whole pixels in f, got Infinity and 60/,
    ],
    ["half a pixel", { ...file({ a: [] }), width: 80.5 }, /whole pixels in f, got 80.5 and 60/],
    ["a huge size", { ...file({ a: [] }), height: 1e300 }, /whole pixels in f, got 80 and 1e\+300/],
    ["a size in words", { ...file({ a: [] }), height: "60" }, /got 80 and "60"/],
    ["a list", [80, 60], /got undefined and undefined/],
    ["inherited members", Object.create(file({ a: [viewer(2)] })), /got undefined and undefined/],
    ["no viewer", file({ a: [null] }), /a, viewer 1: expected a list "x", got undefined/],
    ["a list for a viewer", file({ a: [[1, 2]] }), /a, viewer 1: expected a list "x", got undefined/],
    [
      "a hole among viewers",
      file({ a: Object.assign([viewer(1)], { 2: viewer(1) }) }),
      /a, viewer 2: expected a list "x"/,
    ],
    [
      "members of __proto__",
      JSON.parse(
        '{"width":80,"height":60,"scanpaths":{"__proto__":[{"__proto__":{"x":[1],"y":[1],"duration":[1]}}]}}',
      ),
      /__proto__, viewer 1: expected a list "x", got undefined/,
    ],
    [
      "an infinite coordinate",
      file({ a: [{ ...viewer(1), x: [JSON.parse("1e999")] }] }),
      /"x", got Infinity/,
    ],
    [
      "a large thing for a number",
      file({ a: [{ ...viewer(1), x: ["9".repeat(1e6)] }] }),
      /got "9{40}"… at fixation 1$/,
    ],
    [
      "time that runs back",
      file({ a: [{ ...viewer(1), duration: [-1] }] }),
      /milliseconds in "duration", got -1 at/,
    ],
    ["a name that commands a terminal", file({ "\x1b[2J\n": 3 }), /viewers for \\u001b\[2J\\n, got number$/],
    [
      "a fixation outside",
      file({ a: [viewer(1), { ...viewer(2), x: [5, 80.5] }] }),
      /a, viewer 2: fixation 2 at \(80.5, 30\) lies outside its image of 80 x 60 pixels/,
    ],
  ])("with %s are refused in one sentence", (_, content, sentence) => {
    expect(() => parseScanpaths(content, "f")).toThrow(sentence as RegExp);
  });

  it("from a file that is missing or no JSON are refused", async () => {
    const folder = await newFolder();
    await writeFile(join(folder, "bad.json"), "{");
    await expect(readScanpaths(join(folder, "none.json"))).rejects.toThrow(
      /cannot read .*none.json: no such file/,
    );
    await expect(readScanpaths(join(folder, "bad.json"))).rejects.toThrow(/expected JSON in .*bad.json/);
  });

  it("are matched to images; what does not fit is counted", async () => {
    const folder = await newFolder();
    for (const [name, width] of [
      ["a.png", 80],
      ["b.png", 80],
      ["c.png", 90],
    ] as const)
      await writeImage(join(folder, name), width, 60);
    const scanpaths = join(await newFolder(), "s.json");
    await writeFile(
      scanpaths,
      JSON.stringify(
        file({
          "a.png": [viewer(5), viewer(2), viewer(9)],
          "b.png": [],
          "c.png": [viewer(5)],
          "d.png": [viewer(5)],
        }),
      ),
    );
    const set = await decoded({ images: folder, scanpaths, steps: 4, key: key(1) });
    expect(set.sequences.map((s) => [s.image, s.viewer, s.fixations.length])).toEqual([
      ["a.png", 0, 8],
      ["a.png", 2, 8],
    ]);
    expect(set.problems).toEqual([
      { file: "s.json", reason: "has scanpaths of 1 image not in the folder, such as d.png" },
      { file: "a.png", reason: "1 of 3 scanpaths have fewer than 4 fixations" },
      { file: "b.png", reason: "no scanpaths of b.png" },
      { file: "c.png", reason: "scanpaths refer to images of 80 x 60 pixels, got 90 x 60 for c.png" },
    ]);
  });
});
