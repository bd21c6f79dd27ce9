import { describe, expect, it } from "vitest";
import { key } from "../../../src/core/prng.js";
import { lowLevelOf } from "../../../src/rjepa/figures/judging/low-level.js";
import {
  matchedStrangers,
  partnersOf,
  randomStrangers,
} from "../../../src/rjepa/figures/judging/strangers.js";
import { world } from "../../support/seen-images.js";

describe("strangers", () => {
  const seen = world({ images: 12, viewers: 5, steps: 5, seed: 12 });
  const low = lowLevelOf(seen, 7);

  it("are fixations of other images", () => {
    const matched = matchedStrangers(seen, low);
    expect(matched.length).toBe(3);
    for (const { sequence, step } of [...matched, randomStrangers(seen, key(1))])
      sequence.forEach((other, i) => {
        expect(seen.image[other]).not.toBe(seen.image[i]);
        expect(step[i]).toBeGreaterThanOrEqual(2);
        expect(step[i]).toBeLessThan(5);
      });
    for (let i = 0; i < seen.count; i++)
      expect(new Set(matched.map(({ sequence }) => seen.image[sequence[i]])).size).toBe(3);
    expect(new Set(partnersOf(seen, key(2))).size).toBeGreaterThan(seen.count / 2);
  });

  it("are nearer in luminance than random ones, the first the nearest", () => {
    const distance = ({ sequence, step }: { sequence: Int32Array; step: Int32Array }): number => {
      let sum = 0;
      for (let i = 0; i < seen.count; i++)
        sum += Math.abs(low[(sequence[i] * 5 + step[i]) * 4] - low[(i * 5 + 4) * 4]);
      return sum / seen.count;
    };
    const [first, second, third] = matchedStrangers(seen, low).map(distance);
    expect(first).toBeLessThan(0.3 * distance(randomStrangers(seen, key(1))));
    expect(second).toBeGreaterThan(first);
    expect(third).toBeGreaterThan(second);
  });
});
