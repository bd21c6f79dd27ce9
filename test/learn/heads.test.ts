/** A loss with heads: errors of each are gathered apart, as if a learner of its own had heard of no other. */
import { readFileSync } from "node:fs";
import { transformSync } from "esbuild";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cells } from "../../src/cells/index.js";
import { ArgumentError, DTypeError, RuleError, ShapeError } from "../../src/core/errors.js";
import { leavesOf } from "../../src/core/tree.js";
import * as onwardCells from "../../src/entry/cells.js";
import * as onwardLearn from "../../src/entry/learn.js";
import * as onwardNn from "../../src/entry/nn.js";
import * as onward from "../../src/index.js";
import {
  backendName,
  backendNames,
  cast,
  isTensor,
  mul,
  random,
  scalar,
  square,
  sum,
  type Tensor,
  tensor,
  useBackend,
} from "../../src/index.js";
import {
  type Learner,
  type LossContext,
  type ModelParams,
  network,
  plan,
  rfp,
  rules,
  type StepLoss,
  type Supervised,
} from "../../src/learn/index.js";
import { entries } from "../../src/tensor/read.js";
import { randomParams, randomSequence } from "../../src/testing/index.js";
import {
  alone,
  arbitraryHeads,
  countedIn,
  type HeadsCase,
  heads,
  losses,
  type Sample,
  together,
  type Ways,
  ways,
  withReadout,
} from "../support/heads.js";

const chosen = backendName();

type Numbers = readonly (readonly [path: string, values: readonly number[]])[];

const numbersOf = (tree: object): Numbers =>
  leavesOf<Tensor>(tree, isTensor).map(({ path, value }) => [path, Array.from(entries(value))] as const);

/** The largest difference, as a share of the largest number; both trees in one order. */
function difference(got: Numbers, want: Numbers): number {
  expect(got.map(([path]) => path)).toEqual(want.map(([path]) => path));
  const all = want.flatMap(([, values]) => values);
  const largest = Math.max(1e-3, ...all.map(Math.abs));
  return (
    Math.max(...got.flatMap(([, values], k) => values.map((v, i) => Math.abs(v - want[k][1][i])))) / largest
  );
}

const sumOf = (all: readonly Numbers[]): Numbers =>
  all[0].map(([path, values], k) => [path, values.map((_, i) => all.reduce((n, of) => n + of[k][1][i], 0))]);

const toleranceOf = (rule: keyof typeof rules): number => rules[rule].tolerance ?? 1e-10;

/** Takes a sequence over and over: by the third time steps are replayed that can be, whatever heads count in them. */
function taken(learner: Learner<Sample>, samples: readonly Sample[], says: boolean): Learner<Sample> {
  for (let pass = 0; pass < 3; pass++) {
    learner.reset();
    for (const sample of samples) learner.step(sample, says ? { heads: countedIn(sample) } : undefined);
  }
  return learner;
}

/** Holds each head against a learner that knows it alone, and the whole against the sum. */
function holds(rule: keyof typeof rules, options: Ways, { areas, params, samples }: HeadsCase): boolean {
  const pure = options.compile !== false;
  try {
    const start = (model: Parameters<typeof rfp<Sample>>[0]) => rules[rule].start(model, params, options);
    const learner = taken(start(together(areas, pure)), samples, true);
    const parts = heads.map((head) => numbersOf(learner.gradient({ of: head })));
    heads.forEach((head, i) => {
      const reference = taken(start(alone(areas, pure, head)), samples, false);
      expect(difference(parts[i], numbersOf(reference.gradient()))).toBeLessThan(toleranceOf(rule));
    });
    expect(difference(numbersOf(learner.gradient()), sumOf(parts))).toBeLessThan(toleranceOf(rule));
    return true;
  } catch (error) {
    // the one rule that may refuse in the middle of a sequence
    if (rule === "fptt" && error instanceof RuleError) return false;
    throw error;
  }
}

describe.each(["js", "native"])("a loss with heads, on %s", (name) => {
  const isThere = backendNames().includes(name);
  describe.skipIf(!isThere)(isThere ? "run" : "(skipped: the addon is not built)", () => {
    beforeAll(() => useBackend(name));
    afterAll(() => useBackend(chosen));

    it.each(ways)("has the gradient of each head alone: %s %o", { timeout: 120_000 }, (rule, options) => {
      let done = 0;
      fc.assert(
        fc.property(arbitraryHeads(rule !== "kfRtrl"), (drawn) => {
          if (holds(rule, options, drawn)) done++;
        }),
        { numRuns: 6 },
      );
      expect(done).toBeGreaterThan(rule === "fptt" ? 0 : 5);
    });
  });
});

const areas = [cells.mingru({ input: [2], units: 3 }), cells.gru({ input: [3], units: 2 })];
const model = together(areas, true);
const params = withReadout(randomParams(model, 3));
const everything = { actor: 1, critic: 1, probe: 1 };
const samples = randomSequence(4, { input: [2], target: [2], steps: 12, batch: 2 }).map(
  (sample): Sample => ({ ...sample, counts: everything }),
);
const learnerOf = (rule: keyof typeof rules, options: Ways = {}): Learner<Sample> =>
  rules[rule].start(model, params, options);

describe("a learner whose loss has heads", () => {
  it("reports the loss of each and their sum, those that do not count too", () => {
    for (const [rule, options] of ways) {
      const learner = learnerOf(rule, options);
      for (const sample of samples.slice(0, 5)) {
        const { loss, losses } = learner.step(sample, { heads: ["critic"] });
        expect(Object.keys(losses ?? {})).toEqual([...heads]);
        expect(Object.values(losses ?? {}).reduce((a, b) => a + b)).toBe(loss);
        expect(losses?.actor).toBeGreaterThan(0);
      }
      const zero = numbersOf(learner.gradient({ of: "actor" })).flatMap(([, values]) => values);
      expect(new Set(zero.map(Math.abs))).toEqual(new Set([0]));
      const [critic, whole] = [{ of: "critic" }, undefined].map((of) => numbersOf(learner.gradient(of)));
      expect(difference(critic, whole)).toBeLessThan(toleranceOf(rule));
    }
  });

  it("replays steps that hear all heads and steps that hear some", () => {
    for (const window of [1, 3]) {
      const learner = learnerOf("rfp", { window });
      const replays: boolean[] = [];
      for (const [t, sample] of [...samples, ...samples, ...samples].entries()) {
        learner.step(sample, t % 2 === 0 ? undefined : { heads: ["critic", "actor"] });
        replays.push(learner.opByOp === null);
      }
      expect(replays.slice(-12)).toEqual(Array(12).fill(true));
    }
  });

  it("forgets what each has gathered where a gradient is cleared, and goes on through the past", () => {
    for (const [rule, options] of ways) {
      const [one, other] = [learnerOf(rule, options), learnerOf(rule, options)];
      samples.slice(0, 5).forEach((sample, t) => {
        one.step(sample);
        other.step(sample, { heads: [] });
        if (t === 2) one.gradient({ of: "probe" });
        if (t === 2) other.gradient({ of: "probe" });
      });
      one.clearGradient();
      for (const sample of samples.slice(5, 10)) for (const each of [one, other]) each.step(sample);
      for (const of of heads)
        expect(difference(numbersOf(one.gradient({ of })), numbersOf(other.gradient({ of })))).toBeLessThan(
          toleranceOf(rule),
        );
      one.reset();
      for (const sample of samples) one.step(sample);
      const fresh = learnerOf(rule, options);
      for (const sample of samples) fresh.step(sample);
      if (!rules[rule].summary.startsWith("unbiased"))
        expect(
          difference(numbersOf(one.gradient({ of: "actor" })), numbersOf(fresh.gradient({ of: "actor" }))),
        ).toBeLessThan(toleranceOf(rule));
    }
  });

  it("keeps them apart where parameters are exchanged", () => {
    const next = withReadout(randomParams(model, 8));
    for (const [rule, options] of ways) {
      const learners = [model, ...heads.map((head) => alone(areas, true, head))].map((of) => {
        const learner = rules[rule].start(of, params, options);
        for (const sample of samples.slice(0, 5)) learner.step(sample);
        learner.setParams(next);
        for (const sample of samples.slice(5, 9)) learner.step(sample);
        return learner;
      });
      heads.forEach((of, i) => {
        const found = numbersOf(learners[0].gradient({ of }));
        expect(difference(found, numbersOf(learners[i + 1].gradient()))).toBeLessThan(toleranceOf(rule));
      });
    }
  });

  it("goes on to the same bits where it was saved, with all that it gathered of each", () => {
    for (const [rule, options] of ways)
      for (const at of [1, 4, 7]) {
        let [one, other] = [learnerOf(rule, options), learnerOf(rule, options)];
        samples.forEach((sample, t) => {
          const only = t % 3 === 1 ? { heads: ["probe", "actor"] } : undefined;
          expect(other.step(sample, only).losses).toEqual(one.step(sample, only).losses);
          if (t === 3)
            expect(numbersOf(other.gradient({ of: "probe" }))).toEqual(
              numbersOf(one.gradient({ of: "probe" })),
            );
          if (t === at) other = rules[rule].load(model, params, one.save());
        });
        for (const of of [...heads, undefined])
          expect(numbersOf(other.gradient({ of }))).toEqual(numbersOf(one.gradient({ of })));
        expect(other.memory().bytes).toBe(one.memory().bytes);
      }
  });

  it("has the errors of inputs by each head, and of what counts", () => {
    for (const [rule, options] of ways) {
      const learner = learnerOf(rule, options);
      for (const sample of samples.slice(0, 5)) learner.step(sample, { heads: ["actor", "probe"] });
      const of = (head?: string): number[] =>
        learner.inputGradient({ of: head }).flatMap((t) => Array.from(entries(t)));
      const [actor, critic, probe, all] = [...heads, undefined].map(of);
      expect(critic.every((v) => v === 0)).toBe(true);
      all.forEach((v, i) => {
        expect(v).toBeCloseTo(actor[i] + probe[i], 12);
      });
      expect(actor.some((v) => v !== 0)).toBe(true);
    }
  });

  it("holds a gradient for each head but the first, and plan counts it", () => {
    const bytes = leavesOf<Tensor>(params, isTensor).reduce((n, { value }) => n + 8 * value.size, 0);
    const { input, target } = samples[0];
    const sample = { input, target } as Sample;
    const planned = plan(model, { sample, params });
    const one = network<Sample>(areas, { loss: losses.actor, readout: () => params.readout });
    const single = plan(one, { sample, params });
    expect(planned.heads).toEqual([...heads]);
    expect(single.heads).toEqual([]);
    expect(planned.bytes.rfpExact - single.bytes.rfpExact).toBe(2 * bytes);
    expect(planned.bytes.rtrl - single.bytes.rtrl).toBe(2 * bytes);
    for (const [rule, field] of [
      ["rfp", "rfpExact"],
      ["rtrl", "rtrl"],
    ] as const) {
      const learner = learnerOf(rule);
      learner.step(samples[0]);
      expect(learner.memory().bytes).toBe(planned.bytes[field]);
    }
  });

  it("takes names of any kind, whatever the order of keys", () => {
    const names = ["10", "9", "__proto__", "a.b", ""];
    const own = network<Supervised>([areas[0]], {
      pure: true,
      loss: ({ now }) =>
        Object.fromEntries(
          names.map((name, i) => [name, mul(sum(square(now.outputs[0])), i + 1)]),
        ) as StepLoss,
    });
    const learner = rfp(own, randomParams(own, 1), { window: 2 });
    for (const sample of samples.slice(0, 5)) learner.step(sample, { heads: names });
    const [first] = numbersOf(learner.gradient({ of: "10" }))[0][1];
    names.forEach((of, i) => {
      expect(numbersOf(learner.gradient({ of }))[0][1][0]).toBeCloseTo(first * (i + 1), 10);
    });
    const other = rfp.load(own, learner.params, learner.save());
    expect(numbersOf(other.gradient({ of: "__proto__" }))).toEqual(
      numbersOf(learner.gradient({ of: "__proto__" })),
    );
  });
});

describe("what is no head is refused in a sentence", () => {
  const start = (loss: (context: LossContext<Supervised>) => unknown, rule: keyof typeof rules = "rfp") => {
    const own = network<Supervised>(areas, { loss: loss as (context: LossContext<Supervised>) => StepLoss });
    return rules[rule].start(own, own.init(random.key(1)) as ModelParams);
  };

  it.each<[string, () => unknown, new (...args: never[]) => Error, RegExp]>([
    [
      "no loss",
      () => start(() => ({})).step(samples[0]),
      ArgumentError,
      /^loss: expected a scalar or at least one by its name, got an empty object$/,
    ],
    [
      "a vector",
      () => start(() => ({ actor: tensor([1, 2]) })).step(samples[0]),
      ShapeError,
      /^loss\.actor: expected a scalar, got \[2\]$/,
    ],
    [
      "a number",
      () => start(() => ({ actor: 3 })).step(samples[0]),
      ShapeError,
      /^loss\.actor: expected a scalar, got a number$/,
    ],
    [
      "a list",
      () => start(() => [scalar(1)]).step(samples[0]),
      ShapeError,
      /^loss: expected a scalar, got an array$/,
    ],
    [
      "dtypes",
      () => start(() => ({ a: scalar(1), b: cast(scalar(1), "float32") })).step(samples[0]),
      DTypeError,
      /^loss: expected heads of one dtype, got float64 and float32$/,
    ],
  ])("%s", (_, f, type, message) => {
    expect(f).toThrow(type);
    expect(f).toThrow(message);
  });

  it.each(Object.keys(rules) as (keyof typeof rules)[])("under %s", (rule) => {
    const learner = learnerOf(rule);
    expect(() => learner.gradient({ of: "actor" })).toThrow(
      `${rule}: expected at least one step before a head is asked for by name`,
    );
    learner.step(samples[0]);
    const before = numbersOf(learner.gradient());
    expect(() => learner.step(samples[1], { heads: ["actor", "critik"] })).toThrow(
      `${rule}: expected a head among "actor", "critic", "probe", got "critik"`,
    );
    expect(() => learner.gradient({ of: "critik" })).toThrow(
      `${rule}: expected a head among "actor", "critic", "probe", got "critik"`,
    );
    expect(() => learner.inputGradient({ of: "" })).toThrow(/expected a head among/);
    expect(() => learner.step(samples[1], { heads: "actor" } as never)).toThrow(
      `${rule}: expected heads to be an array, got a string`,
    );
    expect(() => learner.step(samples[1], { head: ["actor"] } as never)).toThrow(
      /expected options among heads/,
    );
    expect(() => learner.gradient({ head: "actor" } as never)).toThrow(/expected options among of/);
    // nothing of it has left a trace
    expect(numbersOf(learner.gradient())).toEqual(before);

    const scalarLearner = rules[rule].start(alone(areas, true, "actor"), params);
    const wanted = `${rule}: expected a model whose loss gives its heads by name, { actor, critic }, where heads are asked for, got a scalar loss`;
    expect(() => scalarLearner.step(samples[0], { heads: ["actor"] })).toThrow(wanted);
    scalarLearner.step(samples[0]);
    expect(() => scalarLearner.gradient({ of: "actor" })).toThrow(wanted);
    expect(() => scalarLearner.step(samples[0], { heads: [] })).toThrow(wanted);
  });

  it.each(Object.keys(rules) as (keyof typeof rules)[])("where they change, under %s", (rule) => {
    let isNew = false;
    const learner = start(
      ({ now }) => (isNew ? { b: sum(now.outputs[0]) } : { a: sum(now.outputs[0]) }),
      rule,
    );
    learner.step(samples[0]);
    isNew = true;
    const f = (): unknown => learner.step(samples[1]);
    expect(f).toThrow(ArgumentError);
    expect(f).toThrow(`${rule}: expected a loss with the same heads in every step, "a", got "b"`);
    isNew = false;
    expect(() => learner.step(samples[1])).not.toThrow();
  });
});

describe("the actor and the critic of docs/rfp.md", () => {
  it("learn what is rewarded, each at a rate of its own", () => {
    const page = readFileSync("docs/rfp.md", "utf8");
    const [, code] = /## Several errors, without mixing.*?^```ts\n(.*?)^```$/ms.exec(page) as RegExpExecArray;
    const { code: program } = transformSync(code, { loader: "ts", format: "cjs" });
    const entries: Readonly<Record<string, unknown>> = {
      onward,
      "onward/cells": onwardCells,
      "onward/learn": onwardLearn,
      "onward/nn": onwardNn,
    };
    const run = new Function("require", `${program}\nreturn rewards;`) as (
      require: (name: string) => unknown,
    ) => readonly number[];
    const rewards = run((name) => entries[name]);
    const mean = (some: readonly number[]): number => some.reduce((a, b) => a + b) / some.length;
    // before the actor learns it draws lots
    expect(mean(rewards.slice(0, 100))).toBeLessThan(0.7);
    expect(mean(rewards.slice(-200))).toBeGreaterThan(0.95);
  });
});
