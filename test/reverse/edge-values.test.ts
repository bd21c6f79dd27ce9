import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { defineCell } from "../../src/cells/index.js";
import { checkDerivatives, isDerivativeFile } from "../../src/cli/check/derivatives.js";
import * as o from "../../src/index.js";
import {
  grad,
  hessian,
  jacfwd,
  jacrev,
  jvp,
  log,
  scalar,
  sqrt,
  type Tensor,
  tensor,
  where,
} from "../../src/index.js";
import { rfp, stack } from "../../src/learn/index.js";
import * as pointwise from "../../src/ops/pointwise.js";
import { scale } from "../../src/ops/scale.js";
import { type Elementwise, first, second } from "../support/readings.js";

const rows: unknown = JSON.parse(
  readFileSync(new URL("../oracles/derivatives.json", import.meta.url), "utf8"),
);

describe("known derivatives", () => {
  const report = isDerivativeFile(rows) ? checkDerivatives(rows) : null;
  it.each((report?.cases ?? []).map((c) => [c.name, c] as const))("%s", (_, c) => {
    expect(c.parameters).toSatisfy(() => c.ok);
  });
  it("are there", () => expect(report?.cases.length).toBeGreaterThan(35));
});

const [inf, nan] = [Number.POSITIVE_INFINITY, Number.NaN];

/** Signs of zero do not count. */
const same = (a: number, b: number): boolean => a === b || (Number.isNaN(a) && Number.isNaN(b));

function expectAll(readings: Readonly<Record<string, Tensor>>, want: number): void {
  for (const [reading, t] of Object.entries(readings)) {
    const got = t.toTypedArray()[0];
    if (!same(got, want)) expect(`${reading}: ${got}`).toBe(`${reading}: ${want}`);
  }
}

/** Point, first derivatives, and second ones row by row; `null` where mathematics and conventions give none. */
type Row = readonly [
  name: string,
  f: Elementwise,
  at: readonly number[],
  d: readonly number[],
  dd: readonly number[] | null,
];

const clip = (x: Tensor): Tensor => o.clip(x, -1, 2);
const rowsOf = (
  name: string,
  f: Elementwise,
  points: readonly [readonly number[], readonly number[], readonly number[] | null][],
): Row[] => points.map(([at, d, dd]) => [name, f, at, d, dd]);

// second derivatives at a kink are those of the flat pieces beside it; at a pole, the limit from inside the domain
const edges: readonly Row[] = [
  ...Object.entries({ abs: o.abs, sign: o.sign, relu: o.relu }).flatMap(([name, f]) =>
    rowsOf(name, f, [
      [[0], [0], [0]],
      [[-0], [0], [0]],
    ]),
  ),
  ...rowsOf("floor", o.floor, [[[2], [0], [0]]]),
  ...rowsOf("maximum", o.maximum, [
    [
      [1, 1],
      [0.5, 0.5],
      [0, 0, 0, 0],
    ],
    [
      [inf, inf],
      [0.5, 0.5],
      [0, 0, 0, 0],
    ],
  ]),
  ...rowsOf("minimum", o.minimum, [
    [
      [1, 1],
      [0.5, 0.5],
      [0, 0, 0, 0],
    ],
    [
      [0, -0],
      [0.5, 0.5],
      [0, 0, 0, 0],
    ],
  ]),
  ...rowsOf("clip", clip, [
    [[-1], [1], [0]],
    [[2], [1], [0]],
    [[-1 - 2 ** -52], [0], [0]],
    [[2 + 2 ** -51], [0], [0]],
    [[0], [1], [0]],
  ]),
  ...rowsOf("sqrt", o.sqrt, [[[0], [inf], [-inf]]]),
  ...rowsOf("log", o.log, [[[0], [inf], [-inf]]]),
  ...rowsOf("log1p", o.log1p, [[[-1], [inf], [-inf]]]),
  ...rowsOf("cbrt", o.cbrt, [[[0], [inf], null]]),
  ...rowsOf("asin", o.asin, [
    [[1], [inf], [inf]],
    [[-1], [inf], [-inf]],
  ]),
  ...rowsOf("acos", o.acos, [
    [[1], [-inf], [-inf]],
    [[-1], [-inf], [inf]],
  ]),
  ...rowsOf("atanh", o.atanh, [
    [[1], [inf], [inf]],
    [[-1], [inf], [-inf]],
  ]),
  ...rowsOf("acosh", o.acosh, [[[1], [inf], [-inf]]]),
  ...rowsOf("reciprocal", o.reciprocal, [[[0], [-inf], [inf]]]),
  ...rowsOf("rsqrt", o.rsqrt, [[[0], [-inf], [inf]]]),
  ...rowsOf("elu", o.elu, [[[0], [1], null]]),
  ...rowsOf("softsign", o.softsign, [[[0], [1], null]]),
  ...rowsOf("pow", o.pow, [
    [
      [0, 2],
      [0, 0],
      [2, 0, 0, 0],
    ],
    [
      [0, 3],
      [0, 0],
      [0, 0, 0, 0],
    ],
    [[0, 1], [1, 0], null],
    [[0, 0], [0, 0], null],
    [[0, 0.5], [inf, 0], null],
    [
      [-3, 2],
      [-6, nan],
      [2, nan, nan, nan],
    ],
    [
      [-3, 0],
      [0, nan],
      [0, nan, nan, nan],
    ],
    [
      [-3, 0.5],
      [nan, nan],
      [nan, nan, nan, nan],
    ],
  ]),
  ...rowsOf("hypot", o.hypot, [
    [
      [0, 0],
      [0, 0],
      [0, 0, 0, 0],
    ],
    [
      [0, -2],
      [0, -1],
      [0.5, 0, 0, 0],
    ],
  ]),
  ...rowsOf("atan2", o.atan2, [
    [
      [0, 0],
      [nan, nan],
      [nan, nan, nan, nan],
    ],
    [
      [0, -1],
      [-1, 0],
      [0, -1, -1, 0],
    ],
  ]),
  ...rowsOf("div", o.div, [
    [
      [1, 0],
      [inf, -inf],
      [0, -inf, -inf, inf],
    ],
  ]),
  ...rowsOf("scale", scale, [
    [
      [0, inf],
      [inf, 0],
      [0, 1, 1, 0],
    ],
    [
      [0, nan],
      [nan, 0],
      [0, 1, 1, 0],
    ],
  ]),
];

describe("derivatives at the edges", () => {
  it.each(edges.map((row) => [`${row[0]}(${row[2].join(", ")})`, row] as const))(
    "of %s, by every reading",
    (_, row) => {
      const [, f, at, d, dd] = row;
      const xs = at.map((v) => tensor([v]));
      d.forEach((want, i) => {
        expectAll(first(f, xs, i), want);
        at.forEach((__, j) => dd && expectAll(second(f, xs, i, j), dd[i * at.length + j]));
      });
    },
  );

  // first and second derivatives at the largest finite number are at most 1e-154 from those at infinity, or overflow too
  const one = Object.entries(pointwise).filter(([, f]) => f.length === 1) as [string, Elementwise][];
  it.each(one)("of %s at infinity are the limits, where the value has one", (_, f) => {
    for (const sign of [1, -1]) {
      const [end, far] = [inf, Number.MAX_VALUE].map((v) => tensor([sign * v]));
      if (Number.isNaN(f(end).toTypedArray()[0])) continue;
      for (const readings of [first, (g: Elementwise, xs: Tensor[]) => second(g, xs, 0, 0)]) {
        const limits = Object.values(readings(f, [far], 0)).map((t) => t.toTypedArray()[0]);
        Object.values(readings(f, [end], 0)).forEach((t, i) => {
          const got = t.toTypedArray()[0];
          if (!same(got, limits[i])) expect(Math.abs(got - limits[i])).toBeLessThan(1e-150);
        });
      }
    }
  });
});

describe("reductions at a tie", () => {
  const all = (f: (x: Tensor) => Tensor, x: Tensor): unknown[] => [
    grad(f)(x).toArray(),
    jacfwd(f)(x).toArray(),
    jacrev(f)(x).toArray(),
  ];

  it.each([
    ["max", (x: Tensor) => o.max(x), [2, 1, 2, 0], [0.5, 0, 0.5, 0]],
    ["min", (x: Tensor) => o.min(x), [2, -1, -1, -1], [0, 1 / 3, 1 / 3, 1 / 3]],
    ["max of zeros", (x: Tensor) => o.max(x), [0, -0, -1], [0.5, 0.5, 0]],
    ["max of infinities", (x: Tensor) => o.max(x), [inf, 1, inf], [0.5, 0, 0.5]],
  ] as const)("%s shares equally, forward and reverse", (_, f, x, want) => {
    for (const got of all(f, tensor([...x]))) expect(got).toEqual(want);
    expect(jvp(f, [tensor([...x])], [tensor(x.map(() => 1))]).tangent.item()).toBe(1);
    expect(
      hessian(f)(tensor([...x]))
        .toTypedArray()
        .every((v) => v === 0),
    ).toBe(true);
    expect(
      jacrev(grad(f))(tensor([...x]))
        .toTypedArray()
        .every((v) => v === 0),
    ).toBe(true);
  });

  it("a pooled window shares equally too", () => {
    const f = (x: Tensor): Tensor => o.maxPool2d(x, 2).sum();
    expect(
      grad(f)(
        tensor([
          [
            [
              [3, 3],
              [1, 3],
            ],
          ],
        ]),
      ).toArray(),
    ).toEqual([
      [
        [
          [1 / 3, 1 / 3],
          [0, 1 / 3],
        ],
      ],
    ]);
  });

  it("the norm at 0 has derivative 0, nested as well", () => {
    const f = (x: Tensor): Tensor => x.norm();
    for (const got of all(f, tensor([0, 0]))) expect(got).toEqual([0, 0]);
    expect(hessian(f)(tensor([0, 0])).toArray()).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });
});

describe("strong zeros", () => {
  const forward = (f: (x: Tensor) => Tensor, x: Tensor): number => jvp(f, [x], [scalar(1)]).tangent.item();

  it("sqrt(x·x) at 0 has derivative 0, forward, reverse and tied", () => {
    const f = (x: Tensor): Tensor => sqrt(x.mul(x));
    expect(forward(f, scalar(0))).toBe(0);
    expect(grad(f)(scalar(0)).item()).toBe(0);
    expect(jacfwd(f)(scalar(0)).item()).toBe(0);
  });

  it("where(x > 0, log x, 0) at 0 has derivative 0, in every nesting", () => {
    const f = (x: Tensor): Tensor => where(x.greater(0), log(x), 0);
    expectAll(first(f, [tensor([0])], 0), 0);
    expectAll(second(f, [tensor([0])], 0, 0), 0);
    expect(jacfwd(grad(f))(scalar(0)).item()).toBe(0);
  });

  it("win over infinity and NaN, for either factor, on tangents and cotangents", () => {
    for (const big of [inf, -inf, nan]) {
      // the coefficient is infinite and the tangent 0, and the other way round
      expect(jvp((x: Tensor) => x.mul(big), [scalar(1)], [scalar(0)]).tangent.item()).toBe(0);
      expect(jvp((x: Tensor) => x.mul(0), [scalar(1)], [scalar(big)]).tangent.item()).toBe(0);
      expect(
        o
          .vjp((x: Tensor) => x.mul(big), scalar(1))
          .pullback(scalar(0))[0]
          .item(),
      ).toBe(0);
      expect(
        o
          .vjp((x: Tensor) => x.mul(0), scalar(1))
          .pullback(scalar(big))[0]
          .item(),
      ).toBe(0);
    }
  });

  it("hold in settling: an infinite coefficient over a base with zeros", () => {
    const x = tensor([[0, 2, 0]]);
    const w = tensor([
      [0, 0, 1],
      [0, 1, 0],
    ]);
    // u = [0, 2]: the first row's slope is infinite where x is 0
    const f = (v: Tensor): Tensor => sqrt(o.einsum("bm,nm->bn", x, v));
    expect(jacfwd(f)(w).toArray()).toEqual([
      [
        [
          [0, inf, 0],
          [0, 0, 0],
        ],
        [
          [0, 0, 0],
          [0, 2 / (2 * Math.SQRT2), 0],
        ],
      ],
    ]);
    // summed over units the infinite coefficient is multiplied out before the sum
    expect(jacfwd((v: Tensor) => f(v).sum())(w).toArray()).toEqual([
      [0, inf, 0],
      [0, 2 / (2 * Math.SQRT2), 0],
    ]);
  });

  it("hold in the trace step: what an infinite slope multiplies with an input of 0 is 0", () => {
    const cell = defineCell({
      name: "rooted",
      equations: "h' = h / 2 + sqrt(W x)",
      locality: "unit",
      states: ["h"],
      shapes: ({ input, units }) => ({ W: [units, ...input] }),
      next: (p, { h }, x) => ({ h: h.mul(0.5).add(sqrt(o.einsum("bm,nm->bn", x, p.W))) }),
      output: (_, { h }) => h,
    })({ input: 2, units: 1 });
    const learner = rfp(stack([cell]), { areas: [{ W: tensor([[4, 0]]) }], readout: {} });
    learner.step({ input: tensor([[1, 0]]), target: tensor([[0]]) });
    // the slope of sqrt at 0 is infinite
    learner.step({ input: tensor([[0, 0]]), target: tensor([[0]]) });
    // h = 2, 1; dh/dW_0 = 1/4, 1/8; E = h²/2 summed
    expect(learner.gradient().areas[0].W.toArray()).toEqual([[2 / 4 + 1 / 8, 0]]);
  });

  it("contractions follow IEEE arithmetic", () => {
    expect(o.matmul(tensor([[0, 1]]), tensor([[inf], [1]])).toArray()).toEqual([[nan]]);
    expect(grad((x: Tensor) => o.dot(x, tensor([inf, 1])))(tensor([0, 0])).toArray()).toEqual([inf, 1]);
  });
});

describe("comparisons", () => {
  it("look at primal values only", () => {
    const f = (x: Tensor): Tensor => where(x.greater(1), x.mul(3), x.mul(x));
    expect(grad((x: Tensor) => forwardOf(f, x))(scalar(2)).item()).toBe(0);
    expect(grad((x: Tensor) => forwardOf(f, x))(scalar(0.5)).item()).toBe(2);
  });
  const forwardOf = (f: (x: Tensor) => Tensor, x: Tensor): Tensor => jvp(f, [x], [scalar(1)]).tangent;
});
