import { describe, expect, it } from "vitest";
import { auditAfter, isAuditBefore } from "../../src/tensor/compile/audits.js";

describe("audits", () => {
  it("look at values every 256 replays at least, and at everything at growing distance", () => {
    const of = (what: string | null): number[] =>
      Array.from({ length: 4096 }, (_, i) => i + 1).filter((replay) => auditAfter(replay) === what);
    expect(of("everything")).toEqual([16, 64, 256, 1024, 4096]);
    const looks = [0, ...of("everything"), ...of("values")].sort((a, b) => a - b);
    expect(Math.max(...looks.slice(1).map((at, i) => at - looks[i]))).toBe(256);
  });
  it("come before the first gradient, then after 4, 16, 64, 256 and in the end 1,024 replays", () => {
    const least = (times: number): number =>
      Array.from({ length: 2048 }, (_, n) => n).findIndex((n) => isAuditBefore(times, n));
    expect([0, 1, 2, 3, 4, 5, 6, 99].map(least)).toEqual([1, 4, 16, 64, 256, 1024, 1024, 1024]);
  });
});
