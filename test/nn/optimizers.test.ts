/** What holds for every optimizer. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pairLeaves } from "../../src/core/pair-leaves.js";
import {
  compile,
  type DType,
  grad,
  isTensor,
  load,
  random,
  type Saved,
  save,
  type Tensor,
  tensor,
  valueAndGrad,
} from "../../src/index.js";
import { type RateOptions, warmupCosine } from "../../src/nn/index.js";
import {
  type AnyOptimizer,
  every,
  optimizerNames,
  optimizers,
  type Params,
  type Updated,
} from "../support/optimizers.js";
import { returnTypes } from "../types/_compiler.js";

const runs = 5;
const bits = (tree: unknown): string => Buffer.from(save(tree)).toString("base64");
const loaded = (tree: unknown): Updated => load(save(tree)) as Saved as unknown as Updated;

/** Smooth, and no two entries alike. */
function loss(params: Params): Tensor {
  return Object.values(params)
    .map((x) => x.cast("float64").mul(0.7).sin().add(1.5).square().sum())
    .reduce((a, b) => a.add(b));
}

const gradientAt = (params: Params): Params => grad(loss)(params) as Params;

function run(start: Updated, steps: number, update: AnyOptimizer["update"]): Updated {
  let found = start;
  for (let i = 0; i < steps; i++) found = update(gradientAt(found.params), found.state, found.params);
  return found;
}

/** Relative, but for what cancels to nearly nothing. */
function expectClose(got: Updated, want: Updated, part: number): void {
  for (const { path, value, other } of pairLeaves<Tensor>(words, want, got, isTensor)) {
    const [a, b] = [value, other].map((t) => t.toTypedArray());
    expect(other.dtype).toBe(value.dtype);
    a.forEach((v, i) => {
      expect(Math.abs(v - b[i]), path).toBeLessThanOrEqual(part * (Math.abs(v) + 1e-3));
    });
  }
}

const words = { who: "test", reference: "op by op", other: "replayed" };

const starting = (optimizer: AnyOptimizer, params: Params): Updated => ({
  params,
  state: optimizer.init(params),
});

const someParams = fc
  .array(
    fc.record({
      shape: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }),
      dtype: fc.constantFrom<DType>("float64", "float32"),
      seed: fc.nat(),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((all) =>
    Object.fromEntries(
      all.map(({ shape, dtype, seed }, i) => [`p${i}`, random.normal(random.key(seed), shape, { dtype })]),
    ),
  );
const someOptions = fc.constantFrom<RateOptions>(
  { rate: 0.05 },
  { rate: warmupCosine(0.1, 3, 30), scale: (path) => (path === "p0" ? 1 : 0.5) },
);

// the compiler reads all sources: some twenty seconds on a busy machine
it("finds every function of onward/nn that is declared to give an optimizer", { timeout: 300_000 }, () => {
  const declared = Object.entries(returnTypes("onward/nn"))
    .filter(([, names]) => ["init", "update"].every((name) => names.includes(name)))
    .map(([name]) => name);
  expect(declared.length).toBeGreaterThan(5);
  expect(optimizerNames).toEqual(declared.sort());
});

describe.each(optimizers)("%s", (_, make) => {
  it("goes on from a saved state to the same bits as if it had never stopped", () => {
    fc.assert(
      fc.property(someParams, someOptions, fc.nat(7), fc.nat(7), (params, options, before, after) => {
        const optimizer = make(options);
        const start = starting(optimizer, params);
        const whole = run(start, before + after, optimizer.update);
        // another optimizer of the same options: what it knows is in the state alone
        const other = make(options);
        const half = loaded(run(start, before, optimizer.update));
        expect(bits(run(half, after, other.update))).toBe(bits(whole));
        for (const name of Object.keys(params)) expect(whole.params[name].dtype).toBe(params[name].dtype);
      }),
      { numRuns: runs },
    );
  });

  it("is replayed by compile, to rounding", () => {
    fc.assert(
      fc.property(someParams, someOptions, (params, options) => {
        const optimizer = make(options);
        let calls = 0;
        const step = compile((gradient: Params, state: object, params: Params) => {
          calls++;
          return optimizer.update(gradient, state, params);
        });
        const start = starting(optimizer, params);
        const [whole, replayed] = [optimizer.update, step].map((update) => run(start, 20, update));
        const narrow = Object.values(params).some(({ dtype }) => dtype === "float32");
        expectClose(replayed, whole, narrow ? 1e-6 : 1e-12);
        // two recordings, and an audit
        expect(calls).toBeLessThan(6);
      }),
      { numRuns: runs },
    );
  });

  it("leaves what it is given as it is", () => {
    const params = { a: random.normal(random.key(1), [3, 2]), b: tensor(2) };
    const optimizer = make({ rate: 0.1 });
    const { state } = run(starting(optimizer, params), every - 1, optimizer.update);
    const before = bits({ params, state });
    optimizer.update(params, state, params);
    expect(bits({ params, state })).toBe(before);
  });

  it("has derivatives: of the last loss by the rate, as finite differences have it", () => {
    const params = { a: random.normal(random.key(3), [2, 2]), b: random.normal(random.key(4), [3]) };
    const lastLoss = (rate: Tensor): Tensor => {
      const optimizer = make({ rate: () => rate });
      return loss(run(starting(optimizer, params), 2 * every, optimizer.update).params);
    };
    const { gradient } = valueAndGrad(lastLoss)(tensor(0.05));
    const h = 1e-5;
    const [above, below] = [0.05 + h, 0.05 - h].map((rate) => lastLoss(tensor(rate)).item());
    const difference = (above - below) / (2 * h);
    expect(Math.abs(gradient.item() - difference)).toBeLessThan(1e-6 * (1 + Math.abs(difference)));
  });
});
