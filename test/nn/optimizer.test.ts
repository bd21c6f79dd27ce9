import { describe, expect, it } from "vitest";
import { ArgumentError } from "../../src/core/errors.js";
import { type DType, type Tensor, tensor } from "../../src/index.js";
import { adam, adamw, type Optimizer, rmsprop, sgd, warmupCosine } from "../../src/nn/index.js";

const t = (x: number[], dtype: DType = "float64"): Tensor => tensor(x, { dtype });
const numbers = (x: Tensor): number[] => [...x.toTypedArray()];
/** Relative: rounding of a few operations on float64, or what float32 keeps of it. */
const close = (got: number[], want: number[], part = 1e-14): void => {
  expect(got).toHaveLength(want.length);
  got.forEach((v, i) => {
    expect(Math.abs(v - want[i])).toBeLessThanOrEqual(part * Math.abs(want[i]));
  });
};

describe("adam", () => {
  it("takes steps of Kingma & Ba's algorithm 1", () => {
    const { init, update } = adam({ rate: 0.1, beta1: 0.8, beta2: 0.9, epsilon: 1e-3 });
    let [x, m, v] = [1, 0, 0];
    let found = { params: t([1]), state: init(t([1])) };
    for (const [k, g] of [2, -1, 0.5, 3].entries()) {
      found = update(t([g]), found.state, found.params);
      m = 0.8 * m + 0.2 * g;
      v = 0.9 * v + 0.1 * g * g;
      x -= (0.1 * (m / (1 - 0.8 ** (k + 1)))) / (Math.sqrt(v / (1 - 0.9 ** (k + 1))) + 1e-3);
      close(numbers(found.params), [x]);
    }
  });
  it.each([adam, adamw, rmsprop])("refuses a gradient whose square is infinite (%#)", (make) => {
    const { init, update } = make({ rate: 0.1 });
    const params = { a: t([1]) };
    const act = (g: number) => update({ a: t([g]) }, init(params), params);
    expect(() => act(1e160)).toThrow(ArgumentError);
    expect(() => act(1e160)).toThrow(
      /^\w+: expected a gradient whose squares are finite, got 1e\+160 at "a"; clip it first, by clipByNorm$/,
    );
    // what is no number goes on being none, for all to see
    expect(numbers(act(Number.NaN).params.a)).toEqual([Number.NaN]);
  });
  it("decays what it moves beside the step, where it is adamw", () => {
    const [plain, decaying] = [adam({ rate: 0.1 }), adamw({ rate: 0.1, decay: 0.5 })].map(
      ({ init, update }) => update(t([2]), init(t([4])), t([4])).params,
    );
    close([numbers(plain)[0] - numbers(decaying)[0]], [0.1 * 0.5 * 4], 1e-13);
  });
  it.each([0, -1, Number.NaN])("refuses an epsilon of %d", (epsilon) => {
    expect(() => adam({ rate: 0.1, epsilon })).toThrow(
      `adam: expected epsilon to be a finite number above 0, got ${epsilon}`,
    );
  });
});

describe("a rate", () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY])("is never %d", (v) => {
    const wrong = [{ rate: () => v }, { rate: 1, scale: () => v }];
    for (const options of wrong)
      for (const make of [sgd, adam] as readonly ((options: object) => Optimizer)[])
        expect(() => {
          const { init, update } = make(options);
          update(t([1]), init(t([1])), t([1]));
        }).toThrow(ArgumentError);
  });
  it("warms up, and falls to zero at the end", () => {
    const schedule = warmupCosine(2, 4, 10);
    const rate = (update: number): number => schedule(update).item();
    close([0, 1, 3, 4, 7].map(rate), [0.5, 1, 2, 2, 1]);
    expect(rate(10)).toBe(0);
    expect(rate(99)).toBe(0);
  });
  it.each([
    [1.5, 3],
    [5, 3],
    [-2, 10],
    [1, 2.5],
  ])("does not warm up over %d of %d updates", (warmup, total) => {
    expect(() => warmupCosine(1, warmup, total)).toThrow(
      /^warmupCosine: expected the (warm-up|total) to be a whole/,
    );
  });
});

describe("sgd", () => {
  it.each([
    [{ rate: 0.1 }, [0.8, 0.9]],
    [{ rate: 0.1, momentum: 0.5 }, [0.8, 0.8]],
    [{ rate: 0.1, momentum: 0.5, nesterov: true }, [0.7, 0.8]],
  ] as const)("with %j takes the steps that were written down by hand", (options, want) => {
    const { init, update } = sgd(options);
    let found = { params: t([1]), state: init(t([1])) };
    const got = [2, -1].map((g) => {
      found = update(t([g]), found.state, found.params);
      return numbers(found.params)[0];
    });
    // momentum: v = 2, 0; nesterov: steps 0.5 v + g = 3, -1
    close(got, [...want], 1e-14);
  });
});

it("looks ahead along a momentum, where there is one", () => {
  expect(() => sgd({ rate: 0.1, nesterov: true })).toThrow(
    "sgd: expected momentum above 0 where nesterov is true, got 0",
  );
});

describe("rmsprop", () => {
  it("divides by the root of the running mean square", () => {
    const { init, update } = rmsprop({ rate: 0.1, decay: 0.5, epsilon: 1e-3 });
    const once = update(t([2]), init(t([1])), t([1]));
    const twice = update(t([1]), once.state, once.params);
    const x = 1 - (0.1 * 2) / (Math.sqrt(2) + 1e-3);
    close(numbers(once.params), [x]);
    close(numbers(twice.params), [x - 0.1 / (Math.sqrt(1.5) + 1e-3)]);
  });
});

describe("what is no state or no rate", () => {
  const x = tensor(1);
  const { init, update } = adam({ rate: 0.1 });
  const state = init(x);
  it.each<[string, () => unknown, string]>([
    [
      "another optimizer's",
      () => sgd({ rate: 1 }).update(x, state, x),
      'sgd: expected the state that its init or last update gave, of count, got one of "count", "mean", "square"',
    ],
    [
      "nothing",
      () => update(x, null as never, x),
      "adam: expected the state that its init or last update gave, of count, mean, square, got null",
    ],
    [
      "a count with an axis, which would become one of the parameters",
      () => update(x, { ...state, count: t([0]) }, x),
      "adam: expected the count of the state to be a float64 scalar, got float64 [1]",
    ],
    [
      "moments of fewer digits",
      () => update(x, { ...state, mean: tensor(0, { dtype: "float32" }) }, x),
      "adam: expected mean of the state in float64, got float32",
    ],
    [
      "a rate with an axis",
      () => adam({ rate: () => t([1]) }).update(x, state, x),
      "adam: expected the rate of the schedule to be a finite scalar, got float64 [1]",
    ],
    [
      "an infinite rate",
      () => adam({ rate: () => tensor(Number.POSITIVE_INFINITY) }).update(x, state, x),
      "adam: expected the rate of the schedule to be a finite scalar, got one that is not finite",
    ],
  ])("is refused: %s", (_, act, sentence) => {
    expect(act).toThrow(sentence);
  });
});
