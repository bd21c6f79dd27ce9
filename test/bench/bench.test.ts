import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { full } from "../../bench/suites.js";
import { cells } from "../../src/cells/index.js";
import {
  type GradientRow,
  gradientCount,
  gradientSweep,
  gradientTable,
  sweepGradients,
} from "../../src/cli/bench/gradient.js";
import { type MemoryRow, memoryTable, type OnwardCommand, sweepMemory } from "../../src/cli/bench/memory.js";
import { squareArea } from "../../src/cli/bench/subject.js";
import { growthOf, sweepTime, timeTable } from "../../src/cli/bench/time.js";
import { ruleNamed, rules } from "../../src/learn/index.js";
import "../../src/index.js";
import { run } from "../support/command-line.js";

const onward: OnwardCommand = [
  process.execPath,
  "--import",
  "tsx",
  fileURLToPath(new URL("../../src/cli/onward.ts", import.meta.url)),
];
const megabyte = 1e6;

describe("memory", () => {
  let rows: MemoryRow[] = [];
  beforeAll(async () => {
    rows = await sweepMemory(
      {
        subjects: [squareArea("mingru", 48), squareArea("mingru", 96)],
        rules: [
          { rule: "rfp", credit: "exact" },
          { rule: "rtrl", credit: "exact" },
          { rule: "bptt", credit: "exact" },
        ],
        steps: [10],
        limit: 10 * megabyte,
        seconds: 20,
      },
      onward,
    );
  });
  const of = (rule: string, units: string): MemoryRow => {
    const row = rows.find((r) => r.rule === rule && r.units === units);
    if (!row) throw new Error(`no row of ${rule} at ${units}`);
    return row;
  };

  it("measured in a process is k·p numbers for rfp, and n times that for rtrl", () => {
    const p = 2 * 48 * 48 + 2 * 48;
    const [rfp, rtrl] = [of("rfp", "48"), of("rtrl", "48")];
    expect([rfp.kp, rfp.planned, rtrl.planned]).toEqual([8 * p, 8 * p, 48 * 8 * p]);
    if (rfp.figure.kind !== "measured" || rtrl.figure.kind !== "measured") throw new Error("not measured");
    // what else a learner holds: states, and vectors of the step in progress
    expect(Math.abs(rfp.figure.arrays - 8 * p)).toBeLessThan(16_384);
    expect(Math.abs(rtrl.figure.arrays - 48 * 8 * p)).toBeLessThan(16_384);
    expect(rtrl.figure.arrays / rfp.figure.arrays).toBeGreaterThan(48 * 0.8);
  });

  it("beyond the limit is refused with the number that was planned", () => {
    const { figure, planned } = of("rtrl", "96");
    expect(planned).toBeGreaterThan(10 * megabyte);
    expect(figure).toMatchObject({ kind: "refused", needed: planned });
  });

  it("shows every row", () => {
    const table = memoryTable(rows);
    expect(table.trim().split("\n").length).toBe(1 + rows.length);
    expect(table).toContain("refused by the planner");
  });

  it("leaves out what would take too long, and says how long", async () => {
    const [row] = await sweepMemory(
      {
        subjects: [squareArea("vanilla", 64)],
        rules: [{ rule: "rfp", credit: "exact" }],
        steps: [1_000_000],
        limit: 1000 * megabyte,
        seconds: 0.1,
      },
      onward,
    );
    expect(row.figure.kind).toBe("slow");
    expect(memoryTable([row])).toMatch(/planned only: would take \d/);
  });

  it("is taken of every cell there is", () => {
    expect(full.memory.cells.subjects.map((s) => s.label)).toEqual(Object.keys(cells));
  });

  it("comes as JSON from the command", () => {
    const args = ["--cells", "lru", "--units", "3", "--steps", "2", "--rules", "rfp", "--json"];
    const [program, ...first] = onward;
    const out = execFileSync(program, [...first, "bench", "memory", ...args], {
      encoding: "utf8",
      stdio: "pipe",
    });
    const { kind, machine, rows: found } = JSON.parse(out);
    expect([kind, machine.node]).toEqual(["memory", process.versions.node]);
    expect(found).toMatchObject([{ model: "lru", units: "3", steps: 2, figure: { kind: "measured" } }]);
  });
});

describe("time", () => {
  it("is told per step with its growth, and what is too slow is left out", () => {
    const sweep = { rules: [{ rule: "rtrl", credit: "exact" }] as const, limit: 1000 * megabyte };
    const rows = sweepTime({
      ...sweep,
      subjects: [squareArea("mingru", 16), squareArea("mingru", 128)],
      seconds: 4,
    });
    expect(rows.map((r) => r.figure.kind)).toEqual(["measured", "measured"]);
    // 512 times the numbers; below 3 for what a step costs at any size
    const growth = growthOf(rows, rows[1]);
    expect(growth).toBeGreaterThan(0);
    expect(growth).toBeLessThan(4);
    expect(growthOf(rows, rows[0])).toBeNull();
    expect(timeTable(rows)).toMatch(/mingru +128 +rtrl +[\d.]+ ms/);
    const [slow] = sweepTime({ ...sweep, subjects: [squareArea("vanilla", 64)], seconds: 0.01 });
    expect(slow.figure.kind).toBe("slow");
    const [refused] = sweepTime({ ...sweep, subjects: [squareArea("vanilla", 64)], limit: 1, seconds: 1 });
    expect(refused.figure.kind).toBe("refused");
  });
});

describe("quality of gradients", () => {
  let [rows, told]: [GradientRow[], number] = [[], 0];
  const sweep = { ...gradientSweep, units: 6, steps: 20, seeds: 2, selfWeights: [0.7] };
  beforeAll(() => {
    rows = sweepGradients(sweep, () => told++);
  });
  const worst = (areas: number, rule: string): number[] =>
    rows
      .filter((r) => r.areas === areas && r.rule === rule)
      .map(({ figure }) => (figure.kind === "measured" ? figure.error : Number.NaN));

  it("covers every rule", () => {
    const names = rows.map((r) => r.rule.replace(/[( ].*/, ""));
    const others = Object.keys(rules).filter((name) => name !== "bptt");
    expect([...new Set(names)].sort()).toEqual(others.sort());
    expect(told).toBe(gradientCount(sweep));
  });

  it("shows local credit exact on a single area, and biased below the top of a stack", () => {
    expect(worst(1, "rfp local")[0]).toBeLessThan(1e-10);
    const [lowest, middle, top] = worst(3, "rfp local");
    expect(lowest).toBeGreaterThan(0.1);
    expect(middle).toBeGreaterThan(0.1);
    expect(top).toBeLessThan(1e-10);
  });

  it("shows exact rules exact", () => {
    const exact = rows.flatMap(({ rule, claim, figure }) =>
      claim === "exact" && figure.kind === "measured" ? [[rule, figure.error] as const] : [],
    );
    expect(exact.length).toBeGreaterThan(2);
    for (const [rule, error] of exact)
      expect(error, rule).toBeLessThanOrEqual(ruleNamed(rule).tolerance ?? 1e-10);
  });

  it("shows a line per stack and rule", () => {
    const lines = gradientTable(rows).trim().split("\n");
    expect(lines.length).toBe(1 + rows.filter((r) => r.area === 1).length);
  });
});

describe("mistakes", () => {
  it.each([
    [["memory", "--cells", "rgcConv"], /--cells: expected cells that read vectors, got "rgcConv"/],
    [["memory", "--cells", "rnn"], /cell: expected one of/],
    [["time", "--rules", "magic"], /--rules: expected rfp, rtrl or bptt, got "magic"/],
    [["time", "--units", "16,none"], /--units: expected a whole number of at least 1, got "none"/],
    [["memory", "--limit", "-1"], /--limit: expected a positive number, got "-1"/],
    [["gradient", "--seeds", "0"], /--seeds: expected a whole number of at least 1, got "0"/],
  ])("%j are one sentence", async (args, sentence) => {
    const { status, err } = await run("bench", ...args);
    expect([status, err.trim().split("\n").length]).toEqual([1, 1]);
    expect(err).toMatch(sentence);
  });
});
