import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { grad, jacfwd, jacrev, jvp, type Tensor, tensor, vjp } from "../../src/index.js";
import * as compare from "../../src/ops/compare.js";
import * as contraction from "../../src/ops/contract.js";
import * as convolution from "../../src/ops/conv.js";
import * as join from "../../src/ops/join.js";
import * as pointwise from "../../src/ops/pointwise.js";
import * as reduce from "../../src/ops/reduce.js";
import { scale } from "../../src/ops/scale.js";
import * as select from "../../src/ops/select.js";
import * as take from "../../src/ops/take.js";
import * as views from "../../src/ops/views.js";
import { type OpCase, opCases, withoutDerivative } from "../support/ops.js";

const runs = { numRuns: 5 };

/** Tensors for an op's inputs, and as many directions. */
function inputs(c: OpCase): fc.Arbitrary<{ xs: Tensor[]; vs: Tensor[]; ws: Tensor[] }> {
  const [low, high] = c.domain ?? [-2, 2];
  const of = (shape: readonly number[], min: number, max: number): fc.Arbitrary<Tensor> => {
    const n = shape.reduce((a, b) => a * b, 1);
    return fc
      .array(fc.double({ min, max, noNaN: true }), { minLength: n, maxLength: n })
      .map((values) => tensor(Float64Array.from(values), { shape }));
  };
  const all = (min: number, max: number): fc.Arbitrary<Tensor[]> =>
    fc.tuple(...c.shapes.map((s) => of(s, min, max)));
  return fc.record({ xs: all(low, high), vs: all(-1, 1), ws: all(-1, 1) });
}

const flat = (t: Tensor): number[] => Array.from(t.toTypedArray());
const inner = (a: Tensor, b: Tensor): number => flat(a).reduce((s, v, i) => s + v * flat(b)[i], 0);

function expectClose(a: Tensor | number[], b: Tensor | number[], tolerance: number): void {
  const [x, y] = [a, b].map((t) => (Array.isArray(t) ? t : flat(t)));
  expect(x.length).toBe(y.length);
  const size = Math.max(1, ...y.map(Math.abs));
  x.forEach((v, i) => expect(Math.abs(v - y[i]) / size).toBeLessThanOrEqual(tolerance));
}

describe("the table of ops", () => {
  it("holds every differentiable op that the library exports", () => {
    const modules = {
      ...pointwise,
      scale,
      ...compare,
      ...reduce,
      ...views,
      ...take,
      ...join,
      ...contraction,
      ...convolution,
      ...select,
    };
    const covered = new Set(opCases.map((c) => c.name));
    const missing = Object.keys(modules).filter((name) => !covered.has(name) && !withoutDerivative.has(name));
    expect(missing).toEqual([]);
  });
});

describe.each(opCases.map((c, i) => [`${c.name} #${i} ${JSON.stringify(c.shapes)}`, c] as const))(
  "%s",
  (_, c) => {
    it("jvp agrees with central differences", () => {
      fc.assert(
        fc.property(inputs(c), ({ xs, vs }) => {
          const h = 1e-5;
          const at = (sign: number): Tensor => c.f(...xs.map((x, i) => x.add(vs[i].mul(sign * h))));
          const difference = at(1)
            .sub(at(-1))
            .mul(1 / (2 * h));
          // the truncation error is h² f'''/6 and rounding gives 1e-16/h: both stay below 1e-7 for |f'''| up to 1e3
          expectClose(jvp(c.f, xs, vs).tangent, difference, 1e-7);
        }),
        runs,
      );
    });

    it("pullback is the transpose of the jvp", () => {
      fc.assert(
        fc.property(inputs(c), ({ xs, vs }) => {
          const { value, tangent } = jvp(c.f, xs, vs);
          const u = value.mul(0).add(
            tensor(
              Float64Array.from({ length: value.size }, (_u, i) => Math.sin(i + 1)),
              { shape: value.shape },
            ),
          );
          const pulled = vjp(c.f, ...xs).pullback(u);
          const right = pulled.reduce((s, p, i) => s + inner(p, vs[i]), 0);
          // both sides sum fewer than 1e3 products of numbers below 1e3 in different orders
          expect(Math.abs(inner(u, tangent) - right)).toBeLessThanOrEqual(
            1e-10 * Math.max(1, Math.abs(right)),
          );
        }),
        runs,
      );
    });

    it("second derivatives by all inputs agree: forward over reverse, reverse over forward, reverse over reverse", () => {
      fc.assert(
        fc.property(inputs(c), ({ xs, vs }) => {
          // squares bend what an op leaves linear, so that no second derivative is zero for want of a curve
          const loss = (all: readonly Tensor[]): Tensor => {
            const y = c.f(...all);
            return y
              .square()
              .mul(
                tensor(
                  Float64Array.from({ length: y.size }, (_u, i) => Math.cos(i)),
                  { shape: y.shape },
                ),
              )
              .sum();
          };
          const forwardOverReverse = jvp(grad(loss), [xs], [vs]).tangent;
          const reverseOverForward = grad((all: readonly Tensor[]) => jvp(loss, [all], [vs]).tangent)(xs);
          const along = (g: readonly Tensor[]): Tensor =>
            g.map((t, i) => t.mul(vs[i]).sum()).reduce((a, b) => a.add(b));
          const reverseOverReverse = grad((all: readonly Tensor[]) => along(grad(loss)(all)))(xs);
          // relative to the largest entry of all: terms that cancel in one of them are as large as the others
          expectClose(forwardOverReverse.flatMap(flat), reverseOverForward.flatMap(flat), 1e-9);
          expectClose(reverseOverReverse.flatMap(flat), reverseOverForward.flatMap(flat), 1e-9);
        }),
        runs,
      );
    });

    it("jacfwd on tied tangents equals jacrev", () => {
      fc.assert(
        fc.property(inputs(c), ({ xs }) => {
          xs.forEach((x, i) => {
            const f = (v: Tensor): Tensor => c.f(...xs.map((own, j) => (i === j ? v : own)));
            const [forward, reverse] = [jacfwd(f)(x), jacrev(f)(x)];
            expect(forward.shape).toEqual(reverse.shape);
            expectClose(forward, reverse, 1e-12);
          });
        }),
        runs,
      );
    });
  },
);
