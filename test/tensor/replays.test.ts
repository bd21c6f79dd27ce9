/** A replay gives what the computation would give op by op now, or it is not replayed: on every backend. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  ArgumentError,
  add,
  backendName,
  backendNames,
  compile,
  customJvp,
  full,
  grad,
  hvp,
  item,
  jacfwd,
  jvp,
  logSoftmax,
  matmul,
  maximum,
  mul,
  neg,
  ones,
  random,
  relu,
  scan,
  sub,
  sum,
  type Tensor,
  tanh,
  tensor,
  transpose,
  useBackend,
  valueAndGrad,
  vjp,
  zeros,
} from "../../src/index.js";

const T = tensor;
const first = (t: Tensor): number => t.toTypedArray()[0];
const chosen = backendName();
afterAll(() => useBackend(chosen));

describe.each(backendNames())("replays on %s", (name) => {
  beforeAll(() => useBackend(name));

  it("takes results of its own as arguments, small and large", () => {
    for (const size of [3, 8192, 20_000]) {
      const f = compile((x: Tensor) => x.add(1));
      let x = zeros([size]);
      const seen: number[] = [];
      for (let call = 0; call < 300; call++) {
        x = f(x);
        if (call < 6) seen.push(first(x));
      }
      expect(seen).toEqual([1, 2, 3, 4, 5, 6]);
      expect(first(x)).toBe(300);
    }
  });

  it("keeps apart two arguments, or an argument and an earlier result, on one array", () => {
    const f = compile((x: Tensor, y: Tensor) => [x.mul(2).add(y), x.sub(y)] as const);
    let [x, y] = [full([9000], 1), full([9000], 2)];
    let [a, b] = [1, 2];
    for (let call = 0; call < 12; call++) {
      [x, y] = call % 3 === 2 ? f(x, x) : f(x, y);
      [a, b] = call % 3 === 2 ? [3 * a, 0] : [2 * a + b, a - b];
      expect([first(x), first(y)]).toEqual([a, b]);
    }
  });

  it("gathers at positions of now: given, computed inside, labels of a loss", () => {
    const values = T([10, 20, 30]);
    const at = (i: number): Tensor => T([i], { dtype: "int32" });
    const given = compile((x: Tensor, i: Tensor) => x.gather(i));
    expect([0, 0, 1, 2].map((i) => first(given(values, at(i))))).toEqual([10, 10, 20, 30]);
    const inside = compile((x: Tensor, i: Tensor) => x.gather(add(i, at(1))));
    expect([0, 0, 1, 0].map((i) => first(inside(values, at(i))))).toEqual([20, 20, 30, 20]);
    const constant = compile((x: Tensor) => x.gather(at(2)));
    expect([0, 1, 2, 3].map((i) => first(constant(values.add(i))))).toEqual([30, 31, 32, 33]);
    const loss = (w: Tensor, y: Tensor): Tensor => neg(sum(logSoftmax(w).gather(y)));
    const [plain, compiled] = [valueAndGrad(loss), compile(valueAndGrad(loss))];
    for (const label of [0, 0, 1, 2, 0]) {
      const [want, got] = [plain(values, at(label)), compiled(values, at(label))];
      expect([...got.gradient.toTypedArray()]).toEqual([...want.gradient.toTypedArray()]);
    }
  });

  it("does not make a constant of what a transformation follows", () => {
    const three = T(3);
    const product = (w: Tensor): Tensor => compile((x: Tensor) => x.mul(w))(three);
    expect(item(grad(product)(T(2)))).toBe(3);
    expect(item(jvp(product, [T(2)], [T(1)]).tangent)).toBe(3);
    expect(item(jacfwd(product)(T(2)))).toBe(3);
    expect(item(vjp(product, T(2)).pullback(T(1))[0])).toBe(3);
    expect(item(hvp((w: Tensor) => compile((x: Tensor) => x.mul(w).mul(w))(three), T(2), T(1)))).toBe(6);
    const handed = (w: Tensor): Tensor => compile((x: Tensor) => ({ w, x }))(three).w;
    expect(item(grad(handed)(T(2)))).toBe(1);
    const scanned = (w: Tensor): Tensor => {
      const step = compile((h: Tensor, x: Tensor) => [h.mul(w).add(x), h] as const);
      return scan(step, T(0), ones([6])).carry;
    };
    // 1 + w + … + w⁵
    expect(item(grad(scanned)(T(2)))).toBe(1 + 4 + 12 + 32 + 80);
  });

  it("replays outside of a transformation what was followed within one", () => {
    let w = T(2);
    let bodies = 0;
    const f = compile((x: Tensor) => {
      bodies++;
      return x.mul(w);
    });
    const slope = (at: number): number =>
      item(
        grad((v: Tensor) => {
          w = v;
          return f(T(at));
        })(T(5)),
      );
    expect([slope(3), slope(4)]).toEqual([3, 4]);
    w = T(7);
    bodies = 0;
    expect([1, 2, 3, 4].map((x) => item(f(T(x))))).toEqual([7, 14, 21, 28]);
    expect(bodies).toBe(2);
  });

  it("takes nothing that it captured for an argument", () => {
    for (const size of [8, 8192]) {
      const start = ones([size]);
      const f = compile((W: Tensor) => W.sub(start).square().sum());
      expect([start, start, start, full([size], 3), start].map((W) => item(f(W)))).toEqual([
        0,
        0,
        0,
        4 * size,
        0,
      ]);
    }
  });

  it("tells layouts apart by everything but the numbers", () => {
    const f = compile((x: Tensor, c: unknown) => mul(x, kindOf(c)));
    const kinds = [
      null,
      undefined,
      {},
      [],
      { a: null },
      { a: undefined },
      { "a.b": T(1) },
      { a: { b: T(1) } },
    ];
    const more = [[T(1)], { 0: T(1) }, { a: T(1), b: T(1) }, { b: T(1), a: T(1) }, [[], {}], [{}, []]];
    for (let round = 0; round < 3; round++)
      for (const kind of [...kinds, ...more]) expect(item(f(T(1), kind))).toBe(kindOf(kind));
  });

  it("refuses results that are no trees of tensors, naming what came", () => {
    class Pair {}
    const cases: readonly [unknown, string][] = [
      [new Map(), "a Map"],
      [new Set(), "a Set"],
      [Promise.resolve(1), "a Promise"],
      [new Pair(), "a Pair"],
      [[{ x: new Pair() }], 'a Pair at "0.x"'],
      [() => 1, "a function"],
    ];
    for (const [result, what] of cases) {
      const f = compile((_: Tensor) => result);
      for (let call = 0; call < 4; call++)
        expect(() => f(T(1))).toThrow(
          new ArgumentError(
            `result of compile: expected tensors and constants in plain objects and arrays, got ${what}`,
          ),
        );
    }
    expect(() => compile(async (x: Tensor) => x.mul(2))(T(1))).toThrow(/a Promise/);
  });

  it("finds a change of what comes out, not only of what is computed", () => {
    let swap = false;
    const f = compile((x: Tensor) => {
      const [a, b] = [x.mul(2), x.mul(3)];
      return swap ? [b, a] : [a, b];
    });
    expect(() => {
      for (let call = 0; call < 40; call++) {
        swap = call >= 5;
        f(T([1, 2]));
      }
    }).toThrow(/results since call 3 may be wrong/);
    // from then on op by op
    expect(f(T([1, 2])).map(first)).toEqual([3, 2]);
    swap = false;
    expect(f(T([1, 2])).map(first)).toEqual([2, 3]);
  });

  it("is audited at most 256 replays after the last time", () => {
    for (const at of [20, 100, 300, 1100]) {
      let factor = 1;
      let calls = 0;
      const f = compile((x: Tensor) => x.mul(factor));
      const run = (): void => {
        for (; calls < at + 300; calls++) {
          if (calls === at) factor = 2;
          f(T([1]));
        }
      };
      expect(run).toThrow(/results since call \d+ may be wrong/);
      expect(calls - at).toBeLessThanOrEqual(256);
    }
  });

  it("holds its constants, whatever becomes of the arrays that they came from", () => {
    const numbers = new Float64Array([1, 2]);
    const captured = T(numbers);
    const f = compile((x: Tensor) => x.mul(captured));
    for (let call = 0; call < 4; call++) {
      numbers[0] = 100 * call;
      expect([...f(T([1, 1])).toTypedArray()]).toEqual([1, 2]);
    }
  });

  it("follows custom rules in compiled functions", () => {
    const square = customJvp(
      (x) => x.mul(x),
      ([x], [t]) => x.mul(t).mul(2),
    );
    const f = compile(grad((x: Tensor) => square(x).sum()));
    for (const v of [1, 2, 3, 4]) expect(first(f(T([v])))).toBe(2 * v);
  });
});

/** A number for what a function can see of a tree beside the numbers. */
function kindOf(c: unknown): number {
  const words = JSON.stringify(c, (_, v: unknown) =>
    v === undefined ? "undefined" : typeof v === "object" && v !== null && "dtype" in v ? "tensor" : v,
  );
  return [...(words ?? "undefined")].reduce(
    (h, ch) => (h * 31 + ch.charCodeAt(0)) % 9973,
    c === undefined ? 7 : 1,
  );
}

type Step = (a: Tensor, b: Tensor, c: Tensor) => Tensor;
/** Ops that keep sizes and numbers within bounds, however often they are fed back. */
const ops: readonly Step[] = [
  (a, b) => mul(add(a, b), 0.5),
  (a, b) => tanh(sub(a, b)),
  (a) => tanh(a).mul(0.9),
  (a, b) => maximum(a, b).mul(0.99),
  (a) => relu(a),
  (a, b) => mul(tanh(a), tanh(b)),
  (a) => transpose(a),
  (a, _, c) => mul(a, c),
  (a, b) => (a.shape[0] <= 8 ? tanh(matmul(a, b)) : add(a, b).mul(0.5)),
  (a) => a,
];

describe.each(backendNames())("random functions that are fed back on %s", (name) => {
  beforeAll(() => useBackend(name));

  it("give what they give op by op, small and large: 500 of them", { timeout: 300_000 }, () => {
    const programs = fc.array(fc.record({ op: fc.nat(ops.length - 1), a: fc.nat(), b: fc.nat() }), {
      minLength: 1,
      maxLength: 8,
    });
    const holds = fc.property(
      programs,
      fc.constantFrom(3, 8, 91, 100),
      fc.array(fc.nat(), { minLength: 2, maxLength: 2 }),
      fc.nat(1e6),
      fc.boolean(),
      (program, n, out, seed, swaps) => {
        const captured = random.uniform(random.key(seed), [n, n]);
        const f = (tree: { x: Tensor; y: Tensor }): { x: Tensor; y: Tensor } => {
          const all = [tree.x, tree.y, captured];
          for (const { op, a, b } of program)
            all.push(ops[op](all[a % all.length], all[b % all.length], captured));
          return { x: all[all.length - 1 - (out[0] % all.length)], y: all[out[1] % all.length] };
        };
        const compiled = compile(f);
        const start = { x: random.normal(random.key(seed + 1), [n, n]), y: captured };
        let [want, got] = [start, start];
        const kept: [Float64Array, Tensor][] = [];
        for (let call = 0; call < 7; call++) {
          if (swaps && call % 2) [want, got] = [want, got].map(({ x, y }) => ({ x: y, y: x }));
          [want, got] = [f(want), compiled(got)];
          kept.push([want.x.toTypedArray() as Float64Array, got.x]);
        }
        // sums that a replay takes in another order are rounded otherwise; a wrong array is off by as much as its numbers
        for (const [numbers, t] of kept) {
          const found = t.toTypedArray();
          let most = 0;
          for (let i = 0; i < numbers.length; i++) most = Math.max(most, Math.abs(found[i] - numbers[i]));
          expect(most).toBeLessThan(1e-12);
        }
      },
    );
    fc.assert(holds, { numRuns: 500 });
  });
});

describe.each(backendNames())("%s: arguments that come out", (name) => {
  it.each([4, 2 ** 14])("of %d numbers are handed back as they came, and the call is replayed", (n) => {
    useBackend(name);
    let runs = 0;
    const f = compile((x: Tensor, y: Tensor) => {
      runs++;
      return { x, y: [y, x.mul(y)] as const };
    });
    for (let k = 0; k < 6; k++) {
      const [x, y] = [full([n], k), full([n], 2)];
      const out = f(x, y);
      // the first call is made on arrays of its own
      const isHandedBack = k >= 1;
      expect([out.x === x, out.y[0] === y]).toEqual([isHandedBack, isHandedBack]);
      expect(out.x.sub(x).abs().sum().item()).toBe(0);
      expect(out.y[1].sum().item()).toBe(2 * k * n);
    }
    expect(runs).toBe(2);
  });
});

describe.each(backendNames())("%s: what a recorded call leaves elsewhere", (name) => {
  it.each([2, 2 ** 14])("stays what it was: %d numbers", (n) => {
    useBackend(name);
    const seen: Tensor[][] = [];
    const f = compile((x: Tensor) => {
      const [twice, sum] = [x.mul(2), x.sum()];
      seen.push([x, twice, sum]);
      return { loss: twice.tanh().sum(), twice, sum };
    });
    const outs = [1, 2, 3, 4, 5].map((k) => f(full([n], k)));
    expect(seen.map((s) => s.map((t) => t.toTypedArray()[0]))).toEqual([
      [1, 2, n],
      [2, 4, 2 * n],
    ]);
    expect(outs.map(({ twice, sum }) => [twice.toTypedArray()[0], sum.item()])).toEqual(
      [1, 2, 3, 4, 5].map((k) => [2 * k, k * n]),
    );
  });
});
