import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import {
  ArgumentError,
  add,
  compile,
  debug,
  einsum,
  grad,
  item,
  mul,
  random,
  relu,
  scalar,
  sum,
  type Tensor,
  tanh,
  tensor,
  useBackend,
  valueAndGrad,
  zeros,
} from "../../src/index.js";

// compared to the last bit: other backends may take sums in another order when they replay
beforeAll(() => useBackend("js"));

interface Params {
  readonly w: Tensor;
  readonly b: Tensor;
}
const loss = ({ w, b }: Params, x: Tensor): Tensor => sum(relu(add(einsum("bi,oi->bo", x, w), b)).square());
const numbers = (t: Tensor): number[] => [...t.toTypedArray()];
const drawn = (seed: number, shape: number[]): Tensor => random.normal(random.key(seed), shape);

describe("a compiled function", () => {
  it.each([3, 200])(
    "gives the numbers of the function, call after call, for other arguments (%s units)",
    (n) => {
      const plain = valueAndGrad(loss);
      const compiled = compile(plain);
      const kept: [number[], Tensor][] = [];
      for (let call = 0; call < 40; call++) {
        // of two layouts; parameters change every third call
        const params = { w: drawn(call - (call % 3), [n, 50]), b: drawn(call, [n]) };
        const x = drawn(call + 100, [call % 5 === 4 ? 2 : 4, 50]);
        const [a, b] = [plain(params, x), compiled(params, x)];
        expect(item(b.value)).toBe(item(a.value));
        expect(numbers(b.gradient.w)).toEqual(numbers(a.gradient.w));
        kept.push([numbers(a.gradient.b), b.gradient.b]);
      }
      // later calls leave alone what earlier ones returned
      for (const [wanted, found] of kept) expect(numbers(found)).toEqual(wanted);
    },
  );

  it("takes any tree, and tells trees apart", () => {
    const f = compile((tree: { a?: Tensor; b?: Tensor }, list: readonly Tensor[]) => ({
      total: [...Object.values(tree), ...list].reduce((s, t) => add(s, t)),
      names: Object.keys(tree).join(),
    }));
    for (let call = 0; call < 20; call++) {
      expect(item(f({ a: scalar(call) }, [scalar(1)]).total)).toBe(call + 1);
      expect(f({ b: scalar(call) }, [scalar(1)]).names).toBe("b");
      expect(item(f({ a: scalar(1), b: scalar(2) }, [scalar(3), scalar(call)]).total)).toBe(6 + call);
    }
  });

  it("hands on arguments as they are, and results that are arguments", () => {
    const f = compile((x: Tensor, y: Tensor) => [x, mul(x, y), y] as const);
    for (let call = 0; call < 6; call++) {
      const [x, y] = [drawn(call, [100, 100]), drawn(call + 50, [3, 1, 1])];
      const [a, product, b] = f(x, y);
      expect(numbers(a)).toEqual(numbers(x));
      expect(numbers(b)).toEqual(numbers(y));
      expect(numbers(product)).toEqual(numbers(mul(x, y)));
    }
  });

  it("runs op by op where it looks at numbers, where it is watched, and within a derivative", () => {
    const f = compile((x: Tensor) => (item(sum(x)) > 0 ? x : mul(x, -1)));
    for (const v of [1, 2, -3, 4, -5, -6]) expect(item(f(scalar(v)))).toBe(Math.abs(v));
    const slope = grad(compile((x: Tensor) => sum(tanh(x))));
    for (let call = 0; call < 5; call++) expect(item(slope(scalar(0)))).toBe(1);
    const half = compile((x: Tensor) => mul(x, 0.5));
    for (let call = 0; call < 5; call++) half(scalar(1));
    expect(debug.nans(() => item(half(scalar(3))))).toBe(1.5);
  });

  it("records the ops of compiled functions that it calls, not their replays", () => {
    const inner = compile((x: Tensor) => tanh(mul(x, 2)));
    for (let call = 0; call < 5; call++) inner(scalar(call));
    let bodies = 0;
    const outer = compile((x: Tensor) => {
      bodies++;
      return add(inner(x), 1);
    });
    for (const v of [0.5, 0.5, 0.5, -1, 0.25, 3]) expect(item(outer(scalar(v)))).toBe(Math.tanh(2 * v) + 1);
    expect(bodies).toBe(2);
  });

  it("stays op by op where the results would take too much", () => {
    let calls = 0;
    const f = compile(
      (x: Tensor) => {
        calls++;
        return add(x, 1);
      },
      { limit: 10 },
    );
    for (let call = 0; call < 6; call++) f(zeros([4]));
    expect(calls).toBe(6);
  });

  it("finds out that a function changed by itself", () => {
    let factor = 1;
    const f = compile((x: Tensor) => mul(x, tensor([factor])));
    expect(() => {
      for (let call = 0; call < 40; call++) {
        if (call === 5) factor = 2;
        f(tensor([1, 2]));
      }
    }).toThrow(ArgumentError);
  });

  it("refuses what is no tree of tensors", () => {
    const f = compile((x: Tensor, n: number) => mul(x, n));
    expect(() => f(scalar(1), 2)).toThrow(
      'compile: expected tensors in plain objects and arrays, got a number at "1"',
    );
  });

  it("replays any chain of sums of products on the native backend too", () => {
    const wide = compile(
      valueAndGrad((w: Tensor, xs: readonly Tensor[]) =>
        sum(
          xs
            .map((x) => tanh(einsum("bi,oi->bo", x, w)))
            .reduce((a, b) => add(a, b))
            .square(),
        ),
      ),
    );
    const plain = valueAndGrad((w: Tensor, xs: readonly Tensor[]) =>
      sum(
        xs
          .map((x) => tanh(einsum("bi,oi->bo", x, w)))
          .reduce((a, b) => add(a, b))
          .square(),
      ),
    );
    fc.assert(
      fc.property(fc.nat(1000), fc.integer({ min: 2, max: 7 }), (seed, count) => {
        const w = drawn(seed, [5, 6]);
        const xs = Array.from({ length: count }, (_, i) => drawn(seed + i, [3, 6]));
        expect(numbers(wide(w, xs).gradient)).toEqual(numbers(plain(w, xs).gradient));
      }),
    );
  });
});
