import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backend } from "../../src/device/backend.js";
import type { Call } from "../../src/device/program/call.js";
import { simplify } from "../../src/device/program/simplify.js";
import { Trial } from "../../src/device/program/validate.js";
import {
  add,
  backendNames,
  broadcastTo,
  compile,
  flip,
  grad,
  matmul,
  mul,
  outer,
  random,
  reshape,
  slice,
  type Tensor,
  tanh,
  transpose,
  useBackend,
} from "../../src/index.js";
import { recordProgram } from "../../src/tensor/compile/record.js";
import { denseOf } from "../../src/tensor/read.js";

const numbers = (seed: number, shape: readonly number[]): Tensor =>
  random.normal(random.key(seed), [...shape]);
const farthest = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().item();
/** Half the digits: sums may be taken in another order, of numbers of order 1 to 100. */
const close = 1e-8;

/** Ways of reading a product of [n, m], each with n m entries. */
const views: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  whole: (x) => x,
  transposed: (x) => transpose(x),
  flat: (x) => reshape(x, [-1]),
  column: (x) => reshape(x, [-1, 1]),
  "rows and columns exchanged": (x) => reshape(x, [x.shape[1], x.shape[0]]),
  "its first row again and again": (x) => broadcastTo(slice(x, [[0, 1]]), [...x.shape]),
  "from below": (x) => flip(x, 0),
};

/** A list of arguments and a function that sums products of them, read through views. */
const sums = fc
  .record({
    n: fc.integer({ min: 1, max: 4 }),
    m: fc.integer({ min: 1, max: 4 }),
    terms: fc.array(fc.constantFrom(...Object.keys(views)), { minLength: 4, maxLength: 7 }),
    isMixed: fc.boolean(),
    shared: fc.boolean(),
    pairwise: fc.boolean(),
    seed: fc.nat(1000),
  })
  .map(({ n, m, terms, isMixed, shared, pairwise, seed }) => {
    // of one shape, so that they can be summed
    const only = isMixed && n === m ? terms.filter((t) => t !== "flat" && t !== "column") : [];
    const names = only.length > 3 ? only : terms.map(() => terms[0]);
    const f = (a: readonly Tensor[]): Tensor => {
      const products = names.map((name, i) => views[name](outer(a[shared ? 0 : 2 * i], a[2 * i + 1])));
      if (!pairwise) return products.reduce((x, y) => add(x, y));
      const half = Math.floor(products.length / 2);
      const part = (list: readonly Tensor[]): Tensor => list.reduce((x, y) => add(x, y));
      return add(part(products.slice(0, half)), part(products.slice(half)));
    };
    const given = (call: number): Tensor[] =>
      names.flatMap((_, i) => [
        numbers(seed + 1000 * call + 2 * i, [n]),
        numbers(seed + 1000 * call + 2 * i + 1, [m]),
      ]);
    return { f, given, told: `${names} of ${n}x${m}` };
  });

describe.each(backendNames())("%s: replays", (name) => {
  it("read products as the sums of them do", () => {
    useBackend(name);
    fc.assert(
      fc.property(sums, ({ f, given, told }) => {
        const compiled = compile((a: Tensor[]) => f(a));
        for (let call = 0; call < 4; call++) {
          const a = given(call);
          expect(farthest(compiled(a), f(a)), `call ${call} of ${told}`).toBeLessThan(close);
        }
        // and not because they are no replays
        const a = given(9);
        const { result, program } = recordProgram(() => f(a));
        const around = { given: a.map((t) => denseOf(t).data), kept: [denseOf(result).data] };
        expect(program.simplified(around), told).not.toBeNull();
      }),
      { numRuns: 200 },
    );
  });

  it("of gradients by weights that are tied to their transpose are right", () => {
    useBackend(name);
    const loss = (W: Tensor, xs: Tensor[]): Tensor =>
      xs
        .map((x) =>
          matmul(transpose(W), tanh(matmul(W, x)))
            .sub(x)
            .square()
            .sum(),
        )
        .reduce((p, q) => add(p, q));
    const slope = (W: Tensor, xs: Tensor[]): Tensor => grad((w: Tensor) => loss(w, xs))(W);
    const compiled = compile(slope);
    for (let call = 0; call < 6; call++) {
      const W = numbers(call, [3, 3]);
      const xs = [0, 1, 2, 3, 4].map((i) => numbers(100 * call + i, [3]));
      expect(farthest(compiled(W, xs), slope(W, xs))).toBeLessThan(close);
    }
  });

  it("that would compute otherwise are found out before the first of them", () => {
    useBackend(name);
    const [x, y] = [numbers(1, [3, 3]), numbers(2, [3, 3])];
    const recorded = (): { calls: Call[]; given: Tensor[]; result: Tensor } => {
      const { result, program } = recordProgram(() => mul(tanh(add(x, y)), y));
      return { calls: [...(program as unknown as { calls: Call[] }).calls], given: [x, y], result };
    };
    const passes = (spoil: (call: Call) => Call): boolean => {
      const { calls, given, result } = recorded();
      const arrays = given.map((t) => denseOf(t).data);
      const kept = [denseOf(result).data];
      const trial = new Trial(calls, arrays, kept, backend());
      const less = simplify(calls, { given: arrays, kept, regroups: false }).map(spoil);
      for (const [data, near] of trial.near) data.write(near.host());
      return trial.passes(less, new Map());
    };
    expect(passes((call) => call)).toBe(true);
    const spoilt = (change: (call: Extract<Call, { kind: "kernel" }>) => Call) => (call: Call) =>
      call.kind === "kernel" && call.name === "add" ? change(call) : call;
    expect(passes(spoilt((call) => ({ ...call, name: "sub" })))).toBe(false);
    expect(
      passes(
        spoilt(({ inputs: [a, b], ...call }) => ({
          ...call,
          inputs: [{ ...a, strides: [...a.strides].reverse() }, b],
        })),
      ),
    ).toBe(false);
    expect(
      passes(spoilt(({ inputs: [a, b], ...call }) => ({ ...call, inputs: [{ ...a, offset: 7 }, b] }))),
    ).toBe(false);
  });
});
