import { afterEach, describe, expect, it, vi } from "vitest";
import { DataError } from "../../src/core/errors.js";
import type { ReportData } from "../../src/rjepa/report/data.js";
import { formatBytes, formatCount, formatSeconds, formatTiny } from "../../src/rjepa/report/format.js";
import { loadPlotting, loadSharp } from "../../src/rjepa/report/optional.js";
import { renderReport } from "../../src/rjepa/report/report.js";
import { judge } from "../../src/rjepa/report/verdicts.js";

const before = {
  ratio: 0.59,
  copy: 0.65,
  refit: 0.54,
  swap: 1.3,
  acc: 0.66,
  rankMe: 11.2,
  variance: 0.4,
  contextGain: 0.2,
  contextGainError: 0.02,
};
const after = {
  ...before,
  ratio: 0.43,
  copy: 0.5,
  refit: 0.43,
  swap: 1.95,
  acc: 0.76,
  rankMe: 7.9,
  variance: 1.2,
};

function sample(changes: Partial<ReportData> = {}): ReportData {
  const steps = [1, 2, 3];
  return {
    title: "A <small> eye",
    preset: "nano",
    rule: "rfp",
    credit: "exact",
    seed: 1,
    source: "synthetic scenes",
    counts: { images: 30, sequences: 300, steps: 2400, parameters: 15912, embedding: 4 },
    seconds: 252,
    fixationsPerSecond: 95.4,
    gradient: { worst: 3.1e-15, blocks: { "areas.0.Kh": 3.1e-15, "head.W": 0 } },
    memory: {
      rfp: { planned: 2e7, measured: 2.1e7 },
      rtrl: { planned: 4e8 },
      bptt: { planned: 5e5, steps: 8 },
    },
    figures: { before, after },
    lossCurve: Array.from({ length: 40 }, (_, i) => ({ fixation: 4 * i, loss: 1 / (i + 1) })),
    lossByStep: { before: [0.9, 0.8], after: [0.5, 0.4] },
    trajectories: steps.map((step) => ({ sequence: 0, step, x: step, y: -step })),
    explainedVariance: [0.4, 0.2],
    spectrum: { before: [1, 0.5, 0.1, 0], after: [2, 0.3, 0.1, -1e-18] },
    strip: {
      width: 40,
      height: 30,
      rgb: new Uint8Array(40 * 30 * 3).fill(90),
      fixations: [
        [10, 10],
        [20, 12],
        [30, 20],
      ],
      crop: 8,
      patches: { size: 4, data: new Float32Array(3 * 3 * 16).fill(0.5) },
    },
    ...changes,
  };
}

describe("the report", () => {
  it("is one HTML file that fetches nothing, with five plots, the image and its patches", async () => {
    const html = await renderReport(sample());
    expect(html.startsWith("<!doctype html>")).toBe(true);
    expect(html.match(/<svg /g)).toHaveLength(6);
    expect(html.match(/data:image\/png;base64,/g)).toHaveLength(3);
    expect(html.match(/data:image\/jpeg;base64,/g)).toHaveLength(1);
    expect(html).not.toMatch(/<(script|link|iframe)|(src|href)="(?!data:)/);
    expect(html).toContain("A &lt;small&gt; eye");
    expect(html).not.toContain("undefined");
    expect(html.replace(/data:[^"]*/g, "")).not.toContain("NaN");
  });

  it("spells out what names of files would do to it", async () => {
    const skippedImages = ["\x1b]0;title\x07<b>.jpg", "\u202egpj.exe", "*.gif (3)"];
    const html = await renderReport(sample({ counts: { ...sample().counts, skippedImages } }));
    expect(html).toContain(
      "<dt>left out, whole or in part</dt><dd>\\u001b]0;title\\u0007&lt;b&gt;.jpg, \\u202egpj.exe, *.gif (3)</dd>",
    );
  });

  it("has no element id twice", async () => {
    const ids = [...(await renderReport(sample())).matchAll(/ id="([^"]+)"/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("is the same for the same data", async () => {
    expect(await renderReport(sample())).toBe(await renderReport(sample()));
  });

  it("says so when the figures or the gradients fail", async () => {
    const html = await renderReport(
      sample({
        figures: { before, after: { ...after, swap: 1.06 } },
        gradient: { worst: 0.2, blocks: { W: 0.2 } },
      }),
    );
    expect(html).toContain("4 of 5 pass.");
    expect(html).toContain("They are not:");
  });

  it("names an image whose bytes do not fit its size", async () => {
    const strip = { ...sample().strip, width: 41 };
    await expect(renderReport(sample({ strip }))).rejects.toThrow(DataError);
    await expect(renderReport(sample({ strip }))).rejects.toThrow(
      "report: expected 3690 bytes for an image of 41 by 30 pixels, got 3600",
    );
  });
});

describe("optional packages", () => {
  afterEach(() => {
    vi.doUnmock("vega");
    vi.doUnmock("sharp");
  });

  it.each([
    ["vega", loadPlotting, 'report: needs vega to draw its plots; run "npm install vega@5 vega-lite@5"'],
    ["sharp", loadSharp, 'report: needs sharp to encode its images; run "npm install sharp"'],
  ])("that are missing are named, with what to install: %s", async (name, load, sentence) => {
    vi.doMock(name, () => {
      throw new Error("not there");
    });
    await expect(load()).rejects.toThrow(sentence);
  });
});

describe("verdicts", () => {
  const passing = (changes: Partial<typeof after>) =>
    judge(sample({ figures: { before, after: { ...after, ...changes } } }))
      .filter((verdict) => verdict.passes === false)
      .map((verdict) => verdict.figure);

  it.each([
    [{}, []],
    [{ ratio: 0.51 }, ["ratio"]],
    [{ ratio: 0.45, copy: 0.44 }, ["ratio"]],
    [{ swap: 1.06, acc: 0.5 }, ["swap", "acc"]],
    [{ rankMe: 3 }, ["RankMe"]],
    [{ variance: 0.1 }, ["Var(h)"]],
    [{ ratio: Number.NaN, variance: Number.NaN }, ["ratio", "Var(h)"]],
  ])("of %j fail in %j", (changes, failed) => {
    expect(passing(changes)).toEqual(failed);
  });
});

describe("formats", () => {
  it("of bytes, counts, times and tiny numbers", () => {
    expect([0, 812, 3500, 2e7, 5.8e9, 4e8].map((n) => formatBytes(n).replace("\u00a0", " "))).toEqual([
      "0 B",
      "812 B",
      "3.4 KiB",
      "19.1 MiB",
      "5.4 GiB",
      "381 MiB",
    ]);
    expect([7, 15912, 1234567].map(formatCount)).toEqual(["7", "15,912", "1,234,567"]);
    expect([38, 252, 7500].map((s) => formatSeconds(s).replaceAll("\u00a0", " "))).toEqual([
      "38 s",
      "4 min 12 s",
      "2 h 5 min",
    ]);
    expect(formatTiny(3.14e-15)).toContain("<sup>\u221215</sup>");
    expect(formatTiny(0)).toBe("0");
  });
});
