import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CellKind, type CellState, defineCell, drive } from "../../src/cells/index.js";
import { RuleError } from "../../src/core/errors.js";
import { leavesOf } from "../../src/core/tree.js";
import { add, cast, mean, mul, scalar, tanh } from "../../src/index.js";
import { plan, type RuleOptions, ruleNamed, rules, type Supervised, stack } from "../../src/learn/index.js";
import { isTensor, type Tensor } from "../../src/tensor/tensor.js";
import {
  checkLearner,
  expectTied,
  objectives,
  randomParams,
  randomSequence,
  TieError,
} from "../../src/testing/index.js";
import { arbitraryProgram, formNames, mixedCell } from "../support/random-cells.js";

const area = fc.record({
  program: arbitraryProgram,
  names: fc.array(fc.constantFrom(...formNames), { minLength: 1, maxLength: 4 }),
  turn: fc.nat({ max: 3 }),
});
const cases = fc.record({
  areas: fc.array(area, { minLength: 1, maxLength: 2 }),
  units: fc.constantFrom(1, 2, 4),
  input: fc.constantFrom(1, 3),
  seed: fc.nat(),
  steps: fc.integer({ min: 1, max: 10 }),
  batch: fc.integer({ min: 1, max: 3 }),
});
type Case = typeof cases extends fc.Arbitrary<infer C> ? C : never;

const modelOf = ({ areas, units, input }: Case) =>
  stack<Supervised>(
    areas.map(({ program, names, turn }, i) =>
      mixedCell(program, names, turn)({ input: i === 0 ? input : units, units }),
    ),
    { loss: objectives.slow, pure: true },
  );

const runs = [
  ["rfp", { window: 1 }],
  ["rfp", { window: 3 }],
  ["rfp", { window: 8 }],
  ["rtrl", {}],
  ["fptt", {}],
  ["tbptt", { window: 100 }],
] as const;
const ways = runs.flatMap(([rule, options]) =>
  [false, true].map((compile) => [rule, { ...options, compile }] as const),
);

describe("states of different shapes and dtypes, given back in any order", () => {
  it.each(ways)("%s %o equals backpropagation through time", (name, options) => {
    const rule = rules[name];
    let refused = 0;
    let asked = 0;
    const holds = fc.property(cases, fc.nat({ max: 5 }), (c, keys) => {
      asked++;
      try {
        // long enough for blocks that are crossed
        const steps = "window" in options && options.window === 8 ? c.steps + 8 : c.steps;
        const { seed, batch } = c;
        const { tolerance } = rule;
        checkLearner(rule, modelOf(c), { seed, batch, ...options, steps, keys, tolerance });
      } catch (error) {
        if (!(error instanceof RuleError) || name !== "fptt") throw error;
        refused++;
      }
    });
    fc.assert(holds, { numRuns: 40 });
    // recurrences that cannot be inverted
    expect(refused).toBeLessThan(asked);
  });

  const mixed = mixedCell(
    { drive: 0, steps: [{ pick: 1, first: 0, second: 1 }] },
    ["units", "pace", "count", "mask"],
    1,
  );
  const model = stack<Supervised>([mixed({ input: 2, units: 3 }), mixed({ input: 3, units: 2 })]);
  const params = randomParams(model, 1);
  const samples = randomSequence(1, { input: [2], target: [2], steps: 4, batch: 2 });
  const gradientBy = (name: string, options: RuleOptions = {}): number[] => {
    const learner = ruleNamed(name).start(model, params, options);
    for (const sample of samples) learner.step(sample);
    return leavesOf<Tensor>(learner.gradient(), isTensor).flatMap(({ value }) => [...value.toTypedArray()]);
  };

  it.each([
    ["units", "pair"],
    ["pair", "units"],
    ["units", "lanes"],
  ] as const)("%s and %s, tied to different axes of one parameter", (...names) => {
    // of T [n, n, n], one state keeps the first axis to itself and the other the last
    const steps = [
      { pick: 35, first: 0, second: 0 },
      { pick: 34, first: 1, second: 0 },
    ];
    const cell = mixedCell({ drive: 0, steps }, names, 0)({ input: 2, units: 2 });
    for (const name of ["rfp", "rtrl"])
      checkLearner(name, stack<Supervised>([cell], { loss: objectives.squared, pure: true }), { steps: 5 });
  });

  it("snap of any order equals backpropagation through time", () => {
    checkLearner("snap(9)", model, { params, samples });
  });

  it.each(["uoro", "kfRtrl"])("%s is unbiased", (name) => {
    const exact = gradientBy("bptt");
    const n = 400;
    const all = Array.from({ length: n }, (_, seed) => gradientBy(name, { seed }));
    exact.forEach((wanted, i) => {
      const values = all.map((g) => g[i]);
      const mean = values.reduce((s, v) => s + v, 0) / n;
      const spread = Math.sqrt(values.reduce((s, v) => s + (v - mean) ** 2, 0) / n);
      // five standard errors, and the rounding of what has no spread
      expect(Math.abs(mean - wanted)).toBeLessThan(5 * (spread / Math.sqrt(n)) + 1e-12);
    });
  });

  it.each(["eprop", "rflo"])("%s takes its steps", (name) => {
    expect(gradientBy(name).every(Number.isFinite)).toBe(true);
  });

  it("integers and booleans advance, take no memory, and are the same under every rule", () => {
    const states = Object.values(rules).map((rule) => {
      const learner = rule.start(model, params);
      for (const sample of samples) learner.step(sample);
      return learner.state?.map((s) =>
        Object.keys(s).map((name) => [
          name,
          s[name].dtype,
          // replays may round in another order
          Array.from(s[name].toTypedArray(), (v) => Number(v.toFixed(9))),
        ]),
      );
    });
    for (const found of states) expect(found).toEqual(states[0]);
    expect(states[0]?.[0][2]).toEqual(["count2", "int32", [4, 4]]);
    const { rows } = plan(model, { batch: 2 });
    expect(new Set(rows.flatMap((row) => row.states))).toEqual(new Set(["units0", "pace1"]));
    const learner = rules.rfp.start(model, params);
    learner.step(samples[0]);
    expect(learner.memory().bytes).toBe(plan(model, { batch: 2 }).bytes.rfpExact);
  });

  it("tells a number for all units from one that carries each unit to all", () => {
    const pace = (listens: boolean, speaks: boolean): CellKind =>
      defineCell({
        name: "paced",
        equations: "h' = a⊙h + W x (+ m); m' = m/2 (+ mean h) + s",
        locality: "unit",
        states: { m: { shape: [1] }, h: {} },
        shapes: ({ input, units }) => ({ W: [units, ...input], a: [units], s: [1] }),
        next: (p, { h, m }, x) => ({
          h: add(add(mul(p.a, h), drive(x, p.W)), speaks ? m : 0),
          m: add(add(mul(0.5, m), listens ? mean(h, 1, { keepDims: true }) : 0), p.s),
        }),
        output: (_, { h, m }) => add(h, m),
      });
    expect(expectTied(pace(false, true)).found).toBe("unit");
    expect(expectTied(pace(true, false)).found).toBe("unit");
    expect(() => expectTied(pace(true, true))).toThrow(TieError);
  });
});

/** A cell of two states of three units, one of one unit and a count, with one thing changed in what it gives. */
const spoilt = (change: (next: CellState) => Readonly<Record<string, unknown>>): CellKind =>
  defineCell({
    name: "spoilt",
    equations: "h' = tanh(c + W x); c' = h/2; m' = m/2; n' = n + 1",
    locality: "unit",
    states: { h: {}, c: {}, m: { shape: [1] }, n: { shape: [], dtype: "int32" } },
    shapes: ({ input, units }) => ({ W: [units, ...input] }),
    next: (p, { h, c, m, n }, x) =>
      change({
        n: add(n, scalar(1, "int32")),
        m: mul(0.5, m),
        c: mul(0.5, h),
        h: tanh(add(c, drive(x, p.W))),
      }) as CellState,
    output: (_, { h, m }) => add(h, m),
  });

describe.each(Object.keys(rules) as (keyof typeof rules)[])("%s says of a state", (name) => {
  it.each<[string, Parameters<typeof spoilt>[0], string]>([
    [
      "that it is missing",
      ({ h, m, n }) => ({ h, m, n }),
      "next of area 1 must give the states h, c, m, n, got h, m, n",
    ],
    [
      "that it is one too many",
      (s) => ({ ...s, last: s.h }),
      "next of area 1 must give the states h, c, m, n, got n, m, c, h, last",
    ],
    [
      "that it has another shape",
      (s) => ({ ...s, m: add(s.m, s.h) }),
      "next of area 1 must give state m as float64 [2,1], got float64 [2,3]",
    ],
    [
      "that it has another dtype",
      (s) => ({ ...s, n: cast(s.n, "float64") }),
      "next of area 1 must give state n as int32 [2], got float64 [2]",
    ],
    [
      "that it is none",
      (s) => ({ ...s, c: 1 }),
      "next of area 1 must give state c as float64 [2,3], got number",
    ],
  ])("%s", (_, change, sentence) => {
    const model = stack<Supervised>([spoilt(change)({ input: 2, units: 3 })]);
    const [sample] = randomSequence(1, { input: [2], target: [3], steps: 1, batch: 2 });
    expect(() => rules[name].start(model, randomParams(model, 1)).step(sample)).toThrow(
      `spoilt: ${sentence}`,
    );
  });
});
