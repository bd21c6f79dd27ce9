import { describe, expect, it } from "vitest";
import { grad, jacfwd, jvp, LevelError, scalar, type Tensor } from "../../src/index.js";

/** Derivative of a scalar function, forward or in reverse. */
type D = (f: (x: Tensor) => Tensor) => (x: Tensor) => Tensor;
const forward: D = (f) => (x) => jvp(f, [x], [scalar(1)]).tangent;
const reverse: D = (f) => grad(f);
const tied: D = (f) => jacfwd(f);
const modes: [string, D][] = [
  ["forward", forward],
  ["reverse", reverse],
  ["tied forward", tied],
];
const pairs = modes.flatMap(([a, outer]) => modes.map(([b, inner]) => [a, b, outer, inner] as const));

describe.each(pairs)("%s over %s", (_a, _b, outer, inner) => {
  it("keeps x · d/dy (x + y) apart (Siskind & Pearlmutter 2005)", () => {
    const f = (x: Tensor): Tensor => x.mul(inner((y) => x.add(y))(scalar(1)));
    expect(outer(f)(scalar(1)).item()).toBe(1);
  });

  it("keeps x · d/dy (x · y) apart", () => {
    const f = (x: Tensor): Tensor => x.mul(inner((y) => x.mul(y))(scalar(2)));
    expect(outer(f)(scalar(3)).item()).toBe(6);
  });

  it("follows the outer variable through the inner point", () => {
    // d/dx of (d/dy y³ at y = x²) = d/dx 3 x⁴
    const f = (x: Tensor): Tensor => inner((y) => y.mul(y).mul(y))(x.mul(x));
    expect(outer(f)(scalar(2)).item()).toBeCloseTo(96, 10);
  });
});

describe.each(modes)("%s", (_, d) => {
  it("recurses on itself: the n-th derivative of x⁵", () => {
    const power = (x: Tensor): Tensor => x.mul(x).mul(x).mul(x).mul(x);
    const nth = (n: number): ((x: Tensor) => Tensor) => (n === 0 ? power : d(nth(n - 1)));
    expect([1, 2, 3, 4, 5, 6].map((n) => nth(n)(scalar(2)).item())).toEqual([80, 160, 240, 240, 120, 0]);
  });

  it("refuses a value that leaked out of it", () => {
    let leaked: Tensor | null = null;
    d((x) => {
      leaked = x.mul(2);
      return leaked;
    })(scalar(1));
    expect(() => (leaked as unknown as Tensor).add(1)).toThrow(LevelError);
    // inside a later derivative too, where it would otherwise pass for a constant or for that level's own value
    expect(() => d((y) => y.mul(leaked as unknown as Tensor))(scalar(1))).toThrow(/finished/);
  });

  it("is closed again after an exception", () => {
    let leaked: Tensor | null = null;
    expect(() =>
      d((x) => {
        leaked = x;
        throw new Error("inside");
      })(scalar(1)),
    ).toThrow("inside");
    expect(() => (leaked as unknown as Tensor).add(1)).toThrow(LevelError);
    expect(d((x) => x.mul(x))(scalar(3)).item()).toBe(6);
  });
});

describe("mixed nesting", () => {
  it("alternates modes to the third derivative", () => {
    const f = (x: Tensor): Tensor => x.sin().mul(x);
    // (x sin x)''' = −3 sin x − x cos x
    const expected = -3 * Math.sin(0.7) - 0.7 * Math.cos(0.7);
    for (const [, a] of modes)
      for (const [, b] of modes)
        for (const [, c] of modes) expect(a(b(c(f)))(scalar(0.7)).item()).toBeCloseTo(expected, 12);
  });

  it("compares primal values only", () => {
    const f = (x: Tensor): Tensor => (x.greater(0).item() ? x.mul(3) : x.mul(-1));
    for (const [, d] of modes) expect([d(f)(scalar(2)).item(), d(f)(scalar(-2)).item()]).toEqual([3, -1]);
  });

  it("holds a loop of inner derivatives apart from the outer one", () => {
    // three steps of Newton's method for y² = x, differentiated with respect to x
    const root = (x: Tensor): Tensor => {
      let y = scalar(1.4);
      for (let i = 0; i < 6; i++) {
        const g = (v: Tensor): Tensor => v.mul(v).sub(x);
        y = y.sub(g(y).div(forward(g)(y)));
      }
      return y;
    };
    for (const [, d] of modes) expect(d(root)(scalar(2)).item()).toBeCloseTo(1 / (2 * Math.SQRT2), 12);
  });
});
