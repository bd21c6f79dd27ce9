import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsBackend } from "../../src/backends/js/index.js";
import type { TraceStep } from "../../src/device/trace-step.js";
import { stored } from "../support/storage.js";
import { aroundOf, columnsOf, expectSame, reference, shapes, stepOf } from "../support/trace-steps.js";

describe.each([
  ["short rows", fc.constantFrom(1, 2, 3, 9, 15)],
  ["long rows", fc.constantFrom(16, 17, 40)],
  ["rows longer than a panel", fc.constant(1030)],
] as const)("the trace step on %s", (name, inner) => {
  it("is its definition", () => {
    fc.assert(
      fc.property(shapes(inner), (shape) => {
        const step = stepOf(shape);
        const [expected, around] = [reference(step), aroundOf(step)];
        jsBackend.traceStep(step);
        expect(aroundOf(step).equals(around)).toBe(true);
        step.traces.forEach((t, k) => expectSame(t.host(), expected.traces[k]));
        expectSame(step.gradient?.host() ?? [], expected.gradient);
      }),
      { numRuns: name === "rows longer than a panel" ? 15 : 80 },
    );
  });
});

it("takes columns of one storage in steps of their own", () => {
  const holds = fc.property(shapes(fc.integer({ min: 2, max: 60 })), fc.nat(), (shape, cut) => {
    const [whole, parts] = [stepOf(shape), stepOf(shape)];
    const split = 1 + (cut % (shape.inner - 1));
    const [left, right] = [columnsOf(parts, 0, split), columnsOf(parts, split, shape.inner - split)];
    for (const step of [whole, left, right]) jsBackend.traceStep(step);
    parts.traces.forEach((t, k) => expectSame(t.host(), Array.from(whole.traces[k].host())));
    const rowsOf = (step: TraceStep, from: number, to: number): number[] =>
      Array.from(step.gradient?.host() ?? [])
        .slice(step.gradientOffset)
        .filter((_, i) => i % shape.inner >= from && i % shape.inner < to);
    expectSame(rowsOf(left, 0, split), rowsOf(whole, 0, split));
    expectSame(rowsOf(right, 0, shape.inner - split), rowsOf(whole, split, shape.inner));
  });
  fc.assert(holds, { numRuns: 60 });
});

// short and long rows take paths of their own
describe.each([3, 20])("rows of %i numbers", (inner) => {
  it.each([
    ["one", null],
    ["a coefficient", [0.5, -3]],
  ] as const)("take %s that stands alone", (_, numbers) => {
    const coefficient = numbers && {
      data: stored(Float64Array.from(numbers)),
      offset: 0,
      rowStrides: [1],
      boundStrides: [],
    };
    const traces = [Float64Array.from({ length: 2 * inner }, (_, i) => i)];
    const whole = { into: 0, rows: [2], outOffset: 0, outStrides: [inner], bound: [], base: null };
    jsBackend.traceStep({
      traces: traces.map(stored),
      rows: [2],
      inner,
      traceOffset: 0,
      traceStrides: [inner],
      terms: [
        { ...whole, own: 0, coefficient: null },
        { ...whole, own: null, coefficient },
      ],
      before: null,
      after: null,
      gradient: null,
      gradientOffset: 0,
      gradientStrides: [0],
      started: true,
    });
    const added = numbers ?? [1, 1];
    expect([...traces[0]]).toEqual([...traces[0]].map((_, i) => i + added[i < inner ? 0 : 1]));
  });
});

it("rounds float32 traces once per step", () => {
  const shape = {
    states: 2,
    batch: 1,
    value: 3,
    parameter: 2,
    bound: 4,
    inner: 20,
    started: true,
    wild: false,
    diagonal: false,
    seed: 7,
  };
  const step = stepOf(shape);
  const single = { ...stepOf(shape), traces: step.traces.map((t) => stored(Float32Array.from(t.host()))) };
  const expected = reference(single);
  jsBackend.traceStep(single);
  // each trace takes a few roundings of numbers below 64
  single.traces.forEach((t, k) =>
    t.host().forEach((v, i) => expect(Math.abs(v - expected.traces[k][i])).toBeLessThan(64 * 8 * 2 ** -24)),
  );
});
