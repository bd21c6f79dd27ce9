import { afterEach, describe, expect, it, vi } from "vitest";
import { binLoss } from "../../src/rjepa/report/charts/loss.js";
import { crossover } from "../../src/rjepa/report/charts/memory.js";
import { formatBytes, formatCount, formatSeconds, formatTiny } from "../../src/rjepa/report/format.js";
import { loadPlotting, loadSharp } from "../../src/rjepa/report/optional.js";

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

describe("charts", () => {
  it("bin losses by equal counts, and leave out what is not finite", () => {
    const curve = Array.from({ length: 20 }, (_, i) => ({ fixation: i, loss: i === 3 ? Number.NaN : i }));
    const bins = binLoss(curve);
    expect(bins).toHaveLength(3);
    expect(bins[0].mean).toBeCloseTo((0 + 1 + 2 + 4 + 5 + 6) / 6, 12);
    expect(bins[2].high).toBe(18);
  });

  it("know from which length on a record is larger than an influence", () => {
    const memory = { rfp: { planned: 100 }, rtrl: { planned: 1e4 }, bptt: { planned: 80, steps: 8 } };
    expect(crossover(memory)).toBe(10);
  });
});
