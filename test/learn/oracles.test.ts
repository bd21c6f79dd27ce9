import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkRecurrent, isRecurrentFile } from "../../src/cli/check/recurrent.js";
import "../../src/index.js";
import { rules } from "../../src/learn/registry.js";

const read = (url: URL) => {
  const content: unknown = JSON.parse(readFileSync(url, "utf8"));
  if (!isRecurrentFile(content)) throw new Error(`expected recurrent cases in ${url}, got something else`);
  return content;
};
const few = read(new URL("../oracles/recurrent.json", import.meta.url));
const whole = new URL("../../../shared/oracles/recurrent.json", import.meta.url);
const present = existsSync(whole);
const exact = Object.values(rules).filter((rule) => rule.exactness === "exact");

/** Gradients by backpropagation through time in PyTorch, float64. */
describe.each(exact)("$name equals PyTorch", ({ name }) => {
  it.each(few)("on $name", (oracle) => {
    const { ok, cases } = checkRecurrent([oracle], name, {});
    // all of these can be undone: fptt, too, has to answer
    expect(ok, JSON.stringify(cases)).toBe(true);
    // the loss, and every parameter block
    expect(Object.keys(cases[0].parameters)).toHaveLength(1 + oracle.params.flatMap(Object.keys).length);
  });

  const reason = present ? "" : " (left out: ../shared/oracles/recurrent.json is not beside this checkout)";
  it.skipIf(!present)(`on the whole collection${reason}`, () => {
    const { ok, cases } = checkRecurrent(read(whole), name, {});
    expect(cases.length).toBeGreaterThan(50);
    expect(ok, JSON.stringify(cases.filter((c) => !c.ok))).toBe(true);
    if (name !== "fptt") expect(cases.filter((c) => c.refused)).toEqual([]);
  });
});
