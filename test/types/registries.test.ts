import { describe, expect, it } from "vitest";
import { cells } from "../../src/cells/registry.js";
import { commands } from "../../src/cli/registry.js";
import { rules } from "../../src/learn/registry.js";
import { figures } from "../../src/rjepa/figures/registry.js";

describe("what a registry calls its members", () => {
  it.each([
    ["cells", Object.entries(cells).map(([key, { definition }]) => [key, definition.name])],
    ["rules", Object.entries(rules).map(([key, { name }]) => [key, name])],
    ["commands", Object.entries(commands).map(([key, { name }]) => [key, name])],
    ["figures", Object.entries(figures).map(([key, { name }]) => [key, name])],
  ])("is what the %s call themselves: a type knows files, not definitions", (_, names) => {
    expect(names.length).toBeGreaterThan(3);
    for (const [key, name] of names) expect(name).toBe(key);
  });
});
