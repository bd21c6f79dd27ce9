import { describe, expect, it } from "vitest";
import { key, uniform } from "../../../src/core/prng.js";
import { opponentChannels, retina } from "../../../src/data/retina.js";
import { meanColors } from "../../../src/rjepa/figures/baselines/colors.js";
import { leaky } from "../../../src/rjepa/figures/baselines/leaky.js";
import { rawPixels } from "../../../src/rjepa/figures/baselines/pixels.js";
import { randomProjection, textureEnergy } from "../../../src/rjepa/figures/baselines/texture.js";
import {
  colorThumbnail,
  normalizedThumbnail,
  principalThumbnail,
} from "../../../src/rjepa/figures/baselines/thumbnails.js";
import { trivialRepresentations } from "../../../src/rjepa/figures/baselines/trivial.js";
import { readerOf } from "../../../src/rjepa/figures/representation.js";
import { linearAlgebra } from "../../../src/rjepa/linear-algebra.js";
import { world } from "../../support/seen-images.js";

const algebra = await linearAlgebra();
const [n, scales, size] = [3, 2, 8];
const area = size * size;
const crops = Float32Array.from(uniform(key(1), n * scales * 3 * area), (u) => 255 * u);

describe("baselines", () => {
  it("normalize channels: no mean, the contrast nearly one, and nothing of brightness and gain", () => {
    const channels = opponentChannels(crops, n, scales, size);
    expect(channels.length).toBe(crops.length);
    for (let c = 0; c < n * scales * 3; c++) {
      const channel = channels.subarray(c * area, (c + 1) * area);
      expect(channel.reduce((a, b) => a + b, 0) / area).toBeCloseTo(0, 5);
      const square = channel.reduce((a, b) => a + b * b, 0) / area;
      expect(square).toBeGreaterThan(0.9);
      expect(square).toBeLessThan(1);
    }
    const gray = (1 / 3) * (crops[0] + crops[area] + crops[2 * area]);
    let [mean, squares] = [0, 0];
    for (let i = 0; i < area; i++) mean += (crops[i] + crops[area + i] + crops[2 * area + i]) / 3 / area;
    for (let i = 0; i < area; i++)
      squares += ((crops[i] + crops[area + i] + crops[2 * area + i]) / 3 - mean) ** 2 / area;
    expect(channels[0]).toBeCloseTo((gray - mean) / Math.sqrt(squares + 64), 5);
    // a flat patch has no content
    expect(opponentChannels(new Float32Array(3 * area).fill(200), 1, 1, size).every((v) => v === 0)).toBe(
      true,
    );
  });

  it("are made of the channels that models see", () => {
    const [own, all] = [opponentChannels(crops, n, scales, size), retina(crops, n, scales, size)];
    const frame = scales * area;
    for (let i = 0; i < n; i++)
      expect(own.subarray(i * 3 * frame, (i + 1) * 3 * frame)).toEqual(
        all.subarray(i * 5 * frame, (i * 5 + 3) * frame),
      );
  });

  it("average colors and pixels", () => {
    const flat = Float32Array.from(
      { length: n * scales * 3 * area },
      (_, at) => 40 * (Math.floor(at / area) % 6),
    );
    const all = meanColors(scales, size, 2).of(flat, n);
    expect([...all.subarray(6)].slice(0, 6)).toEqual([0, 1, 2, 3, 4, 5].map((k) => (40 * k - 104) / 64));
    expect([...meanColors(scales, size, 1).of(flat, n)].slice(3, 6)).toEqual([...all].slice(0, 3));
    const thumb = colorThumbnail(scales, size);
    const of = thumb.of(crops, n);
    expect(of.length).toBe(n * thumb.size);
    // pixel (1, 2) of green of the second patch
    const first = (6 + 1) * area + 2 * size + 4;
    const four = [0, 1, size, size + 1].reduce((sum, k) => sum + crops[first + k] / 4, 0);
    expect(of[48 + 16 + 4 + 2]).toBeCloseTo((four - 104) / 64, 6);
    expect(normalizedThumbnail(scales, size).of(crops, n).length).toBe(n * 96);
  });

  it("measure texture by the mean steps across and down", () => {
    const striped = Float32Array.from({ length: 3 * area }, (_, at) => (at % 2 === 0 ? 255 : 0));
    const energy = textureEnergy(1, size).of(striped, 1);
    // gray stripes are luminance alone: from about 1 to about −1 at each step across
    expect(energy[0]).toBeCloseTo(2, 1);
    for (const k of [1, 2, 3, 4, 5]) expect(energy[k]).toBeCloseTo(0, 5);
    expect(randomProjection(scales, size, 16, key(2)).of(crops, n).length).toBe(n * 16);
  });

  it("leak, and read strangers after the same past", () => {
    const features = meanColors(scales, size, 1);
    const leak = 0.8;
    const frame = scales * 3 * area;
    const { h, fresh, others } = readerOf(leaky(features, leak))(crops, 1, 3, [crops.slice(0, frame)]);
    const f = features.of(crops, 3);
    for (let k = 0; k < 3; k++) {
      let held = 0;
      for (let t = 0; t < 3; t++) {
        const past = held;
        held = leak * held + (1 - leak) * f[3 * t + k];
        expect(h[3 * t + k]).toBeCloseTo(held, 12);
        expect(fresh[3 * t + k]).toBe(f[3 * t + k]);
        if (t === 2) expect(others[0].h[k]).toBeCloseTo(leak * past + (1 - leak) * f[k], 12);
      }
      expect(others[0].fresh[k]).toBe(f[k]);
    }
  });

  it("know the pixels of the first crop of the first fixation, at most 16 a side", () => {
    const seen = Float32Array.from({ length: 2 * 2 * 3 * 1024 }, (_, at) => Math.floor(at / 64) % 16);
    const pixels = rawPixels(1, 32);
    const { size: d, only } = pixels;
    const { h } = readerOf(pixels)(seen, 2, 2);
    expect([d, only, h.length]).toEqual([768, ["probeH"], 2 * 2 * 768]);
    // each pixel is the mean of two rows and columns
    expect([...h.subarray(0, 33)]).toEqual(
      Array.from({ length: 33 }, (_, i) => (Math.floor(i / 16) - 104) / 64),
    );
    expect(h.subarray(768, 1536)).toEqual(h.subarray(0, 768));
  });

  it("have principal components of variance one, and a name of their own each", () => {
    const fit = world({ images: 20, viewers: 4, steps: 4, seed: 1 });
    const three = principalThumbnail(fit, 3, algebra);
    const all = Array.from({ length: fit.count }, (_, i) => i);
    const rows = three.of(fit.crops(all, 0, 4), fit.count * 4);
    for (let a = 0; a < 3; a++)
      for (let b = 0; b < 3; b++) {
        let sum = 0;
        for (let i = 0; i < fit.count * 4; i++) sum += rows[3 * i + a] * rows[3 * i + b];
        expect(sum / (fit.count * 4)).toBeCloseTo(a === b ? 1 : 0, 8);
      }
    const names = trivialRepresentations(fit, algebra, key(1)).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBe(6 * 4 + 1);
    expect(() => trivialRepresentations({ ...fit, size: 6 }, algebra, key(1))).toThrow(
      "baselines: expected crops whose side is a multiple of 4, got 6",
    );
  });
});
