import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Cell, type CellKind, cells } from "../../src/cells/index.js";
import { ArgumentError } from "../../src/core/errors.js";
import "../../src/index.js";
import { rules } from "../../src/learn/index.js";
import { type CheckCellOptions, checkCell, GradientError } from "../../src/testing/index.js";
import * as broken from "../support/broken-cells.js";

/** The failure that `checkCell` reports. */
function failureOf(subject: CellKind | Cell, options: CheckCellOptions = {}): GradientError {
  try {
    checkCell(subject, { seed: 1, ...options });
  } catch (error) {
    expect(error).toBeInstanceOf(GradientError);
    return error as GradientError;
  }
  throw new Error(`${subject.name} passed`);
}

describe("checkCell", () => {
  it.each(Object.values(cells).map((kind) => [kind.definition.name, kind] as const))(
    "passes %s",
    (name, kind) => {
      const report = checkCell(kind, { runs: 3, seed: 1 });
      expect([report.cell, report.cases, report.seed]).toEqual([name, 3, 1]);
      for (const { checked, refused, worst, tolerance } of report.rules) {
        expect(checked + refused).toBe(3);
        expect(worst).toBeLessThanOrEqual(tolerance);
      }
      const exact = Object.values(rules).filter((r) => r.exactness === "exact" && r.name !== "bptt");
      expect(report.rules.map((r) => r.rule)).toEqual(exact.map((r) => r.name));
      expect(report.rules.find((r) => r.rule === "rfp")).toMatchObject({ checked: 3, refused: 0 });
      expect(report.derivatives?.compared).toBeGreaterThan(6);
      expect(report.derivatives?.worst).toBeLessThan(1e-7);
    },
  );

  it("passes a cell of given sizes, alone and between others", () => {
    expect(checkCell(cells.elstm({ input: 3, units: 2 }), { runs: 5, seed: 2 }).cases).toBe(5);
    const strided = cells.rgcPointwise({ input: [2, 3, 2], units: 2, stride: 2 });
    expect(checkCell(strided, { runs: 5, seed: 2, rules: ["rfp"] }).cases).toBe(5);
  });

  it("gives the same report from the same seed", () => {
    const run = (): unknown => checkCell(broken.right, { runs: 3, seed: 7 });
    expect(run()).toEqual(run());
  });

  const alone = (inside = "\\[1\\]>1 tanh, squared, T=1 B=1"): RegExp =>
    new RegExp(`^  smallest case \\(after \\d+ shrinks\\): \\w+ ${inside}, seed \\d+, saturation 0$`, "m");

  it.each<[CellKind, RegExp, RegExp?]>([
    [
      broken.wrongJvp,
      /the forward derivative of next and output at params\.W \(along a random direction\) must be \S+ by central differences, got \S+; is there a customJvp/,
    ],
    [
      broken.hiddenPath,
      /derivative of next and output at state\.h .* or a stopGradient that hides a path\?$/,
    ],
    [
      broken.batchNorm,
      /streams must not influence each other: state\.h of stream 0 must be \S+ as when it runs alone, got \S+ beside 1 more$/,
      alone("\\[1\\]>1 tanh, squared, T=1 B=2"),
    ],
    [
      broken.noisy,
      /next must give the same numbers for the same arguments \(no randomness, .*\), got \S+ and \S+$/,
    ],
    [
      broken.remembering,
      /next must give the same numbers for the same arguments .* nothing kept from another call\)/,
    ],
    [
      broken.gateKept,
      /output must give the same numbers for the same arguments .* nothing kept from another call\)/,
    ],
    [broken.tallState, /next must give a state h of shape \[1,1\], got \[1,1,1\]$/],
    [broken.misnamed, /next must give the states h, got c$/],
    [broken.tooMany, /next must give the states h, got h, last$/],
    [broken.nothing, /next must give the states h, got none$/],
    [broken.numberState, /next must give a state h of shape \[1,1\], got number$/],
    [broken.meanOutput, /output must give an output of shape \[1,1\], got \[1\]$/],
    [broken.negativeLog, /next must give finite numbers from finite ones, got NaN in state h$/],
    [broken.inPlace, /next and output must leave their arguments alone, got a changed state\.h$/],
    [broken.throwing, /next must not throw, got "reshape: .*"$/],
    [
      broken.byOrder,
      /next and output must read parameters and states by their names, got another answer with their keys in another order$/,
    ],
    [broken.floatCount, /next must give a state n of int32 from int32, got float64$/],
    [
      broken.wideState,
      /next must give a state m of shape \[1,1\], got \[1,2\]$/,
      alone("\\[1\\]>2 tanh, squared, T=1 B=1"),
    ],
    [
      broken.randomStart,
      /init must give the same numbers from the same key \(no randomness of its own\), got/,
    ],
  ])("says what is wrong with %o, in the smallest case", (kind, sentence, smallest = alone()) => {
    const { message } = failureOf(kind);
    const [first, second] = message.split("\n");
    expect(first).toMatch(new RegExp(`^checkCell: ${kind.definition.name}: `));
    expect(first).toMatch(sentence);
    expect(second).toMatch(smallest);
  });

  it("passes states of different shapes and dtypes, given back in another order", () => {
    const report = checkCell(broken.rightCounting, { runs: 20, seed: 3 });
    expect(report.rules.find((r) => r.rule === "rfp")).toMatchObject({ checked: 20, refused: 0 });
    expect(report.worst).toBeLessThan(1e-6);
  });

  it("notices a variable that changes now and then in a cell that says it is pure", () => {
    expect(failureOf(broken.drifting, { runs: 100 }).message).toMatch(/checkCell: drifting: /);
  });

  it("prints per block the error, the cosine and the norm ratio", () => {
    const { message, blocks } = failureOf(broken.wrongJvp);
    expect(blocks.map((b) => b.path)).toEqual(["params.W", "params.a", "state.h", "input"]);
    const [W, a, h, input] = blocks;
    // the wrong derivative scales by 1.01 what passes through it
    for (const block of [W, input]) expect(block).toMatchObject({ error: expect.closeTo(0.01, 6) });
    expect(W.normRatio).toBeCloseTo(1.01, 6);
    for (const block of [a, h]) expect(block.error).toBeLessThan(1e-7);
    expect(message).toMatch(/^ {2}params\.W +1\.00e-2 +1\.000000 +1\.010000$/m);
    expect(message).toMatch(/^ {2}block +error +cosine +norm ratio$/m);
  });

  it("says what its page shows", () => {
    const page = readFileSync(new URL("../../docs/testing.md", import.meta.url), "utf8");
    expect(page).toContain(`\`\`\`\n${failureOf(broken.mine).message}\n\`\`\``);
  });

  it("does not judge at corners, nor where a bend is sharper than the steps of differences", () => {
    for (const kind of [broken.corners, broken.sharp]) {
      const { derivatives, worst } = checkCell(kind, { runs: 20, seed: 7, rules: ["rfp"] });
      expect(derivatives?.compared).toBeGreaterThan(400);
      expect(derivatives?.unsettled).toBeLessThan(25);
      expect(worst).toBeLessThan(1e-10);
    }
    expect(failureOf(broken.sawtooth, { runs: 5, rules: ["rfp"] }).message).toMatch(
      /^checkCell: sawtooth: differences must settle somewhere, got a kink or a jump in all \d+ places; derivatives: false/,
    );
  });

  it("holds a rule of one's choice against backpropagation through time, down to the two steps that it takes", () => {
    const { message, blocks } = failureOf(broken.right, { rules: ["tbptt(1)"] });
    const [first, second] = message.split("\n");
    expect(first).toMatch(
      /^checkCell: right: tbptt\(1\) must equal bptt to 1e-10, got a relative error of \S+ at areas\.0\.W \(cosine \S+, norm ratio \S+\)$/,
    );
    expect(second).toMatch(alone("\\[1\\]>1 tanh, squared, T=2 B=1"));
    expect(blocks.map((b) => b.path)).toEqual(["areas.0.W", "areas.0.a"]);
    expect(message).toMatch(/^ {2}areas\.0\.W +\d\.\d\de[+-]\d+ +-?\d\.\d{6} +\d+\.\d{6}$/m);
  });

  it("notices local credit, which only a stack gets wrong", () => {
    const { message } = failureOf(broken.right, { rules: ["rfp"], credit: "local" });
    expect(message).toMatch(/smallest case .*: right \[1\]>1 tanh > alif \[1\]>1 tanh, squared, T=2 B=1/);
  });

  it("replays a failure from its seed and path", () => {
    const { message } = failureOf(broken.wrongJvp);
    const [, seed, path] =
      /replay: checkCell\(wrongJvp, \{ seed: (-?\d+), path: "([\d:]+)" \}\)/.exec(message) ?? [];
    const again = failureOf(broken.wrongJvp, { seed: Number(seed), path });
    expect(again.message.split("\n")[1].replace(/after \d+/, "")).toBe(
      message.split("\n")[1].replace(/after \d+/, ""),
    );
    expect(again.blocks).toEqual(failureOf(broken.wrongJvp).blocks);
  });

  it("misses parameters that nothing reads, or whose first value was kept", () => {
    const { message } = failureOf(broken.idle, { runs: 8, rules: ["rfp"] });
    expect(message).toMatch(
      /^checkCell: idle: next and output must read every parameter, got no change from other values of spare in 8 cases; is something kept from an earlier call\?$/,
    );
    const cached = failureOf(broken.gateCached()({ input: 2, units: 3 }), { runs: 8, rules: ["rfp"] });
    expect(cached.message).toContain("got no change from other values of a in 8 cases");
    // of other sizes it does not even fit
    expect(failureOf(broken.gateCached()).message).toMatch(/^checkCell: gateCached: next must/);
  });

  it("takes sizes within bounds, for cells that need them", () => {
    expect(failureOf(broken.evenOnly).message).toMatch(
      /^checkCell: evenOnly of input \[1\] and 1 units must not throw, got "TypeError: units must be even"\n.*evenOnly \[1\]>1 tanh, squared, T=1 B=1, seed 0, saturation 0/,
    );
    expect(checkCell(broken.evenOnly, { units: [2, 2], inputs: [3, 3], runs: 4, rules: ["rfp"] }).cases).toBe(
      4,
    );
  });

  it("leaves out derivatives that are meant to differ", () => {
    const report = checkCell(broken.wrongJvp, { derivatives: false, runs: 3, seed: 1 });
    expect(report.derivatives).toBeNull();
    expect(report.worst).toBeLessThan(1e-10);
  });

  it("refuses what is no cell, and runs and rules that are none", () => {
    const { next, ...rest } = cells.gru({ input: 1, units: 1 });
    expect(next).toBeTypeOf("function");
    expect(() => checkCell(rest as Cell)).toThrow("checkCell: expected gru to have next, got none");
    expect(() => checkCell(null as unknown as Cell)).toThrow(ArgumentError);
    expect(() => checkCell(broken.right, { runs: 0 })).toThrow(
      "checkCell: expected runs to be a whole number from 1 to 1048576, got 0",
    );
    expect(() => checkCell(broken.right, { rules: [] })).toThrow(
      "checkCell: expected at least one rule, got none",
    );
    expect(() => checkCell(broken.right, { rules: ["rpf"] })).toThrow(/^rule: expected one of/);
    expect(() => checkCell({ ...cells.gru({ input: 1, units: 1 }), states: [] })).toThrow(
      "checkCell: expected gru to name at least one state, got none",
    );
  });
});
