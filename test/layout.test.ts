import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { layoutViolations, readSources } from "./support/layout.js";

const violationsOf = (files: Record<string, string>) => layoutViolations(new Map(Object.entries(files)));

describe("layout", () => {
  it("of src keeps to the floors, without cycles or long files", () => {
    const sources = readSources(fileURLToPath(new URL("../src", import.meta.url)));
    expect(sources.size).toBeGreaterThan(10);
    expect(layoutViolations(sources)).toEqual([]);
  });

  it("accepts imports that go down, and the side wings where they belong", () => {
    const files = {
      "core/shape.ts": "export type Shape = number[];",
      "tensor/tensor.ts": 'import type { Shape } from "../core/shape.js"; export type T = Shape;',
      "device/kernel.ts": 'export type { Shape } from "../core/shape.js";',
      "backends/js/index.ts": 'export type { Shape } from "../../device/kernel.js";',
      "data/images.ts": 'import "../core/shape.js";',
      "rjepa/model.ts": 'import "../data/images.js"; import "../tensor/tensor.js";',
      "entry/slim.ts": 'export * from "../tensor/tensor.js"; import "../backends/js/index.js";',
      "index.ts": 'export * from "./entry/slim.js"; export * from "./backends/js/index.js";',
      "cli/onward.ts": 'await import("../index.js"); await import("../backends/js/index.js");',
    };
    expect(violationsOf(files)).toEqual([]);
  });

  it.each([
    ["an import upwards", { "core/a.ts": 'import "../ops/b.js";', "ops/b.ts": "" }, "ops is not below core"],
    [
      "a type import upwards",
      { "core/a.ts": 'import type { B } from "../ops/b.js";', "ops/b.ts": "" },
      "ops is not below core",
    ],
    [
      "a dynamic import upwards",
      { "core/a.ts": 'export const b = () => import("../ops/b.js");', "ops/b.ts": "" },
      "ops is not below core",
    ],
    [
      "a re-export upwards",
      { "learn/a.ts": 'export { b } from "../nn/b.js";', "nn/b.ts": "" },
      "nn is not below learn",
    ],
    [
      "a device that knows tensors",
      { "device/a.ts": 'import type { T } from "../tensor/b.js";', "tensor/b.ts": "" },
      "tensor is not below device",
    ],
    [
      "data above core",
      { "data/a.ts": 'import "../tensor/b.js";', "tensor/b.ts": "" },
      "data imports only core",
    ],
    [
      "a floor that imports a backend",
      { "learn/a.ts": 'import "../backends/js/b.js";', "backends/js/b.ts": "" },
      "backends are imported by index.ts, entry/slim.ts and cli only",
    ],
    [
      "an entry that sets up backends beside the two that do",
      { "entry/learn.ts": 'import "../backends/js/b.js";', "backends/js/b.ts": "" },
      "backends are imported by index.ts, entry/slim.ts and cli only",
    ],
    [
      "a backend that imports a high floor",
      { "backends/js/a.ts": 'import "../../forward/b.js";', "forward/b.ts": "" },
      "backends imports only core, device",
    ],
    [
      "a floor that imports the root",
      { "nn/a.ts": 'import "../index.js";', "index.ts": "" },
      "only cli and entry import the root index",
    ],
    [
      "an unknown folder",
      { "extra/a.ts": 'import "../core/b.js";', "core/b.ts": "" },
      '"extra" is no folder',
    ],
    [
      "a folder's own index",
      { "ops/a.ts": 'import "./index.js";', "ops/index.ts": "" },
      "do not go through an index",
    ],
    ["a missing file", { "ops/a.ts": 'import "./b.js";' }, "does not exist"],
    ["a long file", { "ops/a.ts": "//\n".repeat(501) }, "has 501 lines"],
  ])("catches %s", (_, files, message) => {
    const found = violationsOf(files);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(message);
  });

  it("catches a cycle through types and values, and says how it runs", () => {
    const files = {
      "ops/a.ts": 'import type { B } from "./b.js";',
      "ops/b.ts": 'import { c } from "./c.js";',
      "ops/c.ts": 'export * from "./a.js";',
      "ops/d.ts": 'import "./a.js";',
    };
    expect(violationsOf(files)).toEqual(["cycle: ops/a.ts -> ops/b.ts -> ops/c.ts -> ops/a.ts"]);
  });

  it("catches a cycle of folders side by side whose files have none", () => {
    const files = {
      "learn/step/a.ts": 'import "../rules/deep/b.js";',
      "learn/rules/deep/b.ts": "",
      "learn/rules/c.ts": 'import "../step/d.js";',
      "learn/step/d.ts": "",
      // a folder and what lies in it are no such circle
      "learn/index.ts": 'import "./rules/c.js"; import "./step/a.js";',
    };
    expect(violationsOf(files)).toEqual(["cycle of folders: learn/step -> learn/rules -> learn/step"]);
  });
});
