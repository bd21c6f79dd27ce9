import { describe, expect, it } from "vitest";
import {
  cast,
  customJvp,
  einsum,
  grad,
  greater,
  hessian,
  type JvpRule,
  jacfwd,
  jacrev,
  jvp,
  linearize,
  random,
  scalar,
  stopGradient,
  type Tensor,
  tensor,
  tiedJacobian,
  vjp,
  where,
  zerosLike,
} from "../../src/index.js";
import * as pointwise from "../../src/ops/pointwise.js";

type Unary = (x: Tensor) => Tensor;
const x = tensor([0.4, -0.7, 1.1]);
const v = tensor([1, 0.5, -2]);
// some dozen roundings of 1.1e-16 on numbers of size ten
const rounding = 1e-13;

function close(a: Tensor, b: Tensor): void {
  expect(a.shape).toEqual(b.shape);
  expect(a.dtype).toBe(b.dtype);
  expect(a.sub(b).abs().sum().item()).toBeLessThan(rounding);
}

/** Ways to derivatives of a function of three numbers, up to the third. */
const readings: Readonly<Record<string, (f: Unary) => Tensor>> = {
  jvp: (f) => jvp(f, [x], [v]).tangent,
  jacfwd: (f) => jacfwd(f)(x),
  jacrev: (f) => jacrev(f)(x),
  pushforward: (f) => linearize(f, x).pushforward(v),
  pullback: (f) => vjp(f, x).pullback(v)[0],
  hessian: (f) => hessian((y: Tensor) => f(y).sum())(x),
  "grad of grad": (f) =>
    grad((y: Tensor) =>
      grad((z: Tensor) => f(z).mul(v).sum())(y)
        .square()
        .sum(),
    )(x),
  "jvp of grad": (f) =>
    jvp(
      grad((y: Tensor) => f(y).mul(v).sum()),
      [x],
      [v],
    ).tangent,
  "grad of jvp": (f) => grad((y: Tensor) => jvp(f, [y], [v]).tangent.square().sum())(x),
  "jvp of jvp": (f) => jvp((y: Tensor) => jvp(f, [y], [y.square()]).tangent, [x], [v]).tangent,
  "jacfwd of vjp": (f) => jacfwd((y: Tensor) => vjp(f, y).pullback(v)[0])(x),
  "jacrev of jacfwd": (f) => jacrev(jacfwd(f))(x),
  "grad of grad of grad": (f) =>
    grad((y: Tensor) =>
      grad((z: Tensor) =>
        grad((u: Tensor) => f(u).sum())(z)
          .mul(z)
          .sum(),
      )(y)
        .mul(v)
        .sum(),
    )(x),
};

/** A function, and the same with a rule that says what its ops would. */
const pairs: Readonly<Record<string, readonly [Unary, Unary]>> = {
  elementwise: [
    (y) => y.tanh().mul(y),
    customJvp(
      (y) => y.tanh().mul(y),
      ([y], [t]) => t.mul(y.tanh().add(y.mul(y.tanh().square().neg().add(1)))),
    ),
  ],
  "of two, one value used twice": [
    (y) => y.mul(y.exp()).add(y.exp()),
    (y) =>
      customJvp(
        (a, b) => a.mul(b).add(b),
        ([a, b], [s, t]) => s.mul(b).add(t.mul(a)).add(t),
      )(y, y.exp()),
  ],
  "a matrix, and a sum over paths": [
    (y) => einsum("ij,j->i", random.normal(random.key(2), [3, 3]), y.square()),
    customJvp(
      (y) => einsum("ij,j->i", random.normal(random.key(2), [3, 3]), y.square()),
      ([y], [t]) => {
        const m = random.normal(random.key(2), [3, 3]);
        return einsum("ij,j->i", m, t.mul(y)).add(einsum("ij,j->i", m, y.mul(t)));
      },
    ),
  ],
  "by another derivative": [
    (y) => y.sin().mul(y),
    customJvp(
      (y) => y.sin().mul(y),
      ([y], [t]) => jvp((z: Tensor) => z.sin().mul(z), [y], [t]).tangent,
    ),
  ],
  "by its transpose": [
    (y) => y.sin(),
    customJvp(
      (y) => y.sin(),
      ([y], [t]) => vjp((z: Tensor) => z.sin(), y).pullback(t)[0],
    ),
  ],
  "over a value that is followed": [
    (y) => y.mul(y.exp()),
    (y) => {
      const w = y.exp();
      return customJvp(
        (a) => a.mul(w),
        (_, [t]) => t.mul(w),
      )(y);
    },
  ],
  "over the argument itself": [
    (y) => y.mul(y),
    (y) =>
      customJvp(
        (a) => a.mul(y),
        (_, [t]) => t.mul(y),
      )(y),
  ],
  "over a value that it returns": [
    (y) => y.exp(),
    (y) => {
      const w = y.exp();
      return customJvp(
        (_: Tensor) => w,
        ([a]) => zerosLike(a),
      )(y);
    },
  ],
  "one inside the other": [
    (y) => y.square().mul(3).sin(),
    customJvp(
      (y) => y.square().mul(3).sin(),
      ([y], [t]) => {
        const inner = customJvp(
          (z) => z.square().mul(3),
          ([z], [s]) => z.mul(s).mul(6),
        );
        return jvp((z: Tensor) => inner(z).sin(), [y], [t]).tangent;
      },
    ),
  ],
};

describe.each(Object.keys(pairs))("customJvp, %s", (name) => {
  const [plain, custom] = pairs[name];
  it.each(Object.keys(readings))("agrees with the plain function by %s", (reading) => {
    close(readings[reading](custom), readings[reading](plain));
  });
});

describe("customJvp over values that other transformations follow", () => {
  const by = (w: Tensor): Unary =>
    customJvp(
      (a) => a.mul(w),
      (_, [t]) => t.mul(w),
    );
  const [two, three, one] = [2, 3, 1].map((n) => scalar(n));

  it("gives 6 for d(w²)/dw at 3, forward and reverse", () => {
    expect(jvp((w: Tensor) => by(w)(w), [three], [one]).tangent.item()).toBe(6);
    expect(grad((w: Tensor) => by(w)(w))(three).item()).toBe(6);
    expect(jacfwd((w: Tensor) => by(w)(w))(three).item()).toBe(6);
  });

  // d²/dx dw of w² x² is 4 w x
  it.each<[string, (f: Unary, at: Tensor) => Tensor]>([
    ["forward", (f, at) => jvp(f, [at], [one]).tangent],
    ["reverse", (f, at) => grad(f)(at)],
    ["tied", (f, at) => jacfwd(f)(at)],
  ])("of an inner and of an outer level, the inner one %s", (_, d) => {
    for (const outer of [
      (f: Unary) => grad(f)(two),
      (f: Unary) => jvp(f, [two], [one]).tangent,
      (f: Unary) => jacfwd(f)(two),
    ]) {
      expect(outer((y) => d((w) => by(w.square())(y.square()), three)).item()).toBe(24);
      expect(outer((w) => d((y) => by(w.square())(y.square()), three)).item()).toBe(24);
    }
  });

  it("takes the width of a surrogate that only the rule reads as a constant of its level, and follows it above", () => {
    const spike = (w: Tensor): Unary =>
      customJvp(
        (a) => cast(greater(a, 0), a.dtype),
        ([a], [t]) => t.mul(w.sub(a.square())),
      );
    expect(grad((w: Tensor) => spike(w)(w))(two).item()).toBe(-2);
    expect(grad((w: Tensor) => jvp(spike(w), [two], [one]).tangent)(three).item()).toBe(1);
  });
});

describe("the ties of customJvp", () => {
  it("are those of the ops of its rule", () => {
    const custom = customJvp(
      (y) => y.tanh(),
      ([y], [t]) => where(greater(y.abs(), 1), 0, t.mul(y.tanh().square().neg().add(1))).add(t.mul(0)),
    );
    const found = tiedJacobian(custom)(x) as { values: Tensor; ties: readonly (number | null)[] };
    expect(found.ties).toEqual([0]);
    expect(found.values.shape).toEqual([3]);
  });
});

describe("the rule of customJvp", () => {
  const of = (rule: JvpRule): Unary => customJvp((y) => y.mul(2), rule);
  const modes: Readonly<Record<string, (f: Unary) => Tensor>> = {
    forward: (f) => jvp(f, [x], [v]).tangent,
    reverse: (f) => grad((y: Tensor) => f(y).sum())(x),
    tied: (f) => jacfwd(f)(x),
  };
  const linear = "customJvp: expected the rule of the function to be linear in its tangents, got ";
  const shape = "customJvp: expected the rule of the function to give float64 [3], got ";
  const refused: readonly [string, JvpRule, string][] = [
    ["a square", (_, [t]) => t.square(), `${linear}square of one`],
    ["a product of tangents", (_, [t]) => t.mul(t), `${linear}mul of one`],
    ["a product by einsum", (_, [t]) => einsum("a,a->a", t, t), `${linear}contract of one`],
    ["a comparison", ([y], [t]) => where(greater(t, 0), y, y), `${linear}greater of one`],
    ["a constant derivative", (_, [t]) => stopGradient(t), `${linear}stopGradient of one`],
    ["division by one", ([y], [t]) => y.div(t), `${linear}div of one`],
    [
      "a constant added",
      (_, [t]) => t.add(1),
      `${linear}add of one and of a value that is neither a tangent nor zero`,
    ],
    [
      "a branch that is not zero",
      ([y], [t]) => where(greater(y, 0), t, y),
      `${linear}where of one and of a value that is neither a tangent nor zero`,
    ],
    ["no tangent", ([y]) => y, `${linear}a result that is not zero and has none in it`],
    ["nothing", () => undefined as unknown as Tensor, `${shape}undefined`],
    ["a list", (_, [t]) => [t] as unknown as Tensor, `${shape}an array`],
    ["another shape", (_, [t]) => t.sum(), `${shape}float64 []`],
    ["another dtype", (_, [t]) => cast(t, "float32"), `${shape}float32 [3]`],
  ];

  it.each(refused)("is refused in words with %s", (_, rule, sentence) => {
    for (const [name, mode] of Object.entries(modes))
      expect(() => mode(of(rule)), name).toThrow(new RegExp(`^${sentence.replace(/[[\]]/g, "\\$&")}$`));
  });

  // each op of one number, with the tangent as its argument
  const unary = Object.entries(pointwise).filter(([, f]) => f.length === 1);
  it.each(unary)("is linear with %s, or refused by its name", (name, f) => {
    const rule: JvpRule = (_, [t]) => (f as Unary)(t);
    if (name === "neg") {
      for (const mode of Object.values(modes))
        close(
          mode(of(rule)),
          mode((y) => y.neg()),
        );
      return;
    }
    for (const mode of Object.values(modes)) expect(() => mode(of(rule))).toThrow(`got ${name} of one`);
  });

  it("may choose, shift, cast and sum what is linear", () => {
    const rule: JvpRule = ([y], [t]) =>
      where(greater(y, 0), cast(cast(t, "float32"), "float64"), zerosLike(y)).add(t.flip(0).sum().mul(y));
    const j = tensor([
      [1.4, 0.4, 0.4],
      [-0.7, -0.7, -0.7],
      [1.1, 1.1, 2.1],
    ]);
    close(jacfwd(of(rule))(x), j);
    close(jacrev(of(rule))(x), j);
    // directions of few digits pass through float32 unchanged
    close(jvp(of(rule), [x], [v]).tangent, einsum("ij,j->i", j, v));
  });

  it("takes tensors, as many as the function names", () => {
    const f = customJvp(
      (a, b) => a.mul(b),
      ([a, b], [s, t]) => s.mul(b).add(t.mul(a)),
    );
    const one = f as (a: Tensor, b?: Tensor) => Tensor;
    expect(() => one(x)).toThrow(/^customJvp: expected 2 tensors as arguments of the function, got 1$/);
    expect(() => f(x, [1, 2, 3] as unknown as Tensor)).toThrow(
      /^customJvp: expected tensors as arguments of the function, got an array at 1$/,
    );
    const g = customJvp(
      (_: Tensor) => 3 as unknown as Tensor,
      (_, [t]) => t,
    );
    expect(() => g(x)).toThrow(/^customJvp: expected the function to give one tensor, got 3$/);
  });
});

describe("cast", () => {
  it("passes derivatives between float dtypes, by every reading and nested", () => {
    const f: Unary = (y) => cast(cast(y, "float32").tanh(), "float64");
    const slope = x.tanh().square().neg().add(1);
    // float32 keeps 24 bits; five roundings of numbers below 1
    const near = (a: Tensor, b: Tensor): void =>
      expect(a.sub(b).abs().max().item()).toBeLessThan(5 * 2 ** -24);
    near(jvp(f, [x], [v]).tangent, slope.mul(v));
    near(grad((y: Tensor) => f(y).mul(v).sum())(x), slope.mul(v));
    near(jacfwd(f)(x).sum(1), slope);
    near(hessian((y: Tensor) => f(y).sum())(x).sum(1), x.tanh().mul(slope).mul(-2));
    expect(jacfwd((y: Tensor) => cast(y, "float32"))(x).dtype).toBe("float32");
    // widening loses nothing: the slope of tanh in float64
    const wide = tensor([0.5, 1.25], { dtype: "float32" });
    close(
      jacfwd((y: Tensor) => cast(y, "float64").tanh())(wide).sum(1),
      cast(wide, "float64").tanh().square().neg().add(1),
    );
  });
});
