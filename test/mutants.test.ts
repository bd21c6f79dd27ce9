import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { binary, type Pointwise, unary } from "../src/device/catalogue/pointwise.js";
import "../src/index.js";
import { rules } from "../src/learn/registry.js";

/** What `npm run test:mutants` would run: it says where a mutant no longer finds the text that it changes. */
const listed = execFileSync(process.execPath, ["scripts/mutants.mjs", "--list"], {
  cwd: fileURLToPath(new URL("..", import.meta.url)),
  encoding: "utf8",
}).split("\n");

describe("mutants", () => {
  it("change what is there, for every rule", () => {
    for (const name of Object.keys(rules))
      expect(
        listed.filter((line) => line.startsWith(`| rule ${name}:`)),
        name,
      ).toHaveLength(1);
  });

  // whose derivative is zero wherever there is one
  const flat = new Set(["sign", "floor"]);

  it.each<[string, number, Readonly<Record<string, Pointwise>>]>([
    ["one", 1, unary],
    ["two", 2, binary],
  ])("change the derivative of every kernel of %s, by each input", (_, inputs, kernels) => {
    const curved = Object.keys(kernels).filter((name) => !kernels[name].isTest && !flat.has(name));
    expect(curved.length).toBeGreaterThan(9);
    for (const name of curved)
      expect(listed.filter((line) => line.startsWith(`| op ${name} `)).length, name).toBe(inputs);
  });
});
