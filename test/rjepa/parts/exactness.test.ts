import "../../../src/index.js";
import { describe, expect, it } from "vitest";
import { key } from "../../../src/core/prng.js";
import { jepa } from "../../../src/rjepa/parts/compose.js";
import { exactnessOf } from "../../../src/rjepa/parts/exactness.js";
import type { Preset } from "../../../src/rjepa/parts/preset.js";
import type { Reader } from "../../../src/rjepa/parts/reader.js";
import { encoderOf } from "../../../src/rjepa/parts/slow.js";
import { statisticsOf } from "../../../src/rjepa/parts/train.js";
import { exactnessSection } from "../../../src/rjepa/report/exactness.js";
import { noise, small } from "./small.js";

const steps = 4;

function given(parts: Partial<Preset> = {}) {
  const preset = small(parts);
  const model = jepa({ preset, steps });
  const params = model.init(key(1), { dtype: "float32" });
  const batch = noise(preset, key(2), 3, steps, "float32");
  const slow = typeof preset.target === "object" ? encoderOf(params, model.predicting) : null;
  const reader: Reader = { jepa: model, params, slow, statistics: statisticsOf(model, params, [batch]) };
  return { reader, batch };
}

describe("how exact a rule is", () => {
  it.each([
    ["areas", {}],
    ["top", { objective: "top", target: "recurrent" }],
    ["an EMA", { target: { kind: "ema", momentum: 0.9 } }],
  ] as const)("rounding apart, rfp is bptt: %s", (_, parts) => {
    const { reader, batch } = given(parts);
    for (const rule of ["rfp", "rfp(4)"]) {
      const { worst, blocks, batch: streams, ...found } = exactnessOf(reader, batch, { rule });
      // of float64, in sums of some hundred terms
      expect(worst).toBeLessThan(1e-12);
      expect(Object.keys(blocks)).toContain("areas.0.Kh");
      expect([streams, found.steps, found.rule, found.credit]).toEqual([2, steps, rule, "exact"]);
      expect(found.memory.rtrl.planned).toBeGreaterThan(2 * found.memory.rfp.planned);
    }
  });

  it("local credit below a recurrent area is not, and the page says so", async () => {
    const { reader, batch } = given({ objective: "top", target: "recurrent" });
    const local = exactnessOf(reader, batch, { rule: "rfp", credit: "local" });
    expect(local.worst).toBeGreaterThan(1e-3);
    expect(local.blocks["areas.2.Kh"]).toBeLessThan(1e-12);
    expect(await exactnessSection(local)).toContain("<strong>They are not,</strong> since credit is local");
    const exact = exactnessOf(reader, batch, { rule: "rfp" });
    expect(local.memory.rfp.planned).toBeLessThan(exact.memory.rfp.planned);
    expect(await exactnessSection(exact)).toMatch(/They are: over all \d+ parameter blocks/);
    for (const worst of [0.1, Number.POSITIVE_INFINITY])
      expect(await exactnessSection({ ...exact, worst })).toContain("<strong>They are not:</strong>");
    expect(await exactnessSection({ ...exact, worst: 0, blocks: {} })).toContain("It was not tried here");
  });

  it("of another rule than rfp, rfp is compared", () => {
    const { reader, batch } = given();
    expect(exactnessOf(reader, batch, { rule: "bptt" }).rule).toBe("rfp");
  });

  it("needs two streams where a mean is over them, and else compares the only one", () => {
    const one = noise(small(), key(2), 1, steps, "float32");
    expect(() => exactnessOf(given().reader, one, { rule: "rfp" })).toThrow(
      "exactnessOf: expected at least 2 streams for a head with the mean of the batch",
    );
    const { worst, batch } = exactnessOf(given({ head: "running" }).reader, one, { rule: "rfp" });
    expect(worst).toBeLessThan(1e-12);
    expect(batch).toBe(1);
  });
});
