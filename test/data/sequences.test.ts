import { describe, expect, it } from "vitest";
import { key } from "../../src/core/prng.js";
import {
  type FixationSequence,
  flip,
  fromScenes,
  saccades,
  samplers,
  scene,
  sceneNamed,
  shuffleControl,
  splitByImage,
} from "../../src/data/index.js";

const options = { count: 5, viewers: 2, width: 96, height: 80, steps: 4, cropSize: 32, size: 8, key: key(3) };
const set = fromScenes(options);

describe("scenes", () => {
  const image = scene(key(1), 128, 96, "one");

  it("are the same for the same key, and others for another", () => {
    expect(scene(key(1), 128, 96, "one").data).toEqual(image.data);
    expect(scene(key(2), 128, 96, "one").data).not.toEqual(image.data);
    expect(sceneNamed(options, set.sequences[0].image).width).toBe(96);
  });

  it("have amplitudes that fall about as 1/f, as photographs do", () => {
    // rows of several scenes: the log-log slope of the mean power over frequencies 2 to 40
    const n = 128;
    const power = new Float64Array(n / 2);
    for (let s = 0; s < 6; s++) {
      const { data } = scene(key(s), n, 96, "s");
      for (let y = 0; y < 96; y += 4) {
        const row = Array.from({ length: n }, (_, x) => data[3 * (y * n + x) + 1]);
        const mean = row.reduce((a, b) => a + b, 0) / n;
        for (let f = 2; f <= 40; f++) {
          let [re, im] = [0, 0];
          row.forEach((v, x) => {
            const w = 0.5 - 0.5 * Math.cos((2 * Math.PI * x) / n);
            re += w * (v - mean) * Math.cos((2 * Math.PI * f * x) / n);
            im += w * (v - mean) * Math.sin((2 * Math.PI * f * x) / n);
          });
          power[f] += re * re + im * im;
        }
      }
    }
    const points = Array.from({ length: 39 }, (_, i) => [Math.log(i + 2), Math.log(power[i + 2])]);
    const [mx, my] = [0, 1].map((k) => points.reduce((a, p) => a + p[k], 0) / points.length);
    const slope =
      points.reduce((a, [x, y]) => a + (x - mx) * (y - my), 0) /
      points.reduce((a, [x]) => a + (x - mx) ** 2, 0);
    // photographs have a power of f^-1.5 to f^-2.5; white noise would give 0
    expect(slope).toBeLessThan(-1.2);
    expect(slope).toBeGreaterThan(-2.8);
  });
});

describe("samplers", () => {
  it.each(Object.entries(samplers))("%s looks inside the image, the same for the same key", (_, sampler) => {
    const image = scene(key(1), 200, 100, "s");
    const at = sampler(key(5), 50, 200, 100, image);
    expect(at).toEqual(sampler(key(5), 50, 200, 100, image));
    expect(at.every((v, i) => v >= 0 && v <= (i % 2 === 0 ? 200 : 100))).toBe(true);
  });

  it("the biased one keeps to the center and moves in short saccades", () => {
    const spread = (name: string): { distance: number; jump: number } => {
      let [distance, jump] = [0, 0];
      for (let s = 0; s < 60; s++) {
        const at = samplers[name](key(s), 8, 200, 100);
        for (let t = 0; t < 8; t++) {
          distance += Math.hypot(at[2 * t] - 100, at[2 * t + 1] - 50);
          if (t) jump += Math.hypot(at[2 * t] - at[2 * t - 2], at[2 * t + 1] - at[2 * t - 1]);
        }
      }
      return { distance, jump };
    };
    expect(spread("centerBiased").distance).toBeLessThan(0.85 * spread("uniform").distance);
    expect(spread("centerBiased").jump).toBeLessThan(0.75 * spread("uniform").jump);
  });
});

describe("sequences", () => {
  it("have patches in [0, 1] and one per fixation", () => {
    expect(set.sequences.length).toBe(10);
    for (const s of set.sequences) {
      expect(s.patches.length).toBe(4 * 3 * 64);
      expect(s.patches.every((v) => v >= 0 && v <= 1)).toBe(true);
    }
  });

  it("flip into their mirror image and back", () => {
    const [s] = set.sequences;
    const mirrored = flip(s);
    expect(flip(mirrored).patches).toEqual(s.patches);
    expect([...mirrored.patches.subarray(0, 8)]).toEqual([...s.patches.subarray(0, 8)].reverse());
    saccades(mirrored).forEach((v, i) => expect(v).toBeCloseTo((i % 2 === 0 ? -1 : 1) * saccades(s)[i], 12));
  });

  it("know their saccades over the diagonal, and none after the last", () => {
    const s = {
      ...set.sequences[0],
      patches: new Float32Array(3 * 3 * 4 * 4),
      fixations: Float64Array.of(0, 0, 30, 40, 30, 10),
      diagonal: 100,
    } as FixationSequence;
    expect([...saccades(s)]).toEqual([0.3, 0.4, 0, -0.3, 0, 0]);
  });

  it("split by image, never by viewer", () => {
    const { train, test } = splitByImage(set, { test: 0.4 });
    const names = (list: readonly FixationSequence[]): string[] => [...new Set(list.map((s) => s.image))];
    expect([names(train).length, names(test).length]).toEqual([3, 2]);
    expect(names(train).some((n) => names(test).includes(n))).toBe(false);
    expect(names(test)).toEqual(["scene-00004", "scene-00005"]);
  });

  it("shuffled as a control keep no patch of their own", () => {
    const mixed = shuffleControl(set.sequences, key(1));
    const frame = 3 * 64;
    mixed.forEach((s, i) => {
      for (let t = 0; t < 4; t++) {
        const own = set.sequences[i].patches.subarray(t * frame, (t + 1) * frame);
        const now = s.patches.subarray(t * frame, (t + 1) * frame);
        expect(now).not.toEqual(own);
        expect(
          set.sequences.some((o) =>
            o.patches.subarray(t * frame, (t + 1) * frame).every((v, j) => v === now[j]),
          ),
        ).toBe(true);
      }
    });
  });

  it("that nobody sees, or more than memory holds, are refused before the first scene is made", () => {
    const many = { ...options, count: 2 ** 31 - 1 };
    expect(() => fromScenes({ ...many, viewers: 0 })).toThrow(/viewers to be a whole number of at least 1/);
    expect(() => fromScenes({ ...many, viewers: 1e6 })).toThrow(/must fit into \d+ bytes, got/);
  });
  it("too short to predict, and crops larger than the scene, are refused", () => {
    expect(() => fromScenes({ ...options, steps: 1 })).toThrow(
      /at least 2 fixations to predict anything, got 1/,
    );
    expect(() => fromScenes({ ...options, cropSize: 90 })).toThrow(
      /at least 90 pixels wide and high, got 96 x 80/,
    );
    expect(() => fromScenes({ ...options, sampler: "nope" })).toThrow(
      /sampler: expected one of uniform, centerBiased, saliency, got "nope"/,
    );
    expect(() => splitByImage(set, { test: 2 })).toThrow(/share of test images in \[0, 1\], got 2/);
  });
});
