import { describe, expect, it } from "vitest";
import { complaints } from "./_compiler.js";
import { right, wrong } from "./users.js";

describe("types, as a user's compiler reads them", () => {
  it("know the names of cells, rules, parameters, states and options", { timeout: 300_000 }, () => {
    expect(complaints({ "right.ts": right })).toEqual([]);
  });

  it("refuse what is misspelled: every mark has its error, and nothing else is wrong", {
    timeout: 300_000,
  }, () => {
    expect(complaints({ "wrong.ts": wrong })).toEqual([]);
  });

  it("is seen where a mark has no error", { timeout: 300_000 }, () => {
    const [first, ...others] = complaints({ "a.ts": "// @ts-expect-error\nexport const a: number = 1;" });
    expect(first).toMatch(/^a\.ts:1: TS2578: Unused/);
    expect(others).toEqual([]);
  });
});
