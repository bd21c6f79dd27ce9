import { describe, expect, it } from "vitest";
import type { ByStep, Portrait } from "../../src/rjepa/figures/judging/portrait.js";
import { bestTexture, lossByStepChart, relativeByStepChart } from "../../src/rjepa/report/charts/by-step.js";
import { renderChart } from "../../src/rjepa/report/charts/chart.js";
import { pathsChart } from "../../src/rjepa/report/charts/paths.js";
import { spectrumChart } from "../../src/rjepa/report/charts/spectrum.js";
import {
  lossCaption,
  portraitSection,
  relativeCaption,
  spectrumCaption,
} from "../../src/rjepa/report/portraits.js";

const curve = (from: number, to: number, half = 0.01): ByStep => ({
  points: [0, 1, 2].map((s) => {
    const value = from + ((to - from) * s) / 2;
    return { at: s + 2, value, interval: [value - half, value + half] as const };
  }),
  fall: { value: from - to, interval: [from - to - 2 * half, from - to + 2 * half] },
});
const portrait = (from: number, to: number, spectrum: readonly number[]): Portrait => ({
  sequences: 7000,
  images: 20,
  prediction: {
    loss: curve(from, to),
    copy: curve(2 * from, 2 * to),
    relative: { loss: curve(2 * from, 2 * to), copy: curve(4 * from, 4 * to) },
  },
  shape: {
    spectrum,
    explained: [0.5, 0.25],
    paths: [
      [
        [0, 1],
        [1, 2],
        [2, 1],
        [3, 0],
      ],
      [
        [0, -1],
        [1, -2],
        [2, -1],
        [3, -4],
      ],
    ],
    mean: [
      [0, 0],
      [1, 0],
      [2, 0],
      [3, -2],
    ],
  },
});
const flat: Portrait = {
  ...portrait(0, 0, [0, 0, 0, 0]),
  prediction: { loss: curve(0, 0, 0), copy: curve(0, 0, 0), relative: null },
};
const portraits: Record<string, Portrait> = {
  trained: portrait(0.4, 0.3, [1, 0.5, 0.1, 1e-3]),
  untrained: portrait(0.9, 0.6, [2, 0.5, 0.2, 1e-20]),
  "texture energy, leak 0": { ...portrait(0.5, 0.5, [1]), shape: null },
  "texture energy, leak 0.9": { ...portrait(0.5, 0.35, [1]), shape: null },
  "<collapse>": flat,
};
const rows = { model: "trained", untrained: "untrained", others: ["<collapse>"] };

describe("captions of portraits", () => {
  it("say whether a loss falls, and that it does without training too", () => {
    const said = lossCaption(portraits, rows);
    expect(said).toContain("Trained: falls by 0.10 [0.08, 0.12] from step 2 to step 4");
    expect(said).toContain("untrained: falls by 0.30 [0.28, 0.32]");
    expect(said).toContain("It falls without any training too, so that a fall says nothing of learning");
    const rising = { ...portraits, trained: portrait(0.3, 0.4, [1]), untrained: portrait(0.5, 0.505, [1]) };
    const other = lossCaption(rising, rows);
    expect(other).toContain("Trained: rises by 0.10 [0.08, 0.12]");
    expect(other).toContain("untrained: neither falls nor rises from step 2 to step 4 beyond its interval");
    expect(other).not.toContain("without any training");
  });

  it("hold the last step against a copy and texture energy", () => {
    expect(bestTexture(portraits)).toBe("texture energy, leak 0.9");
    const said = relativeCaption(portraits, rows);
    expect(said).toContain("At step 4 trained is at 0.600 [0.590, 0.610], less than a copy, 1.200");
    expect(said).toContain("the best texture energy, which needs no learning, is at 0.700");
    const { relative } = portraits.trained.prediction;
    const even = {
      ...portraits.trained,
      prediction: {
        ...portraits.trained.prediction,
        relative: { loss: relative!.copy, copy: relative!.copy },
      },
    };
    expect(relativeCaption({ ...portraits, trained: even }, rows)).toContain("about as much as a copy");
    const worse = {
      ...even,
      prediction: { ...even.prediction, relative: { loss: relative!.copy, copy: relative!.loss } },
    };
    expect(relativeCaption({ ...portraits, trained: worse }, rows)).toContain("more than a copy");
    expect(relativeCaption({ ...portraits, trained: flat }, rows)).toBe(
      "The target does not vary, so that there is nothing to compare with.",
    );
  });

  it("count the directions that hold most of the variance, and name a collapse", () => {
    const said = spectrumCaption(portraits, rows);
    // 1 + 0.5 of 1.601 are 94 %; 2 + 0.5 of 2.7 are 93 %
    expect(said).toContain("Trained: variance 0.40 a unit, 90 % of it in 2 of 4 directions");
    expect(said).toContain("untrained: variance 0.68 a unit, 90 % of it in 2 of 4 directions");
    expect(said).toContain("<collapse>: no variance at all, it has collapsed.");
  });
});

/** Marks of a chart that its layers hold, by the row they are of. */
const rowsOf = (spec: unknown): Set<string> =>
  new Set((spec as { data: { values: { name: string }[] } }).data.values.map(({ name }) => name));

describe("charts of portraits", () => {
  it("show each row with its band, the copy, and the best texture energy where units do not matter", async () => {
    const [loss, relative] = [lossByStepChart(portraits, rows), relativeByStepChart(portraits, rows)];
    expect(rowsOf(loss)).toEqual(
      new Set(["trained", "trained, copy", "untrained", "untrained, copy", "<collapse>"]),
    );
    expect(rowsOf(relative)).toEqual(
      new Set(["trained", "untrained", "texture energy, leak 0.9", "trained, copy"]),
    );
    const svg = await renderChart("a", loss);
    // a band, a line and dots of each of three rows; a band and a line of both copies
    expect(svg.match(/class="mark-area/g)?.length).toBe(5);
    expect(svg).not.toMatch(/NaN|undefined/);
  });

  it("leave out of a logarithmic axis what is 0 but for rounding", async () => {
    const spec = spectrumChart(portraits, rows) as unknown as {
      data: { values: { name: string; index: number; value: number }[] };
    };
    const values = spec.data.values.map(({ name, index }) => `${name} ${index}`);
    expect(values).toEqual([
      ...[1, 2, 3, 4].map((i) => `trained ${i}`),
      ...[1, 2, 3].map((i) => `untrained ${i}`),
    ]);
    expect(await renderChart("b", spec as never)).not.toMatch(/NaN|undefined|Infinity/);
  });

  it("draw paths with the mean of all", async () => {
    const svg = await renderChart("c", pathsChart(portraits.trained.shape!));
    // two paths, and that of the mean on white
    expect(svg.match(/class="mark-line/g)?.length).toBeGreaterThanOrEqual(3);
    expect(svg).toContain("axis 1 (50 % of the variance)");
    expect(svg).not.toMatch(/NaN|undefined/);
  });

  it("stand in a section, whose words are escaped", async () => {
    const page = await portraitSection(portraits, rows);
    expect(page).toContain("On 7,000 test sequences; bands hold 95&thinsp;% of resamplings of 20 images");
    expect(page).toContain("Paths of h(t), &lt;collapse&gt;");
    expect(page).toContain("h of &lt;collapse&gt; is the same everywhere: it has collapsed.");
    expect(page).not.toContain("<collapse>");
    expect(page.match(/<svg/g)?.length).toBe(6);
    expect(page).not.toMatch(/NaN|undefined/);
  });
});
