import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  add,
  dot,
  einsum,
  exp,
  grad,
  hessian,
  hvp,
  jacfwd,
  jacrev,
  jvp,
  mul,
  random,
  sin,
  type Tensor,
  tensor,
} from "../../src/index.js";
import { differentiate } from "../../src/testing/differences.js";
import { type Composition, compositions, shape, steps } from "../support/compositions.js";

type Scalar = (x: Tensor) => Tensor;
/** The derivative of a scalar function along a direction, by one mode. */
type Mode = (f: Scalar, v: Tensor) => Scalar;

const modes: Readonly<Record<string, Mode>> = {
  forward: (f, v) => (x) => jvp(f, [x], [v]).tangent,
  reverse: (f, v) => (x) => grad(f)(x).mul(v).sum(),
  tied: (f, v) => (x) => jacfwd(f)(x).mul(v).sum(),
};
const names = Object.keys(modes);

/** Modes from the innermost to the outermost, such as ["reverse", "forward"] for forward over reverse. */
const nested = (order: readonly string[], f: Scalar, along: readonly Tensor[]): Scalar =>
  order.reduce((g, mode, i) => modes[mode](g, along[i]), f);
const orders = (n: number): string[][] =>
  n === 0 ? [[]] : orders(n - 1).flatMap((order) => names.map((name) => [...order, name]));
const label = (order: readonly string[]): string => [...order].reverse().join(" over ");

const draw = (seed: number, s: readonly number[] = shape): Tensor => random.normal(random.key(seed), s);
const directions = (seed: number): Tensor[] => [1, 2, 3].map((i) => draw(7919 * i + seed));
const weights = draw(50);
const lossOf =
  ({ f }: Composition): Scalar =>
  (x) =>
    f(x).mul(weights).sum();

const biggest = (values: Float64Array): number => values.reduce((m, v) => Math.max(m, Math.abs(v)), 1);

/** Ways to one number or tensor, each against the first; relative to the largest entry, or 1. */
function expectAgreement(found: readonly (readonly [string, Tensor])[], tolerance: number): void {
  const [[, first]] = found;
  const want = Float64Array.from(first.toTypedArray());
  for (const [name, t] of found) {
    const got = Float64Array.from(t.toTypedArray());
    expect(t.shape).toEqual(first.shape);
    const error = got.reduce((m, v, i) => Math.max(m, Math.abs(v - want[i])), 0) / biggest(want);
    if (!(error <= tolerance)) throw new Error(`${name}: off by ${error}`);
  }
}

// what reordering costs: a few hundred products, with a few digits cancelled in third derivatives
const rounding = 1e-11;

describe("the random compositions", () => {
  it("draw on pointwise ops, reductions, contractions and views", () => {
    expect(steps.length).toBeGreaterThan(60);
    for (const name of ["tanh", "atan2", "pow", "variance", "einsum with itself", "permute"])
      expect(steps.map((s) => s.name)).toContain(name);
  });
});

describe("second derivatives of random compositions", () => {
  it("are one Hessian, by every pair of modes", () => {
    fc.assert(
      fc.property(compositions(3), (c) => {
        const loss = lossOf(c);
        expectAgreement(
          [
            ["hessian", hessian(loss)(c.x)],
            ["jacrev of grad", jacrev(grad(loss))(c.x)],
            ["jacfwd of jacrev", jacfwd(jacrev(loss))(c.x)],
            ["jacrev of jacfwd", jacrev(jacfwd(loss))(c.x)],
            ["jacrev of jacrev", jacrev(jacrev(loss))(c.x)],
            ["jacfwd of jacfwd", jacfwd(jacfwd(loss))(c.x)],
            ["its transpose", hessian(loss)(c.x).permute([3, 4, 5, 0, 1, 2])],
          ],
          rounding,
        );
      }),
      { numRuns: 20 },
    );
  });

  it("of functions with many outputs agree too, axis by axis", () => {
    fc.assert(
      fc.property(compositions(2), ({ f, x }) => {
        const g = (v: Tensor): Tensor => einsum("abc,bd->d", f(v), draw(51, [3, 2]));
        expectAgreement(
          [
            ["jacfwd of jacrev", jacfwd(jacrev(g))(x)],
            ["jacrev of jacfwd", jacrev(jacfwd(g))(x)],
            ["jacrev of jacrev", jacrev(jacrev(g))(x)],
            ["jacfwd of jacfwd", jacfwd(jacfwd(g))(x)],
          ],
          rounding,
        );
      }),
      { numRuns: 10 },
    );
  });

  it("along directions agree with each other and with nested differences of values alone", () => {
    fc.assert(
      fc.property(compositions(3), (c) => {
        const [loss, [v, w]] = [lossOf(c), directions(c.seed)];
        const ways = orders(2).map((order) => [label(order), nested(order, loss, [v, w])(c.x)] as const);
        expectAgreement([...ways, ["hvp", hvp(loss, c.x, v).mul(w).sum()]], rounding);
        const at = (s: number, t: number): number[] => [loss(c.x.add(v.mul(s)).add(w.mul(t))).item()];
        const inner = (t: number): Float64Array => differentiate((s) => at(s, t), 0.1, 1e-13).values;
        const { values } = differentiate(inner, 0.1, 1e-9);
        // inner differences keep some 12 digits, and the outer ones divide what they lost by steps of a few hundredths
        expectAgreement([["differences", tensor(values).reshape([])], ways[0]], 1e-7);
      }),
      { numRuns: 20 },
    );
  });
});

describe("third derivatives of random compositions", () => {
  it("agree in mixed modes, and with differences of second ones", () => {
    fc.assert(
      fc.property(
        compositions(3),
        fc.shuffledSubarray(orders(3), { minLength: 4, maxLength: 4 }),
        (c, some) => {
          const [loss, [u, v, w]] = [lossOf(c), directions(c.seed)];
          const second = nested(["reverse", "forward"], loss, [u, v]);
          const along = (s: number): number[] => [second(c.x.add(w.mul(s))).item()];
          const { values } = differentiate(along, 0.1, 1e-11);
          const ways = some.map((order) => [label(order), nested(order, loss, [u, v, w])(c.x)] as const);
          expectAgreement(ways, rounding);
          // extrapolated to step zero, differences of exact second derivatives keep ten digits
          expectAgreement([["differences", tensor(values).reshape([])], ...ways], 1e-8);
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe("closed forms, by every nesting of three modes", () => {
  const a = tensor([0.5, -1.25, 2]);
  const x = tensor([0.3, 0.7, -0.2]);
  const [u, v, w] = [1, 2, 3].map((s) => draw(s, [3]));
  const [au, av, aw] = [u, v, w].map((d) => dot(a, d).item());
  const z = dot(a, x).item();
  const forms: readonly [string, (t: Tensor) => Tensor, number][] = [
    ["exp(a·x)", exp, Math.exp(z)],
    ["sin(a·x)", sin, -Math.cos(z)],
    ["(a·x)⁵", (t) => mul(mul(mul(mul(t, t), t), t), t), 60 * z * z],
    ["(a·x)^5", (t) => t.add(3).pow(5), 60 * (z + 3) ** 2],
    ["a·x exp(a·x)", (t) => mul(t, exp(t)), (z + 3) * Math.exp(z)],
    ["1 / (3 + a·x)", (t) => add(t, 3).reciprocal(), -6 / (3 + z) ** 4],
  ];

  it.each(forms)("%s", (_, f, third) => {
    const g = (t: Tensor): Tensor => f(dot(a, t));
    const want = tensor(third * au * av * aw);
    // some twenty products and sums, each rounded to 1.1e-16
    expectAgreement(
      [["closed form", want], ...orders(3).map((o) => [label(o), nested(o, g, [u, v, w])(x)] as const)],
      1e-13,
    );
  });

  it("would notice a wrong third derivative", () => {
    const g = (t: Tensor): Tensor => exp(dot(a, t));
    const right = nested(["forward", "reverse", "forward"], g, [u, v, w])(x);
    expect(() =>
      expectAgreement(
        [
          ["right", right],
          ["second", nested(["forward", "reverse"], g, [u, v])(x)],
        ],
        1e-3,
      ),
    ).toThrow(/off by/);
  });
});
