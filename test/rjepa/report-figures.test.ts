import { describe, expect, it } from "vitest";
import { judgmentsFromJson, judgmentsToJson } from "../../src/rjepa/figures/judging/json.js";
import type { JudgmentTable } from "../../src/rjepa/figures/judging/table.js";
import { figureChart } from "../../src/rjepa/report/charts/figures.js";
import { memoryCurveChart, memoryTitle } from "../../src/rjepa/report/charts/memory-curve.js";
import { drawJudgments, judgmentSection } from "../../src/rjepa/report/judgments.js";
import { judgmentTable } from "../support/judgment-table.js";

const table = judgmentsFromJson(judgmentsToJson(judgmentTable));
const kinds = { untrained: "untrained", controls: ["shuffled"] };
const section = async (of: JudgmentTable, options = {}) => {
  const all = { ...kinds, ...options };
  return judgmentSection(of, { ...all, drawings: await drawJudgments(of, all) });
};

describe("the section of figures", () => {
  it("has a verdict, a chart for each figure and one of memory, and fetches nothing", async () => {
    const html = await section(table);
    expect(html.match(/<svg /g)).toHaveLength(10);
    expect(html).toContain("<strong>Learns content.</strong> Matched accuracy is 0.75 [0.73, 0.78]");
    expect(html).not.toMatch(/<(script|link|iframe)|(src|href)="/);
    expect(html).not.toMatch(/undefined|NaN|Infinity/);
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(ids.length);
    expect(await section(table)).toBe(html);
  });

  it("is about another row where one is named", async () => {
    const html = await section(table, { model: "shuffled", controls: [], heading: "And <shuffled>?" });
    expect(html).toContain("And &lt;shuffled&gt;?");
    expect(html).toContain("<strong>Not learning.</strong>");
  });

  it("always draws texture energy and color, also where they have no such figure", async () => {
    const html = await section(table);
    const [probe] = html.split("<h3>Image found again, by all states")[1].split("</figure>");
    expect(probe).toContain("texture energy");
    expect(probe).toContain(">color<");
  });

  it("spells out what names of rows would do to it", async () => {
    const name = '<img src=x onerror="1">';
    const of = JSON.parse(
      JSON.stringify(table).replaceAll('"content"', JSON.stringify(name)),
    ) as JudgmentTable;
    const html = await section(of);
    expect(html).not.toContain("<img");
    expect(html).toContain("&lt;img");
  });

  it("leaves out what is not finite or was not computed", async () => {
    const failed = { value: Infinity, interval: null, note: "nothing to compare" };
    const rows = { ...table.rows, content: { ...table.rows.content, variance: null, matchedAcc: failed } };
    const html = await section({ ...table, rows });
    expect(html.match(/<svg /g)).toHaveLength(10);
    expect(html).not.toContain("NaN");
    expect(figureChart(table, "refit")).toBeNull();
    expect(memoryCurveChart(table, { model: "raw pixels" })).toBeNull();
  });
});

describe("the curve of memory", () => {
  it.each([
    ["content", "The more was seen, the higher the error: it rises by 0.025 [0.009, 0.041]"],
    ["memory", "The more was seen, the lower the error: it falls by 0.032 [0.016, 0.048]"],
    ["shuffled", "The error does not fall with what was seen: +0.003 [−0.013, +0.019]"],
    ["raw pixels", "Whether memory helps is not known"],
  ])("says by its interval whether the error falls: %s", (model, title) => {
    expect(memoryTitle(table, model)).toBe(title);
  });

  it("shows the model, what did not learn, and the texture that does best", () => {
    const spec = JSON.stringify(memoryCurveChart(table, { model: "memory", ...kinds }));
    expect(spec).toContain('"domain":["memory","untrained","texture energy, leak 0.5"]');
  });
});
