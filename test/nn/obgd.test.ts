import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ArgumentError, DTypeError } from "../../src/core/errors.js";
import { compile, type Tensor, tensor } from "../../src/index.js";
import { type ObgdOptions, type ObgdSignal, obgd } from "../../src/nn/index.js";

const numbers = (x: Tensor): number[] => [...x.toTypedArray()];
const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, v, i) => sum + v * b[i], 0);

/** Algorithm 3 of Elsayed, Vasan & Mahmood 2024 on plain arrays, as the paper has it: z gathers gradients of the prediction. */
class Plain {
  z: number[];

  constructor(
    public w: number[],
    private readonly rate: number,
    private readonly decay: number,
    private readonly kappa: number,
  ) {
    this.z = w.map(() => 0);
  }

  update(error: number, slope: readonly number[], decay = this.decay): void {
    this.z = this.z.map((z, i) => decay * z + slope[i]);
    const norm = this.z.reduce((sum, z) => sum + Math.abs(z), 0);
    const M = this.rate * this.kappa * Math.max(Math.abs(error), 1) * norm;
    const rate = M > 1 ? this.rate / M : this.rate;
    this.w = this.w.map((w, i) => w + rate * error * this.z[i]);
  }
}

const unit = fc.double({ min: -1, max: 1, noNaN: true });
/** Steps of a stream: the features of a state and of the next one, a reward, and whether an episode begins. */
const stream = fc.integer({ min: 1, max: 4 }).chain((n) => {
  const features = fc.array(unit, { minLength: n, maxLength: n });
  const reward = fc.oneof(unit, fc.double({ min: -100, max: 100, noNaN: true }));
  return fc.record({
    w: fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: n, maxLength: n }),
    steps: fc.array(fc.record({ x: features, next: features, reward, begins: fc.boolean() }), {
      minLength: 1,
      maxLength: 8,
    }),
  });
});
const settings = fc.record({
  rate: fc.constantFrom(0.01, 1, 10),
  decay: fc.double({ min: 0, max: 1, noNaN: true }),
});

const gamma = 0.99;
type Stream = typeof stream extends fc.Arbitrary<infer S> ? S : never;

/** TD(λ) with linear values: after each update, its error and what is left of it. */
function learned(
  { w, steps }: Stream,
  options: ObgdOptions,
): { readonly errors: [number, number][]; w: number[] } {
  const { init, update } = obgd(options);
  let found = { params: tensor(w), state: init(tensor(w)) };
  const errors = steps.map(({ x, next, reward, begins }): [number, number] => {
    const errorAt = (w: number[]): number => reward + gamma * dot(next, w) - dot(x, w);
    const error = errorAt(numbers(found.params));
    const signal: ObgdSignal = begins ? { error, decay: 0 } : { error };
    found = update(tensor(x.map((v) => -v)), found.state, found.params, signal);
    return [error, errorAt(numbers(found.params))];
  });
  return { errors, w: numbers(found.params) };
}

describe("obgd", () => {
  it("takes the steps of the paper's algorithm, traces cut where an episode begins", () => {
    fc.assert(
      fc.property(stream, settings, fc.constantFrom(0.1, 2, 3), (given, { rate, decay }, kappa) => {
        const plain = new Plain(given.w, rate, decay, kappa);
        for (const { x, next, reward, begins } of given.steps) {
          const error = reward + gamma * dot(next, plain.w) - dot(x, plain.w);
          plain.update(error, x, begins ? 0 : decay);
        }
        const { w } = learned(given, { rate, decay, kappa });
        w.forEach((v, i) => {
          expect(Math.abs(v - plain.w[i])).toBeLessThanOrEqual(1e-9 * (1 + Math.abs(plain.w[i])));
        });
      }),
    );
  });

  // the error changes by at most rate · |δ| ‖z‖₁ (1 + γ) / M, as no feature is beyond 1: at κ = 2 by less than itself
  const overshoots = ({ errors }: ReturnType<typeof learned>): boolean =>
    errors.some(([before, after]) => Math.abs(after - before) > Math.abs(before) * (1 + 1e-9));

  it("never overshoots on linear values with features within 1", () => {
    fc.assert(
      fc.property(stream, settings, (given, options) => {
        expect(overshoots(learned(given, options))).toBe(false);
      }),
    );
  });

  it("does so because of its bound", () => {
    const [found] = fc.sample(fc.array(stream, { minLength: 40, maxLength: 40 }), 1);
    expect(found.some((given) => overshoots(learned(given, { rate: 10, decay: 0.8, kappa: 1e-9 })))).toBe(
      true,
    );
  });

  it("takes an error of 1 where it is told none: all parameters together move by at most 1/κ", () => {
    const params = { a: tensor([3, -4]), b: tensor(7, { dtype: "float32" }) };
    const { init, update } = obgd({ rate: 1, kappa: 4 });
    const gradient = { a: tensor([6, -8]), b: tensor(2, { dtype: "float32" }) };
    const { params: after, state } = update(gradient, init(params), params);
    // ‖z‖₁ = 16, M = 64
    expect(numbers(after.a)).toEqual([3 - 6 / 64, -4 + 8 / 64]);
    expect(numbers(after.b)).toEqual([7 - 2 / 64]);
    expect(numbers(state.trace.a)).toEqual([6, -8]);
  });

  it("bounds by each tensor's own rate, where rates are scaled", () => {
    const { init, update } = obgd({ rate: 1, kappa: 2, scale: (path) => (path === "a" ? 1 : 3) });
    const params = { a: tensor([0]), b: tensor([0]) };
    const { params: after } = update({ a: tensor([1]), b: tensor([1]) }, init(params), params);
    expect([...numbers(after.a), ...numbers(after.b)]).toEqual([-1 / 8, -3 / 8]);
  });

  it("is replayed with errors and decays that are arguments", () => {
    const { init, update } = obgd({ rate: 0.5, decay: 0.9 });
    let calls = 0;
    const step = compile(
      (g: Tensor, state: ReturnType<typeof init<Tensor>>, x: Tensor, error: Tensor, decay: Tensor) => {
        calls++;
        return update(g, state, x, { error, decay });
      },
    );
    let [one, other] = [0, 0].map(() => ({ params: tensor([1, 2]), state: init(tensor([1, 2])) }));
    for (let i = 0; i < 12; i++) {
      const [g, error, decay] = [tensor([Math.sin(i), 1]), Math.cos(i), i % 4 === 0 ? 0 : 0.9];
      one = update(g, one.state, one.params, { error, decay });
      other = step(g, other.state, other.params, tensor(error), tensor(decay));
    }
    expect(numbers(other.params).map((v) => v.toFixed(12))).toEqual(
      numbers(one.params).map((v) => v.toFixed(12)),
    );
    expect(calls).toBe(2);
  });

  const { init, update } = obgd({ rate: 1 });
  const [g, x] = [tensor([1]), tensor([1])];
  it.each<[string, () => unknown, string]>([
    [
      "a decay beyond 1",
      () => obgd({ rate: 1, decay: 1.1 }),
      "obgd: expected decay to be a number from 0 to 1, got 1.1",
    ],
    [
      "no bound",
      () => obgd({ rate: 1, kappa: 0 }),
      "obgd: expected kappa to be a finite number above 0, got 0",
    ],
    [
      "a misspelt signal",
      () => update(g, init(x), x, { delta: 1 } as ObgdSignal),
      'obgd: expected options among error, decay, got "delta"',
    ],
    [
      "an error that is no number",
      () => update(g, init(x), x, { error: Number.NaN }),
      "obgd: expected error to be a finite number or a tensor, got NaN",
    ],
    [
      "errors of a batch",
      () => update(g, init(x), x, { error: tensor([1, 2]) }),
      "obgd: expected the error to be a finite scalar, got float64 [2]",
    ],
    [
      "an infinite error in a tensor",
      () => update(g, init(x), x, { error: tensor(Number.POSITIVE_INFINITY) }),
      "obgd: expected the error to be a finite scalar, got one that is not finite",
    ],
    [
      "a decay with an axis",
      () => update(g, init(x), x, { decay: tensor([1]) }),
      "obgd: expected the decay to be a finite scalar, got float64 [1]",
    ],
    [
      "a trace that would hold the parameters still",
      () => update(tensor([1.7e308, 1.7e308]), init(tensor([0, 0])), tensor([0, 0])),
      "obgd: expected rate, error and length of the trace to have a finite product, got one beyond float64; clip the gradient first, by clipByNorm",
    ],
  ])("refuses %s", (_, act, sentence) => {
    expect(act).toThrow(new ArgumentError(sentence));
  });

  it("shows what is no number in the gradient", () => {
    expect(numbers(update(tensor([Number.NaN]), init(x), x).params)).toEqual([Number.NaN]);
    expect(() => update(tensor([1], { dtype: "int32" }), init(x), x)).toThrow(DTypeError);
  });
});
