/** Numbers leave a tensor through one door, which tells whoever records: no code finds its way around it. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import * as onward from "../../src/index.js";
import { recordProgram } from "../../src/tensor/compile/record.js";
import { entries, item, toArray } from "../../src/tensor/read.js";
import { readSources, type Sources } from "../support/layout.js";

/** May say where numbers lie, for views of them and for calls of kernels. */
const pointing = [
  "forward/factor.ts",
  "learn/influence/advance.ts",
  "learn/influence/overlaps.ts",
  "ops/views.ts",
];

/** Ways around the door, one line each. */
function ways(sources: Sources): string[] {
  const found: string[] = [];
  for (const [file, text] of sources) {
    const folder = file.split("/")[0];
    if (folder === "tensor" || folder === "backends" || folder === "device") continue;
    const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
    const say = (what: string): void => void found.push(`${file}: ${what}`);
    if (/\bDense\b/.test(code)) say("names the type of numbers in memory");
    if (/\bdenseOf\b/.test(code)) say("takes the storage behind a tensor");
    if (/\barrayOf\b|\bdata\.array\b/.test(code)) say("takes the array behind a storage");
    if (/\.value\s*\.\s*data\b|value:\s*\{[^}]*\bdata\b/.test(code)) say("takes data out of a value");
    if (/\blyingOf\b/.test(code)) {
      if (!pointing.includes(file)) say("asks where numbers lie");
      if (/\bdata\s*\[/.test(code)) say("reads numbers where they lie");
    }
  }
  return found;
}

describe("the door", () => {
  it("is the only way to numbers in src", () => {
    const sources = readSources(fileURLToPath(new URL("../../src", import.meta.url)));
    expect(ways(sources)).toEqual([]);
    for (const file of pointing) expect(sources.get(file)).toMatch(/\blyingOf\b/);
  });

  it.each([
    ["const { data } = t.value as Dense;", "names the type"],
    ["denseOf(t).data.clear();", "takes the storage"],
    ["arrayOf(data)[0];", "takes the array"],
    ["(data as HostStorage).data.array[0];", "takes the array"],
    ["if (t.value.kind === 'dense') return t.value.data;", "takes data"],
    ["lyingOf(t);", "asks where"],
  ])("is missed by %s", (code, what) => {
    expect(ways(new Map([["learn/a.ts", code]])).join()).toContain(what);
  });

  it("tells of every public way to read", () => {
    const t = onward.tensor([1]);
    const looks: Readonly<Record<string, () => unknown>> = {
      entries: () => entries(t),
      item: () => item(t),
      toArray: () => toArray(t),
      "method item": () => t.item(),
      "method toArray": () => t.toArray(),
      "method toTypedArray": () => t.toTypedArray(),
      "method data": () => t.data(),
      print: () => `${t}`,
      gather: () => onward.gather(t, onward.tensor([0], { dtype: "int32" })),
    };
    for (const [name, look] of Object.entries(looks)) {
      const { reads } = recordProgram(look);
      expect([name, reads.size > 0]).toEqual([name, true]);
    }
  });
});
