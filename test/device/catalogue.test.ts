import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { written } from "../../scripts/catalogue.js";
import { addonKernels } from "../../src/device/catalogue/addon.js";
import { kernels, pointwise } from "../../src/device/catalogue/catalogue.js";
import { addon, missing } from "../support/native.js";

describe("the catalogue of kernels", () => {
  it.each(Object.entries(written))("is what %s says; else run `npm run catalogue`", (file, text) => {
    expect(readFileSync(new URL(`../../${file}`, import.meta.url), "utf8")).toBe(text());
  });

  it.skipIf(missing !== null)(
    `has the kernels of the addon, in order of their numbers${missing === null ? "; else run `npm run build:native`" : ` (skipped: ${missing})`}`,
    () => {
      expect(addon.names).toEqual([...Object.values(addonKernels).flat(), "traceStep"]);
    },
  );

  it("names each kernel once, and has each in the addon, but for what is copied there", () => {
    const names = Object.values(addonKernels).flat();
    expect(new Set(names).size).toBe(names.length);
    expect(Object.keys(kernels).filter((name) => !names.includes(name))).toEqual([
      "cast",
      "reshape",
      "concat",
    ]);
  });

  it("claims no smaller error than rounding makes, and derivatives only of what has some", () => {
    for (const [name, { float32, isTest, smooth }] of Object.entries(pointwise)) {
      if (float32 !== null) expect(float32.value === 0 || float32.value > 0.5, name).toBe(true);
      expect(isTest && (float32 !== null || smooth.length > 0), name).toBe(false);
      for (const [low, high] of smooth) expect(low, name).toBeLessThan(high);
    }
  });
});
