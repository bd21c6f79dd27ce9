import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Estimate } from "../../../src/rjepa/figures/judging/estimate.js";
import { formatJudgments } from "../../../src/rjepa/figures/judging/format.js";
import { judgmentsFromJson, judgmentsToJson } from "../../../src/rjepa/figures/judging/json.js";
import { digitsOf, plain, withInterval } from "../../../src/rjepa/figures/judging/numbers.js";
import type { JudgmentTable } from "../../../src/rjepa/figures/judging/table.js";
import { judgmentTable } from "../../support/judgment-table.js";

const around = (value: number, half: number): Estimate => ({
  value,
  interval: [value - half, value + half],
});

describe("numbers", () => {
  it.each([
    [around(0.7523, 0.024), "0.75 [0.73, 0.78]"],
    [around(0.7523, 0.013), "0.752 [0.739, 0.765]"],
    [around(17.93, 2.4), "18 [16, 20]"],
    [around(0.032, 0.0012), "0.0320 [0.0308, 0.0332]"],
    [around(-0.004, 0.03), "0.00 [−0.03, 0.03]"],
    [{ value: 17.93, interval: null }, "17.9"],
    [{ value: Infinity, interval: null }, "∞"],
    [{ value: 0, interval: null }, "0.00"],
    [around(1e-9, 1e-10), "0.000000 [0.000000, 0.000000]"],
  ])("have the digits that their interval supports: %#", (estimate, text) => {
    expect(withInterval(estimate)).toBe(text);
  });

  it("show a sign where it matters, also of what rounds to 0", () => {
    const signed = [0.04, -0.04, -0.004, 0].map((v) => plain(v, 2, true));
    expect([...signed, plain(-0.004, 2)]).toEqual(["+0.04", "−0.04", "−0.00", "0.00", "0.00"]);
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.double({ min: 0, noNaN: true }), (value, half) => {
        const digits = digitsOf(around(value, half));
        expect(digits).toBeGreaterThanOrEqual(0);
        expect(digits).toBeLessThanOrEqual(6);
      }),
    );
  });
});

describe("a table of judgments", () => {
  it("has rows of models, of the baselines that are best in something, and of chance", () => {
    const text = formatJudgments(judgmentTable);
    const lines = text.split("\n");
    expect(lines[0]).toMatch(/^ +matched {5}ident h .* over copy .* rank {5,}variance$/);
    expect(lines.slice(1, 8).map((line) => line.split(/ {2}/)[0])).toEqual([
      "content",
      "memory",
      "untrained",
      "shuffled",
      "texture energy, leak 0",
      "texture energy, leak 0.5",
      "texture energy, leak 0.9",
    ]);
    expect(lines[1]).toMatch(/^content +0\.75±0\.02 +0\.38±0\.04▼ .*17\.9 of 24 +0\.450±0\.012$/);
    expect(lines[5]).toMatch(/0\.73±0\.02\*/);
    expect(text).toContain("\nchance ");
    expect(text).toContain("2 baselines that are best in nothing are left out.");
    expect(text).toContain("  matched +0.02 [−0.00, +0.04] over texture energy, leak 0\n");
    // all lines of the table end where the last number does
    for (const line of lines) expect(line).toBe(line.trimEnd());
  });

  it("is Markdown of as many cells in each row", () => {
    const text = formatJudgments(judgmentTable, { as: "markdown", baselines: "all" });
    const rows = text.split("\n\n")[0].split("\n");
    expect(rows.length).toBe(2 + 4 + 6 + 1);
    expect(new Set(rows.map((row) => row.match(/(?<!\\)\|/g)!.length)).size).toBe(1);
    expect(rows[2]).toContain("| 0.75 [0.73, 0.78] |");
    expect(text).not.toContain("left out");
    expect(rows.find((row) => row.startsWith("| raw pixels"))).toContain("0.36 [0.34, 0.39] \\*");
  });

  it("spells out what names would do to a terminal or to Markdown", () => {
    const name = "a|b\x1b[2J`c`";
    const { rows, representations } = judgmentTable;
    const table: JudgmentTable = {
      ...judgmentTable,
      representations: [...representations, name],
      rows: { ...rows, [name]: rows.content },
      sizes: { ...judgmentTable.sizes, [name]: 24 },
    };
    expect(formatJudgments(table)).toContain("a|b\\u001b[2J`c`");
    expect(formatJudgments(table, { as: "markdown" })).toContain("| a\\|b\\\\u001b[2J\\`c\\` |");
    expect(() => formatJudgments(table, { as: "html" as "text" })).toThrow(
      "formatJudgments: expected as to be one of text, markdown",
    );
  });
});

describe("judgments as JSON", () => {
  it("are read as they were written, infinities too", () => {
    const failed = { value: Infinity, interval: null, note: "Infinity" };
    const table: JudgmentTable = {
      ...judgmentTable,
      rows: {
        ...judgmentTable.rows,
        shuffled: { ratio: failed, refit: { ...failed, interval: [0, Infinity] } },
      },
    };
    expect(judgmentsFromJson(judgmentsToJson(table))).toEqual(table);
  });

  it.each([
    ["{", "a text that is no JSON"],
    ["null", "another"],
    ['{"rows":{}}', "another"],
    ['{"format":"onward judgments 1"}', "none of its names of rows"],
    ['{"format":"onward judgments 1","representations":[],"baselines":[]}', "a table without its parts"],
    [judgmentsToJson({ ...judgmentTable, baselines: ["none"] }), "a table without the row none"],
  ])("are refused where they are none: %#", (text, got) => {
    expect(() => judgmentsFromJson(text)).toThrow(
      `judgments: expected JSON of the format "onward judgments 1", got ${got}`,
    );
  });
});
