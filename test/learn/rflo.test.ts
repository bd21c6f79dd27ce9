import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CellParams, cellNamed, defineCell, drive } from "../../src/cells/index.js";
import { relativeError } from "../../src/core/relative-error.js";
import {
  add,
  customJvp,
  div,
  einsum,
  greater,
  maximum,
  mul,
  neg,
  pow,
  random,
  reciprocal,
  relu,
  sigmoid,
  silu,
  square,
  stopGradient,
  sub,
  type Tensor,
  tanh,
  where,
} from "../../src/index.js";
import { eprop, type Learner, rflo, rfp, stack } from "../../src/learn/index.js";
import { entries } from "../../src/tensor/read.js";

/** What a state becomes: of the state h, the drive d = W x + b, a rate r in (0, 1) and a self weight u. */
type Recurrence = (h: Tensor, d: Tensor, r: Tensor, u: Tensor) => Tensor;

const kindOf = (next: Recurrence) =>
  defineCell({
    name: "spelled",
    equations: "",
    pure: true,
    locality: "unit",
    states: ["h"],
    shapes: ({ input, units: n }) => ({ W: [n, ...input], b: [n], r: [n], u: [n] }),
    next: (p: CellParams, { h }, x) => ({ h: next(h, add(drive(x, p.W), p.b), sigmoid(p.r), p.u) }),
    output: (_, { h }) => h,
  });

type Start = (
  model: ReturnType<typeof stack>,
  params: ReturnType<ReturnType<typeof stack>["init"]>,
) => Learner<never>;

function gradientOf(rule: unknown, next: Recurrence, seed = 1): readonly number[] {
  const model = stack([kindOf(next)({ input: 2, units: 3 })]);
  const { areas } = model.init(random.key(seed));
  const params = {
    areas: [
      {
        ...areas[0],
        u: random.normal(random.key(seed + 1), [3]),
        r: random.normal(random.key(seed + 2), [3]),
      },
    ],
    readout: {},
  };
  const learner = (rule as Start)(model as never, params);
  for (let t = 0; t < 6; t++)
    learner.step({
      input: random.normal(random.foldIn(random.key(seed), t), [2, 2]),
      target: random.normal(random.foldIn(random.key(seed + 9), t), [2, 3]),
    } as never);
  return Object.values(learner.gradient().areas[0]).flatMap((g) => Array.from(entries(g)));
}

/** Equal functions, spelled otherwise; all of them finite for any numbers. */
const spellings: Readonly<Record<string, readonly Recurrence[]>> = {
  "h² in the drive": [
    (h, d) => tanh(add(d, mul(h, h))),
    (h, d) => tanh(add(d, square(h))),
    (h, d) => tanh(add(d, pow(h, 2))),
    (h, d) => tanh(add(d, einsum("bi,bi->bi", h, h))),
  ],
  "h² beside the drive": [
    (h, d) => mul(add(tanh(d), mul(h, h)), 0.3),
    (h, d) => mul(add(tanh(d), square(h)), 0.3),
    (h, d) => mul(add(tanh(d), einsum("bi,bi->bi", h, h)), 0.3),
  ],
  "a quotient by h² + 2": [
    (h, d) => div(d, add(square(h), 2)),
    (h, d) => mul(d, reciprocal(add(square(h), 2))),
    (h, d) => mul(d, pow(add(mul(h, h), 2), -1)),
  ],
  "a quotient by σ(h) + 2": [
    (h, d) => div(d, add(sigmoid(h), 2)),
    (h, d) => mul(d, reciprocal(add(sigmoid(h), 2))),
  ],
  "a leak": [
    (h, d, r) => add(mul(sub(1, r), h), mul(r, tanh(d))),
    (h, d, r) => add(sub(h, mul(r, h)), mul(r, tanh(d))),
    (h, d, r) => add(div(h, reciprocal(sub(1, r))), mul(r, tanh(d))),
    (h, d, r) => sub(mul(r, tanh(d)), mul(neg(sub(1, r)), h)),
    (h, d, r) => add(einsum("i,bi->bi", sub(1, r), h), mul(r, tanh(d))),
    (h, d, r) => add(where(greater(r, -1), mul(sub(1, r), h), 0), mul(r, tanh(d))),
    (h, d, r) =>
      add(
        customJvp(
          (a, b) => mul(a, b),
          ([a, b], [s, t]) => add(mul(s, b), mul(a, t)),
        )(sub(1, r), h),
        mul(r, tanh(d)),
      ),
  ],
  "a gate that reads its own state": [
    (h, d) => add(mul(h, sigmoid(h)), mul(0.3, tanh(d))),
    (h, d) => add(silu(h), mul(0.3, tanh(d))),
    (h, d) => add(div(h, add(1, neg(h).exp())), mul(0.3, tanh(d))),
  ],
  "a rectifier": [
    (h, d) => add(mul(relu(h), 0.5), tanh(d)),
    (h, d) => add(mul(maximum(h, 0), 0.5), tanh(d)),
    (h, d) => add(mul(where(greater(h, 0), h, 0), 0.5), tanh(d)),
    (h, d) => add(mul(mul(h, greater(h, 0).cast("float64")), 0.5), tanh(d)),
  ],
};

describe("rflo", () => {
  it.each(Object.entries(spellings))("gives equal functions equal gradients: %s", (_, [first, ...others]) => {
    const expected = gradientOf(rflo, first);
    const whole = gradientOf(rfp, first);
    for (const other of others) {
      // six steps of some ten products and sums
      expect(relativeError(gradientOf(rfp, other), whole)).toBeLessThan(1e-12);
      expect(relativeError(gradientOf(rflo, other), expected)).toBeLessThan(1e-12);
    }
  });

  it("keeps a leak exactly, and nothing that bends the state", () => {
    const [leak] = spellings["a leak"];
    expect(relativeError(gradientOf(rflo, leak), gradientOf(rfp, leak))).toBeLessThan(1e-12);
    for (const name of [
      "h² beside the drive",
      "a quotient by h² + 2",
      "a gate that reads its own state",
      "a rectifier",
    ]) {
      const [bent] = spellings[name];
      const constant: Recurrence = (h, d, r, u) => bent(stopGradient(h), d, r, u);
      expect(relativeError(gradientOf(rflo, bent), gradientOf(rfp, constant)), name).toBeLessThan(1e-12);
      expect(relativeError(gradientOf(rflo, bent), gradientOf(rfp, bent)), name).toBeGreaterThan(1e-3);
    }
  });

  it("counts what comes through a matrix as input: a gate over other units is a leak", () => {
    const error = (name: string): number => {
      const model = stack([cellNamed(name)({ input: 2, units: 3 })]);
      const params = model.init(random.key(4));
      const [a, b] = [rflo, eprop].map((rule) => {
        const learner = rule(model, params);
        for (let t = 0; t < 5; t++)
          learner.step({
            input: random.normal(random.foldIn(random.key(1), t), [1, 2]),
            target: random.normal(random.foldIn(random.key(2), t), [1, 3]),
          });
        return Object.values(learner.gradient().areas[0]).flatMap((g) => Array.from(entries(g)));
      });
      return relativeError(a, b);
    };
    // of a GRU all that a unit hands itself, past its matrices, is its update gate
    expect(error("gru")).toBeLessThan(1e-12);
    expect(error("elstm")).toBeGreaterThan(1e-3);
  });

  it("holds h' = c h + f(h) apart, however c h is split and f spelled", () => {
    const split = fc.record({
      c: fc.double({ min: -0.9, max: 0.9, noNaN: true }),
      part: fc.double({ min: -1, max: 1, noNaN: true }),
      seed: fc.nat(99),
    });
    fc.assert(
      fc.property(split, ({ c, part, seed }) => {
        const one: Recurrence = (h, d) => add(mul(h, c), mul(0.2, mul(tanh(d), square(h))));
        const two: Recurrence = (h, d) =>
          add(mul(mul(0.2, h), mul(h, tanh(d))), sub(mul(h, c + part), mul(part, h)));
        expect(relativeError(gradientOf(rflo, two, seed), gradientOf(rflo, one, seed))).toBeLessThan(1e-11);
      }),
      { numRuns: 15 },
    );
  });
});
