import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pairLeaves } from "../../src/core/pair-leaves.js";
import { leavesOf, mapTree } from "../../src/core/tree.js";
import {
  backendName,
  backendNames,
  DTypeError,
  grad,
  hvp,
  isTensor,
  jacfwd,
  jacrev,
  jvp,
  linearize,
  ones,
  random,
  ShapeError,
  scalar,
  scan,
  type Tensor,
  tensor,
  useBackend,
  vjp,
} from "../../src/index.js";
import { adam, type Optimizer, sgd } from "../../src/nn/index.js";
import { checkGradients } from "../../src/testing/index.js";
import { shuffled } from "../support/shuffled.js";

type Branch = { readonly [name: string]: unknown };
const numbers = (t: Tensor): number[] => Array.from(t.toTypedArray());
const data = (tree: unknown): unknown => mapTree(tree, isTensor, (t: Tensor) => t.toArray());
const otherOrder = <T>(tree: T, seed: number): T => shuffled(tree, isTensor, seed);
/** Equal by path: to the bit for the same ops on the same numbers, else up to a fraction of the largest entry. */
const expectSame = (got: unknown, want: unknown, rounding = 0): void => {
  const words = { who: "test", reference: "what is wanted", other: "what came" };
  const pairs = pairLeaves<Tensor>(words, want, got, isTensor);
  const size = Math.max(...pairs.flatMap(({ value }) => numbers(value).map(Math.abs)));
  for (const { value, other, path } of pairs) {
    const wanted = numbers(value);
    expect(other.shape).toEqual(value.shape);
    numbers(other).forEach((v, i) => {
      expect(Math.abs(v - wanted[i]), path).toBeLessThanOrEqual(rounding * size);
    });
  }
};
/** Parameters after the first update. */
const first = <P>({ init, update }: Optimizer, params: P, gradient: P): P =>
  update(gradient, init(params), params).params;
const paths = (tree: unknown): string[] => leavesOf(tree, isTensor).map(({ path }) => path);

const backends = backendNames();
describe.each(backends)("trees are paired by path on %s", (name) => {
  const usual = backendName();
  beforeAll(() => {
    useBackend(name);
  });
  afterAll(() => {
    useBackend(usual);
  });

  it("in a Hessian times a vector", () => {
    const f = (p: { a: Tensor; b: Tensor }): Tensor => p.a.square().add(p.b.square().mul(5));
    const found = hvp(f, { a: scalar(1), b: scalar(1) }, { b: scalar(0), a: scalar(1) });
    expect(JSON.stringify(data(found))).toBe('{"a":2,"b":0}');
  });

  it("in tangents and cotangents", () => {
    const f = (p: { a: Tensor; b: Tensor }) => ({ u: p.a.mul(3), v: p.b.mul(7) });
    const [at, along] = [
      { a: scalar(1), b: scalar(1) },
      { b: scalar(0), a: scalar(1) },
    ];
    expect(data(jvp(f, [at], [along]).tangent)).toEqual({ u: 3, v: 0 });
    expect(data(linearize(f, at).pushforward(along))).toEqual({ u: 3, v: 0 });
    const [back] = vjp(f, at).pullback({ v: scalar(1), u: scalar(0) });
    expect(JSON.stringify(data(back))).toBe('{"a":0,"b":7}');
  });

  it("in the steps of a scan", () => {
    const step = (carry: { h: Tensor; n: Tensor }, x: Tensor) => {
      const next = { h: carry.h.add(x), n: carry.n.add(1) };
      const isOdd = carry.n.item() % 2 === 1;
      const [h, n] = [next.h.mul(10), next.n];
      return isOdd
        ? ([
            { n: next.n, h: next.h },
            { n, h },
          ] as const)
        : ([next, { h, n }] as const);
    };
    const { carry, outputs } = scan(step, { h: scalar(0), n: scalar(0) }, tensor([1, 2, 3]));
    expect(JSON.stringify(data(carry))).toBe('{"h":6,"n":3}');
    expect(JSON.stringify(data(outputs))).toBe('{"h":[10,30,60],"n":[1,2,3]}');
  });

  it("in what an optimizer is given, and in what it keeps", () => {
    const gradient = { b: scalar(0), a: scalar(1) };
    const params = { a: scalar(0), b: scalar(0) };
    const stepped = sgd({ rate: 1 }).update(gradient, sgd({ rate: 1 }).init(params), params);
    expect(JSON.stringify(data(stepped.params))).toBe('{"a":-1,"b":0}');
    const { init, update } = adam({ rate: 0.1 });
    let [one, other] = [0, 0].map(() => ({ params, state: init(params) }));
    for (let i = 0; i < 5; i++) {
      const g = { a: scalar(i + 1), b: scalar(-0.1 * i) };
      one = update(g, one.state, one.params);
      other = update(otherOrder(g, i + 7), otherOrder(other.state, i + 3), otherOrder(other.params, i));
    }
    expectSame(other.params, one.params);
  });

  it("in a check of gradients, where calls name their outputs in turns", () => {
    let calls = 0;
    const f = (x: Tensor): Branch => {
      const [u, v] = [x.square(), x.sin()];
      return calls++ % 2 ? { v, u } : { u, v };
    };
    expect(checkGradients(f, [scalar(0.7)], { order: 2 }).compared).toBeGreaterThan(4);
  });

  it("with any names", () => {
    const p = JSON.parse('{"a.b":0,"":1,"__proto__":2,"10":3,"2":4,"constructor":5}') as object;
    const params = mapTree(
      p,
      (v): v is number => typeof v === "number",
      (v) => tensor([v, 1]),
    ) as Readonly<Record<string, Tensor>>;
    const f = (q: typeof params): Tensor =>
      Object.keys(q)
        .sort()
        .map((k, i) => q[k].square().mul(i + 1))
        .reduce((x, y) => x.add(y));
    const J = jacrev(f)(params);
    expect(Object.keys(J)).toEqual(Object.keys(p));
    expect(Object.getPrototypeOf(J)).toBe(Object.prototype);
    const sorted = Object.keys(p).sort();
    for (const k of sorted) {
      const [x, y] = numbers(params[k]);
      const c = 2 * (sorted.indexOf(k) + 1);
      expect(J[k].toArray(), k).toEqual([
        [c * x, 0],
        [0, c * y],
      ]);
    }
    const g = grad((q: typeof params) => f(q).sum());
    expectSame(grad((q: typeof params) => f(q).sum())(otherOrder(params, 3)), g(params));
    expectSame(
      first(adam({ rate: 0.1 }), params, otherOrder(g(params), 5)),
      first(adam({ rate: 0.1 }), params, g(params)),
    );
  });
});

/** Random trees of a few vectors, with names of any kind. */
const name = fc.oneof(
  fc.constantFrom("a", "b", "W", "a.b", "", "0", "12", "__proto__", "constructor", 'x"]'),
  fc.string({ maxLength: 3 }),
);
const leaf = fc
  .integer({ min: 0, max: 1e6 })
  .map((seed) => random.normal(random.key(seed), [1 + (seed % 3)]));
const record = (child: fc.Arbitrary<unknown>) =>
  fc
    .uniqueArray(fc.tuple(name, child), { minLength: 1, maxLength: 4, selector: ([k]) => k })
    .map((pairs) => Object.fromEntries(pairs) as Branch);
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.constant(null),
    record(tie("tree")),
    fc.array(tie("tree"), { maxLength: 3 }),
  ),
}));
const trees = record(tree).filter((t) => paths(t).length > 0);

describe("random trees in any order of keys", () => {
  const likeness = (p: unknown, by: number): Branch =>
    mapTree(p, isTensor, (t: Tensor, path) => t.mul(by + path.length).cos()) as Branch;
  /** Each leaf with a factor of its own, and mixed with all others. */
  const f = (p: Branch): Branch => {
    const total = leavesOf<Tensor>(p, isTensor)
      .sort((a, b) => (a.path < b.path ? -1 : 1))
      .map(({ value, path }) => value.sum().mul(1 + path.length))
      .reduce((a, b) => a.add(b));
    return {
      y: mapTree(p, isTensor, (t: Tensor, path) =>
        t
          .sin()
          .mul(1 + path.length)
          .mul(total),
      ),
      z: total.square(),
    };
  };
  const s = (p: Branch): Tensor => (f(p).z as Tensor).sin();

  it("give what they give in order, and keep the order of the arguments", () => {
    fc.assert(
      fc.property(trees, fc.nat(1e6), (p, seed) => {
        const v = likeness(p, 1);
        const w = likeness(f(p), 2);
        const [ps, vs, ws] = [otherOrder(p, seed), otherOrder(v, seed + 1), otherOrder(w, seed + 2)];
        const results: [unknown, unknown, unknown][] = [
          [jvp(f, [p], [vs]).tangent, jvp(f, [p], [v]).tangent, f(p)],
          [jvp(f, [ps], [v]).tangent, jvp(f, [p], [v]).tangent, f(ps)],
          [linearize(f, p).pushforward(vs), linearize(f, p).pushforward(v), f(p)],
          [vjp(f, p).pullback(ws)[0], vjp(f, p).pullback(w)[0], p],
          [vjp(f, ps).pullback(w)[0], vjp(f, p).pullback(w)[0], ps],
          [grad(s)(ps), grad(s)(p), ps],
          [jacrev(s)(ps), jacrev(s)(p), ps],
          [hvp(s, p, vs), hvp(s, p, v), p],
          [hvp(s, ps, v), hvp(s, p, v), ps],
          [first(sgd({ rate: 0.1 }), p, vs), first(sgd({ rate: 0.1 }), p, v), p],
          [first(adam({ rate: 0.1 }), ps, v), first(adam({ rate: 0.1 }), p, v), ps],
        ];
        results.forEach(([got, want, like], i) => {
          // a few dozen terms that are added in another order, where the function itself sees another order
          expectSame(got, want, like === p ? 0 : 1e-12);
          expect(paths(got), `${i}`).toEqual(paths(like));
        });
      }),
      { numRuns: 60 },
    );
  });

  it("are carried and given by a scan", () => {
    fc.assert(
      fc.property(trees, fc.nat(1e6), (p, seed) => {
        const run = (mix: <T>(tree: T, t: number) => T) => {
          let t = 0;
          const step = (carry: Branch, x: Tensor) => {
            t++;
            const next = mapTree(carry, isTensor, (c: Tensor, path) =>
              c
                .mul(1 + path.length)
                .add(x)
                .sin(),
            ) as Branch;
            return [mix(next, seed + t), mix(f(next), seed - t)] as const;
          };
          return scan(step, p, ones([3]));
        };
        const [got, want] = [run(otherOrder), run((x) => x)];
        expectSame(got, want);
        expect(paths(got.carry)).toEqual(paths(p));
      }),
      { numRuns: 30 },
    );
  });
});

describe("what is no pair is refused by its path", () => {
  const x = tensor([1, 2]);
  const f = (p: { a: Tensor }): Tensor => p.a.sum();
  const any = (v: unknown) => v as never;
  it.each<[string, () => unknown, string]>([
    [
      "a tangent of another name",
      () => jvp(f, [{ a: x }], [any({ b: x })]),
      'jvp: expected tangent 0 to have a tensor at "a", got nothing',
    ],
    [
      "an extra tangent",
      () => jvp(f, [{ a: x }], [any({ a: x, "c.d": x })]),
      'jvp: expected tangent 0 to have nothing at ["c.d"], got a tensor',
    ],
    [
      "an array of tangents",
      () => linearize(f, { a: x }).pushforward(any([x])),
      "linearize: expected tangent 0 to be an object, got an array",
    ],
    [
      "no tangent",
      () => jvp(f, [{ a: x }], [any(undefined)]),
      'jvp: expected tangent 0 to have a tensor at "a", got nothing',
    ],
    [
      "a Map of tangents",
      () => jvp(f, [{ a: x }], [any(new Map([["a", x]]))]),
      "jvp: expected tensors in plain objects and arrays as tangent 0, got a Map",
    ],
    [
      "a vector of another tree",
      () => hvp(f, { a: x }, any({ A: x })),
      'hvp: expected tangent 0 to have a tensor at "a", got nothing',
    ],
    [
      "no vector",
      () => hvp(f, { a: x }, any(null)),
      'hvp: expected tangent 0 to have a tensor at "a", got nothing',
    ],
    [
      "a cotangent too few",
      () => vjp((a: Tensor) => ({ u: a, v: a }), x).pullback(any({ u: x })),
      'pullback: expected the cotangent to have a tensor at "v", got nothing',
    ],
    [
      "a result that is a promise",
      () => vjp(async (a: Tensor) => a, ...[x]),
      "vjp: expected tensors in plain objects and arrays as result, got a Promise",
    ],
    [
      "a result that is a Map",
      () => jvp((a: Tensor) => new Map([["a", a]]), [x], [x]),
      "jvp: expected tensors in plain objects and arrays as result, got a Map",
    ],
    [
      "a Map inside of a result",
      () => jacfwd((a: Tensor) => ({ a: [new Map([["a", a]])] }))(x),
      'jacfwd: expected tensors in plain objects and arrays as result, got a Map at "a.0"',
    ],
    [
      "parameters that are a Map",
      () => grad(f)(any(new Map([["a", x]]))),
      'grad: expected tensors in plain objects and arrays as arguments, got a Map at "0"',
    ],
    [
      "parameters of adam that are a Map",
      () => adam({ rate: 1 }).init(new Map([["a", x]])),
      "adam: expected tensors in plain objects and arrays as parameters, got a Map",
    ],
    [
      "a gradient of another name",
      () => first<object>(sgd({ rate: 1 }), { a: x }, { b: x }),
      'sgd: expected the gradient to have a tensor at "a", got nothing',
    ],
    [
      "a gradient of another shape",
      () => first(sgd({ rate: 1 }), { a: x }, { a: ones([3]) }),
      'sgd: the gradient at "a" must be [2], got [3]',
    ],
    [
      "steps that carry another tree",
      () => scan((c: object, y: Tensor) => [c === start ? { h: y } : { g: y }, y] as const, start, x),
      'scan: expected the carry of step 1 to have a tensor at "h", got nothing',
    ],
    [
      "steps that give other trees",
      () =>
        scan((c: Tensor, y: Tensor) => [c.add(1), c.item() > 0 ? { v: y } : { u: y }] as const, scalar(0), x),
      'scan: expected the outputs of step 1 to have a tensor at "u", got nothing',
    ],
    [
      "a carry that is a number",
      () => scan((c: number, y: Tensor) => [c, y] as const, 0, x),
      "scan: expected tensors in plain objects and arrays as first carry, got a number",
    ],
    [
      "a step that gives no pair",
      () =>
        scan(
          any((c: Tensor) => c),
          x,
          x,
        ),
      "scan: expected a step that gives [carry, output], got a tensor",
    ],
  ])("%s", (_, act, sentence) => {
    expect(act).toThrow(ShapeError);
    expect(act).toThrow(sentence);
  });
  const start = { h: scalar(0) };

  it("parameters that a state of adam does not know", () => {
    const { init, update } = adam({ rate: 0.1 });
    const state = init<object>({ a: x, b: x });
    const wrong = (p: object) => () => update(p, state, p);
    expect(wrong({ a: x })).toThrow('adam: expected mean of the state to have nothing at "b", got a tensor');
    expect(wrong({ a: x, c: x })).toThrow(
      'adam: expected mean of the state to have a tensor at "c", got nothing',
    );
    expect(wrong({ a: x, b: ones([3]) })).toThrow('adam: mean of the state at "b" must be [3], got [2]');
    expect(wrong({ a: x, b: tensor([1, 2], { dtype: "int32" }) })).toThrow(DTypeError);
    expect(() => update({ a: x, b: x }, {} as typeof state, { a: x, b: x })).toThrow(
      "adam: expected the state that its init or last update gave, of count, mean, square, got one of nothing",
    );
  });

  it("but options may stand beside what is differentiated, with a tangent of null", () => {
    const g = (a: Tensor, options: { factor: number }): Tensor => a.mul(options.factor);
    expect(jvp(g, [x, { factor: 3 }], [x, null]).tangent.toArray()).toEqual([3, 6]);
  });

  it("and a tree that is changed later changes nothing", () => {
    const p: Record<string, Tensor> = { a: scalar(2), b: scalar(3) };
    const { value, pullback } = vjp((q: typeof p) => ({ u: q.a.square(), v: q.b.square() }), p);
    delete p.a;
    p.a = scalar(9);
    delete (value as { u?: Tensor }).u;
    expect(data(pullback({ v: scalar(0), u: scalar(1) })[0])).toEqual({ a: 4, b: 0 });
  });
});
