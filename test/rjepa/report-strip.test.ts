import { describe, expect, it } from "vitest";
import { DataError } from "../../src/core/errors.js";
import { key } from "../../src/core/prng.js";
import { openGallery, referencesFromScenes } from "../../src/data/index.js";
import { cropUris, imageUri } from "../../src/rjepa/report/images.js";
import { aStrip, stripSection } from "../../src/rjepa/report/strip.js";
import { stripOf } from "../../src/rjepa/run/seen.js";

describe("what a model sees", () => {
  it("is drawn: the image with its fixations, and the crops of each", async () => {
    const references = referencesFromScenes({
      key: key(1),
      count: 1,
      width: 60,
      height: 40,
      viewers: 1,
      steps: 3,
    });
    const gallery = await openGallery(references);
    const strip = await stripOf({ gallery, references }, { crops: [8, 16], size: 4 });
    aStrip("test", "the strip", JSON.parse(JSON.stringify(strip)));
    expect([strip.width, strip.height, strip.fixations.length, strip.sides]).toEqual([60, 40, 3, [8, 16]]);
    expect(strip.crops.map((c) => c.length)).toEqual([2, 2, 2]);
    expect(new Set(strip.crops.flat()).size).toBe(6);
    const html = stripSection(strip, { crops: [8, 16], size: 4 });
    expect(html.match(/<img /g)).toHaveLength(6);
    expect(html.match(/<circle /g)).toHaveLength(3);
    expect(html).toContain("crops of 8 by 8 and 16 by 16 pixels, reduced to 4 by 4 each");
    expect(html).toContain("with mean and contrast taken away afterwards");
    expect(html).not.toContain("It moves");
    const colors = { crops: [8, 16], size: 4, channels: "color" } as const;
    const moving = stripSection({ ...strip, moves: true }, colors);
    expect(moving).not.toContain("taken away");
    expect(moving).toContain("what is drawn is the first frame that is seen");
    expect(html).not.toMatch(/undefined|NaN|https?:\/\/(?!www\.w3\.org)/);
  });

  it("is refused where sizes are wrong, or a picture is none", async () => {
    const data = new Uint8Array(11);
    await expect(imageUri({ name: "a", width: 2, height: 2, data })).rejects.toThrow(
      new DataError("report: expected 12 bytes for an image of 2 by 2 pixels, got 11"),
    );
    await expect(cropUris(new Float32Array(47), 4)).rejects.toThrow(
      "report: expected crops [n,3,4,4], got 47 numbers",
    );
    const strip = {
      width: 1,
      height: 1,
      image: "data:text/html,x",
      fixations: [[0, 0]],
      sides: [1],
      moves: false,
      crops: [["x"]],
    };
    expect(() => aStrip("report", "the strip", strip)).toThrow(
      "report: expected the strip.image to be a picture as a data URI",
    );
  });
});
