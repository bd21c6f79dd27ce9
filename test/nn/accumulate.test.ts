import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ArgumentError, ShapeError } from "../../src/core/errors.js";
import { compile, load, random, save, type Tensor, tensor } from "../../src/index.js";
import { accumulate, adam, clipByNorm, type Optimizer, sgd } from "../../src/nn/index.js";

type Params = { readonly a: Tensor; readonly b: Tensor };
const bits = (tree: unknown): string => Buffer.from(save(tree)).toString("base64");
const numbers = (x: Tensor): number[] => [...x.toTypedArray()];
const drawn = (seed: number): Params => ({
  a: random.normal(random.key(seed), [2, 3]),
  b: random.normal(random.foldIn(random.key(seed), 1), [3], { dtype: "float32" }),
});
/** The mean as plain numbers: a sum in order, in float64, divided once. */
const meanOf = (all: readonly Params[]): Params => {
  const of = (name: keyof Params): Tensor => {
    const sums = all.map((p) => numbers(p[name])).reduce((s, g) => s.map((v, i) => v + g[i]));
    return tensor(
      sums.map((v) => v / all.length),
      { shape: all[0][name].shape },
    );
  };
  return { a: of("a"), b: of("b") };
};
const made = (): Optimizer<"mean" | "square"> => adam({ rate: (update) => update.add(1).mul(0.01) });

describe("accumulate", () => {
  it("gives the bits of one update with the mean gradient, and changes nothing in between", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.nat(1000), fc.boolean(), (every, seed, isCompiled) => {
        const inner = made();
        const { init, update } = accumulate(inner, { every });
        const step = isCompiled ? compile(update<Params>) : update<Params>;
        let found = { params: drawn(seed), state: init(drawn(seed)) };
        let whole = { params: drawn(seed), state: inner.init(drawn(seed)) };
        let gathered: Params[] = [];
        for (let call = 1; call <= 2 * every + 1; call++) {
          const before = found;
          const gradient = drawn(seed + call);
          gathered.push(gradient);
          found = step(gradient, found.state, found.params);
          if (call % every === 0) {
            whole = inner.update(meanOf(gathered), whole.state, whole.params);
            gathered = [];
          } else {
            expect(bits(found.params)).toBe(bits(before.params));
            expect(bits(found.state.inner)).toBe(bits(before.state.inner));
          }
          if (isCompiled) continue;
          expect(bits(found.params)).toBe(bits(whole.params));
          expect(bits(found.state.inner)).toBe(bits(whole.state));
          expect(found.state.gathered.item()).toBe(gathered.length);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("keeps its sum in float64, and the sign of zero", () => {
    const { init, update } = accumulate(sgd({ rate: 1 }), { every: 2 });
    const x = tensor([0, 0], { dtype: "float32" });
    const g = (a: number, b: number): Tensor => tensor([a, b], { dtype: "float32" });
    const { state } = update(g(2 ** 24, -0), init(x), x);
    expect(numbers(state.sum)).toEqual([2 ** 24, -0]);
    expect(numbers(update(g(1, -0), state, x).state.sum)).toEqual([2 ** 24 + 1, -0]);
  });

  it("takes the mean of what is there, where a state was gathered for more", () => {
    const x = tensor([0]);
    const longer = accumulate(sgd({ rate: 1 }), { every: 9 });
    let { state } = longer.update(tensor([1]), longer.init(x), x);
    for (const g of [2, 3]) ({ state } = longer.update(tensor([g]), state, x));
    const found = accumulate(sgd({ rate: 1 }), { every: 2 }).update(tensor([6]), state, x);
    expect(numbers(found.params)).toEqual([-3]);
    expect(found.state.gathered.item()).toBe(0);
  });

  it("is saved half-way, and goes on under compile", () => {
    const { init, update } = accumulate(made(), { every: 4 });
    const step = compile(update<Params>);
    let found = { params: drawn(1), state: init(drawn(1)) };
    for (let call = 0; call < 6; call++) found = step(drawn(call), found.state, found.params);
    const { params, state } = load(save(found)) as unknown as typeof found;
    expect(state.gathered.item()).toBe(2);
    expect(bits(step(drawn(7), state, params))).toBe(bits(step(drawn(7), found.state, found.params)));
  });

  it("goes around an update of one's own: here one that clips the mean", () => {
    const inner = sgd({ rate: 1 });
    const clipping: Optimizer = {
      init: inner.init,
      update: (gradient, state, params) => inner.update(clipByNorm(gradient, 1).gradient, state, params),
    };
    const { init, update } = accumulate(clipping, { every: 2 });
    const x = tensor([0, 0]);
    const { state } = update(tensor([6, 0]), init(x), x);
    // the mean is [3, 4]; each clipped for itself would give [0.5, 0.5]
    expect(numbers(update(tensor([0, 8]), state, x).params)).toEqual([-0.6, -0.8]);
  });

  const x = tensor([1]);
  const { init, update } = accumulate(sgd({ rate: 1 }), { every: 2 });
  it.each<[string, () => unknown, string]>([
    [
      "what is no optimizer",
      () => accumulate({} as Optimizer, { every: 2 }),
      "accumulate: expected the optimizer.init to be a function, got undefined",
    ],
    [
      "a part of a gradient",
      () => accumulate(sgd({ rate: 1 }), { every: 1.5 }),
      "accumulate: expected every to be a whole number of at least 1, got 1.5",
    ],
    [
      "the state within alone",
      () => update(x, init(x).inner as never, x),
      'accumulate: expected the state that its init or last update gave, of gathered, sum, inner, got one of "count"',
    ],
    [
      "a count with an axis",
      () => update(x, { ...init(x), gathered: tensor([0]) }, x),
      "accumulate: expected gathered of the state to be a float64 scalar, got float64 [1]",
    ],
    [
      "an optimizer that gives nothing",
      () => {
        const odd = accumulate({ init, update: () => null } as never, { every: 2 });
        odd.update(x, odd.init(x), x);
      },
      "accumulate: expected what the optimizer gives to be an object, got null",
    ],
  ])("refuses %s", (_, act, sentence) => {
    expect(act).toThrow(new ArgumentError(sentence));
  });

  it("refuses a gradient of another shape by its own name", () => {
    expect(() => update(tensor([1, 2]), init(x), x)).toThrow(
      new ShapeError("accumulate: the gradient must be [1], got [2]"),
    );
  });
});
