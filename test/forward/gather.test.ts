import { describe, expect, it } from "vitest";
import { drives, reciprocalGatedCircuit } from "../../src/cells/index.js";
import "../../src/index.js";
import { pushStep } from "../../src/learn/influence/push.js";
import { parameterShapes, recordShapes, structureOf } from "../../src/learn/influence/structure.js";
import { network } from "../../src/learn/model/network.js";
import { abstractTensor } from "../../src/tensor/apply.js";
import { checkLearner } from "../../src/testing/index.js";

/** A deep drive above another area: tangents of parameters and of states below go through all of its layers. */
const deep = (blocks: number, detached: boolean) =>
  network(
    [
      reciprocalGatedCircuit({ drive: drives.conv({ input: [1, 4, 4], units: 1, stride: 2 }) }),
      reciprocalGatedCircuit({
        drive: drives.residual({ input: [1, 2, 2], units: 2, blocks }),
        shared: true,
      }),
    ],
    { detached },
  );
const recorded = (blocks: number) => {
  const model = deep(blocks, false);
  const input = { shape: [1, 1, 4, 4], dtype: "float64" } as const;
  return recordShapes(model, parameterShapes(model, "float64"), abstractTensor(input));
};

describe("tangents through a deep drive", () => {
  it.each([1, 4])("have few terms with %i blocks, where each layer would multiply them by four", (blocks) => {
    const { record, sources } = recorded(blocks);
    const terms = pushStep(record, sources)
      .flat(2)
      .map(({ tangent }) => tangent.terms.length);
    expect(Math.max(...terms)).toBeLessThanOrEqual(32);
  });

  it("keep the ties that all of their terms have, and say which op broke the others", () => {
    const { patterns, sources } = structureOf(recorded(3), { credit: "exact" });
    const first = sources.blocks.findIndex(({ path }) => path === "areas.1.K1a");
    const found = patterns[1][first];
    expect(found?.ties.every((tie) => tie === null)).toBe(true);
    expect(found?.lost.length).toBeGreaterThan(0);
    const below = patterns[1][sources.blocks.findIndex(({ path }) => path === "areas.0.Kh")];
    expect(below?.present).toEqual([true, true]);
  });

  it.each([
    [true, {}],
    [false, {}],
    [false, { window: 2 }],
  ])("are those of BPTT (areas detached: %s, %o)", (detached, options) => {
    checkLearner("rfp", deep(2, detached), { steps: 3, batch: 2, ...options });
  });
});
