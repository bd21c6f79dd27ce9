import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Cell, type CellKind, cells, defineCell, drive, type Locality } from "../../src/cells/index.js";
import { ArgumentError } from "../../src/core/errors.js";
import { add, einsum, mul, tanh } from "../../src/index.js";
import { type ExpectTiedOptions, expectTied, GradientError, TieError } from "../../src/testing/index.js";
import { fused } from "../support/forward/_fused-cell.js";
import * as odd from "../support/odd-cells.js";

const lineOf = (file: string, text: string): number => {
  const lines = readFileSync(new URL(file, import.meta.url), "utf8").split("\n");
  return lines.findIndex((line) => line.includes(text)) + 1;
};
function messageOf(subject: CellKind | Cell, options?: ExpectTiedOptions): string {
  try {
    expectTied(subject, options);
  } catch (error) {
    expect(error).toBeInstanceOf(TieError);
    return (error as Error).message;
  }
  return "";
}
const declared = (cell: Cell, locality: Locality): Cell => ({ ...cell, locality });
const kinds = Object.values(cells).map((kind) => [kind.definition.name, kind] as const);

describe("expectTied", () => {
  it.each(kinds)("finds of %s what it declares", (name, kind) => {
    const report = expectTied(kind);
    const { locality } = kind.definition;
    expect(report).toMatchObject({ cell: name, locality, found: locality });
    if (locality === "dense") {
      // nothing is claimed, and nothing is tied
      expect(report.rows.some((row) => row.tied)).toBe(false);
      expect(report.numbers).toBe(report.dense);
    } else {
      for (const row of report.rows)
        expect(row).toMatchObject({ tied: true, numbers: row.compressed, broken: [] });
      expect(report.numbers).toBe(report.compressed);
      expect(report.dense).toBe(4 * report.compressed);
    }
  });

  it("counts in numbers: k·p, and k·H·W·p", () => {
    const lru = expectTied(cells.lru({ input: 5, units: 3 }));
    expect(lru.rows.find((row) => row.parameter === "Bre")).toEqual({
      parameter: "Bre",
      shape: [3, 5],
      numbers: 2 * 15,
      compressed: 2 * 15,
      tied: true,
      ties: [{ state: 1, parameter: 0 }],
      broken: [],
    });
    const depthwise = expectTied(cells.rgcDepthwise, { sizes: { input: [2, 4, 3], units: 3, stride: 2 } });
    expect(depthwise.rows.find((row) => row.parameter === "wcc")?.numbers).toBe(2 * (2 * 2) * 3 * 9);
  });

  it.each<[string, CellKind, string, string, string]>([
    ["fused gates, cut in halves", odd.fusedSliced, "W", "slice", "return gated(h, slice(u"],
    ["a norm over units", odd.rmsNorm, "W", "sum", "return leak(h, div(u, sqrt(add(mean("],
    ["a drive of low rank", odd.lowRank, "B", "contract", "leak(h, drive(drive(x, p.B), p.A))"],
  ])("names what broke the tie: %s", (_, kind, parameter, op, text) => {
    const line = lineOf("../support/odd-cells.ts", text);
    const [sentence, row] = messageOf(kind).split("\n");
    expect(sentence).toMatch(
      new RegExp(
        `^expectTied: ${kind.definition.name}: the influence of ${parameter} must stay tied to the units, got the tie of its axis 0 broken by ${op} at support/odd-cells\\.ts:${line}: \\d+ numbers a stream instead of k·p = \\d+$`,
      ),
    );
    expect(row).toMatch(
      new RegExp(`^ {2}${parameter} \\[\\d,3\\]: axis 0 by ${op} at .*:${line}; \\d+ numbers, k·p`),
    );
    const [, numbers, product] = /(\d+) numbers a stream instead of k·p = (\d+)/.exec(sentence) ?? [];
    expect(Number(numbers)).toBe(4 * Number(product));
  });

  it("names the line of a user's file, however it is called", () => {
    const line = lineOf("../support/forward/_fused-cell.ts", "const gate = slice");
    expect(messageOf(fused)).toContain(`broken by slice at forward/_fused-cell.ts:${line}: 96 numbers`);
  });

  it("passes one number for all units, and not a vector that all of them share", () => {
    expect(expectTied(odd.scalarLeak).rows.find((row) => row.parameter === "a")).toMatchObject({
      numbers: 4,
      compressed: 1,
      tied: false,
    });
    const shared = defineCell({
      name: "shared",
      equations: "h' = u⊙h + tanh(W x) + v·x",
      locality: "unit",
      states: ["h"],
      shapes: ({ input, units: n }) => ({ W: [n, ...input], u: [n], v: [...input] }),
      next: (p, { h }, x) => {
        const common = einsum("bm,m->b", x, p.v).reshape([x.shape[0], 1]);
        return { h: add(add(mul(p.u, h), tanh(drive(x, p.W))), common) };
      },
      output: (_, { h }) => h,
    });
    expect(messageOf(shared)).toMatch(
      /influence of v .* its axis 0 broken by contract at .*: 12 numbers .* k·p = 3$/m,
    );
  });

  it.each<[string, Cell, Locality, RegExp]>([
    [
      "a dense recurrence",
      cells.vanilla({ input: 2, units: 3 }),
      "unit",
      /^expectTied: vanilla: the influence of W must .* its axis 0 broken by contract at cells\/vanilla\.ts:\d+: 18 numbers a stream instead of k·p = 6\n {2}W .*\n {2}U .*\n {2}b /,
    ],
    [
      "a chain that mixes after four steps",
      odd.denseChain({ input: 2, units: 3 }),
      "unit",
      /^expectTied: denseChain: the influence of W .* broken by contract at support\/odd-cells\.ts/,
    ],
    [
      "gates that see all channels",
      cells.rgcConv({ input: [2, 3, 3], units: 2 }),
      "channel",
      /^expectTied: rgcConv: the influence of Kh must stay tied to the channels, got the tie of its axis 0 broken by conv2d at cells\/rgc\.ts:\d+: \d+ numbers a stream instead of k·H·W·p = \d+$/m,
    ],
    [
      "gates that see neighbors in their channel",
      cells.rgcDepthwise({ input: [2, 3, 3], units: 2 }),
      "unit",
      /^expectTied: rgcDepthwise: expected a recurrence within each unit, as declared, got a channel one: new states depend on old states of other positions$/,
    ],
  ])("catches a locality that is wrong: %s", (_, cell, locality, message) => {
    expect(messageOf(declared(cell, locality))).toMatch(message);
    expect(messageOf(cell, { locality }).replace("asked", "declared")).toMatch(message);
    expect(expectTied(declared(cell, "dense")).locality).toBe("dense");
  });

  it("tells of a cell that claims nothing what it could claim", () => {
    const cell = declared(cells.mingru({ input: 2, units: 3 }), "dense");
    expect(expectTied(cell)).toMatchObject({ locality: "dense", found: "unit" });
    expect(expectTied(declared(cells.rgcPointwise({ input: [2, 3, 3], units: 2 }), "channel")).found).toBe(
      "unit",
    );
    // a hand-written cell that does not say
    const { locality, ...silent } = cells.leaky({ input: 2, units: 3 });
    expect([locality, expectTied(silent as Cell).locality]).toEqual(["unit", "unit"]);
  });

  it("refuses a locality that is none, and what is no cell", () => {
    const check = (): unknown => expectTied(cells.gru, { locality: "row" as Locality });
    expect(check).toThrow(ArgumentError);
    expect(check).toThrow('expectTied: expected a locality of unit, channel, dense, got "row"');
    expect(() => expectTied({} as Cell)).toThrow(
      /^expectTied: expected the cell to have init, zeroState, next, output/,
    );
    const throwing = {
      ...cells.leaky({ input: 2, units: 3 }),
      next: () => {
        throw new TypeError("no");
      },
    };
    expect(() => expectTied(throwing as Cell)).toThrow(GradientError);
    expect(() => expectTied(throwing as Cell)).toThrow(
      'expectTied: leaky: next must not throw, got "TypeError: no"',
    );
  });
});
