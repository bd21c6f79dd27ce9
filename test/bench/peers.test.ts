import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compare } from "../../bench/peers/measure.js";
import { updated } from "../../bench/peers/page.js";
import type { Results, Row } from "../../bench/peers/results.js";
import { median, pairedRatio, rotated, rounded } from "../../bench/peers/statistics.js";
import { peersMarkdown, peersTable, targetsMarkdown } from "../../bench/peers/tables.js";
import { checksum, wave } from "../../bench/peers/wave.mjs";
import { works } from "../../bench/peers/works.js";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

describe("statistics of rounds", () => {
  it("take the middle", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([7])).toBe(7);
  });

  it("pair what was measured in the same round", () => {
    // the second round was slow for both: the ratio of medians would be 1.5
    expect(pairedRatio([1, 30, 3], [2, 60, 2])).toBe(0.5);
  });

  it("let everyone start in turn", () => {
    expect([0, 1, 2, 3].map((round) => rotated(["a", "b", "c"], round).join(""))).toEqual([
      "abc",
      "bca",
      "cab",
      "abc",
    ]);
    expect(rotated([], 3)).toEqual([]);
  });

  it("keep five digits", () => {
    expect(rounded(0.00123456789)).toBe(0.0012346);
  });
});

describe("checksums", () => {
  const of = (values: ArrayLike<number>) => [checksum(values)];
  const values = wave(1000, 3);

  it("let rounding pass", () => {
    expect(() => compare("work", "peer", of(values), of(values.map((v) => v * (1 + 1e-6))))).not.toThrow();
    expect(() => compare("work", "peer", of(values), [])).not.toThrow();
  });

  it.each([
    ["other numbers", values.map((v) => v * 1.001)],
    ["numbers in another order", Float32Array.from(values).reverse()],
    ["no numbers", values.map(() => Number.NaN)],
  ])("catch %s", (_, other) => {
    expect(() => compare("work", "peer", of(values), of(other))).toThrow(
      /checksums .* of onward, got .* peer/,
    );
  });

  it("catch a missing result", () => {
    expect(() => compare("work", "peer", [...of(values), [1, 1]], of(values))).toThrow(/expected 2 results/);
  });
});

describe("tables of peers", () => {
  const row: Row = {
    work: "matmul 64",
    dtype: "float32",
    threads: 2,
    backend: "js",
    onward: 0.0234,
    rounds: [0.0234],
    peers: {
      C: { ms: 0.0117, ratio: 2, rounds: [0.0117] },
      torch: { ms: 1500, ratio: 0.0000156, rounds: [1500] },
    },
    target: { peer: "C", ratio: 1.5 },
  };

  it("have a line for each peer in text, and one for each work in the docs", () => {
    const text = peersTable([row]).trim().split("\n");
    expect(text).toHaveLength(3);
    expect(text[1]).toMatch(/matmul 64, js, 2 threads +23\.4 µs +C +11\.7 µs +2\.00 +no \(≤ 1\.5\)/);
    const [, , line] = peersMarkdown([row]).split("\n");
    expect(line).toContain("C 11.7 µs, **2.00**; torch 1.50 s");
  });

  it("count targets", () => {
    expect(targetsMarkdown([row])).toBe(
      "0 of 1 targets are met; missed are matmul 64, js, 2 threads (2.00 instead of 1.5).",
    );
    expect(targetsMarkdown([{ ...row, target: { peer: "C", ratio: 2 } }])).toBe("1 of 1 targets are met.");
  });
});

describe("works", () => {
  it("have targets against a peer of theirs, and names of their own", () => {
    for (const { peers, target } of works) if (target) expect(Object.keys(peers)).toContain(target.peer);
    const keys = works.map((w) => `${w.name} ${w.backend} ${w.threads}`);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe("bench/results/peers.json", () => {
  const results = JSON.parse(read("bench/results/peers.json")) as Results;

  it("has every work, measured in seven rounds or more", () => {
    expect(results.kind).toBe("peers");
    expect(results.machine.cpu).not.toBe("");
    const keys = results.rows.map((r) => `${r.work} ${r.backend} ${r.threads}`);
    const wanted = works.map((w) => `${w.name} ${w.backend} ${w.threads}`);
    expect(keys).toEqual(expect.arrayContaining(wanted));
    for (const row of results.rows) {
      expect(row.dtype).toBe("float32");
      expect(Object.keys(row.peers).length).toBeGreaterThan(0);
      for (const { rounds } of [row, ...Object.values(row.peers)]) {
        expect(rounds.length).toBeGreaterThanOrEqual(7);
        expect(rounds.every((ms) => ms > 0)).toBe(true);
      }
      if (row.target) expect(row.peers).toHaveProperty([row.target.peer]);
    }
  });

  it("has medians and ratios that are those of its rounds", () => {
    for (const row of results.rows) {
      expect(row.onward).toBe(rounded(median(row.rounds)));
      for (const { ms, ratio, rounds } of Object.values(row.peers)) {
        expect(ms).toBe(rounded(median(rounds)));
        expect(ratio).toBe(rounded(pairedRatio(row.rounds, rounds)));
      }
    }
  });

  it("is what docs/peers.md shows", () => {
    const page = read("docs/peers.md");
    expect(updated(page, results)).toBe(page);
  });
});
