import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { updated } from "../../bench/page.js";
import type { MemorySuite } from "../../bench/suites.js";
import { cellNamed } from "../../src/cells/index.js";
import type { GradientRow } from "../../src/cli/bench/gradient.js";
import type { MemoryRow } from "../../src/cli/bench/memory.js";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const rowsOf = <R>(kind: string): R => JSON.parse(read(`bench/results/${kind}.json`)).rows as R;

/** What the results that are kept must show, whichever machine they came from. */
describe("the results kept in bench/results", () => {
  const memory = rowsOf<Record<keyof MemorySuite, MemoryRow[]>>("memory");
  const measured = Object.values(memory).flatMap((rows) =>
    rows.flatMap(({ figure, ...row }) =>
      figure.kind === "measured" ? [{ ...row, bytes: figure.arrays }] : [],
    ),
  );

  it("have planned and measured bytes within a tenth of each other, above 10 MB", () => {
    const large = measured.filter((r) => r.planned > 1e7);
    expect(large.length).toBeGreaterThan(20);
    for (const r of large) expect(Math.abs(r.bytes / r.planned - 1), JSON.stringify(r)).toBeLessThan(0.1);
  });

  it("have rfp of unit-local areas at k·p numbers, and rtrl at n times that", () => {
    const local = memory.sizes.filter((r) => cellNamed(r.model).definition.locality === "unit");
    for (const { rule, planned, kp, units } of local) {
      if (rule === "rfp") expect(planned).toBe(kp);
      if (rule === "rtrl") expect(planned).toBe(kp * Number(units));
    }
    // beside the influence a learner holds states and vectors of n numbers: they count where p is small
    const rfp = measured.filter(
      (r) => r.rule === "rfp" && local.some((l) => l.model === r.model) && r.kp > 1e5,
    );
    expect(rfp.length).toBeGreaterThan(5);
    for (const r of rfp.filter((row) => row.units.split(" ").length === 1))
      expect(Math.abs(r.bytes / r.kp - 1), JSON.stringify(r)).toBeLessThan(0.1);
  });

  it("have local credit exact on single areas and biased below the top of stacks", () => {
    const rows = rowsOf<GradientRow[]>("gradient").filter((r) => r.rule === "rfp local");
    const [top, below] = [true, false].map((isTop) =>
      rows.flatMap(({ areas, area, figure }) =>
        (area === areas) === isTop && figure.kind === "measured" ? [figure.error] : [],
      ),
    );
    expect(Math.min(top.length, below.length)).toBeGreaterThan(2);
    for (const error of top) expect(error).toBeLessThan(1e-10);
    for (const error of below) expect(error).toBeGreaterThan(0.1);
  });

  it("are those of the page", () => {
    const page = read("docs/benchmarks.md");
    expect(updated(page)).toBe(page);
  });
});
