import { describe, expect, it } from "vitest";
import {
  customJvp,
  DTypeError,
  grad,
  hessian,
  hvp,
  jacfwd,
  jacrev,
  jvp,
  linearize,
  ones,
  random,
  ShapeError,
  scalar,
  scan,
  stopGradient,
  type Tensor,
  tensor,
  valueAndGrad,
  vjp,
} from "../../src/index.js";

const numbers = (t: Tensor): number[] => Array.from(t.toTypedArray());
/** Rounding of a few float64 operations. */
const digits = 12;
const close = (got: Tensor, want: Tensor): void => {
  expect(got.shape).toEqual(want.shape);
  numbers(got).forEach((x, i) => expect(x).toBeCloseTo(numbers(want)[i], digits));
};
const x = random.normal(random.key(3), [4]);
const v = random.normal(random.key(4), [4]);

describe("trees of tensors", () => {
  const params = { layers: [{ w: random.normal(random.key(1), [4, 3]) }, { w: scalar(0.5) }], none: null };
  const f = (p: typeof params, input: Tensor): Tensor =>
    input.matmul(p.layers[0].w).tanh().mul(p.layers[1].w).sum();

  it("give gradients of the same tree", () => {
    const { value, gradient } = valueAndGrad(f)(params, x);
    expect(value.shape).toEqual([]);
    expect(gradient.layers[0].w.shape).toEqual([4, 3]);
    expect(gradient.none).toBeNull();
    expect(gradient.layers[1].w.item()).toBeCloseTo(x.matmul(params.layers[0].w).tanh().sum().item(), digits);
  });

  it("come back from jvp, vjp and linearize as results", () => {
    const g = (p: { a: Tensor; b: Tensor }) => ({ product: p.a.mul(p.b), rest: [p.a.sin()] });
    const [at, along] = [
      { a: x, b: v },
      { a: v, b: x },
    ];
    const { tangent } = jvp(g, [at], [along]);
    close(tangent.product, v.square().add(x.square()));
    close(tangent.rest[0], x.cos().mul(v));
    const linear = linearize(g, at).pushforward(along);
    close(linear.product, tangent.product);
    close(linear.rest[0], tangent.rest[0]);
    const [{ a, b }] = vjp(g, at).pullback({ product: ones([4]), rest: [ones([4])] });
    close(a, v.add(x.cos()));
    close(b, x);
  });
});

describe("pullback", () => {
  const { pullback } = vjp((a: Tensor, b: Tensor) => a.mul(b).exp(), x, v);
  it("may be called again with other cotangents", () => {
    const once = pullback(ones([4]));
    pullback(v);
    expect(numbers(pullback(ones([4]))[0])).toEqual(numbers(once[0]));
  });
  it("gives zeros for an argument that the result does not read", () => {
    const [, unread] = vjp((a: Tensor, _b: Tensor) => a.sum(), x, v).pullback(scalar(1));
    expect(numbers(unread)).toEqual([0, 0, 0, 0]);
  });
  it("adds what reaches a value returned twice", () => {
    const [twice] = vjp((a: Tensor) => [a, a], x).pullback([v, v]);
    close(twice, v.mul(2));
  });
});

describe("Jacobians", () => {
  const f = (a: Tensor): Tensor =>
    a
      .reshape([2, 2])
      .matmul(a.reshape([2, 2]))
      .sin();
  it("agree forward and reverse, and with the Hessian of a scalar", () => {
    close(jacfwd(f)(x), jacrev(f)(x));
    const s = (a: Tensor): Tensor => f(a).prod();
    close(hessian(s)(x), jacrev(grad(s))(x));
    close(hessian(s)(x), jacfwd(jacfwd(s))(x));
    close(hvp(s, x, v), hessian(s)(x).matmul(v));
  });
  it("have the tree of the argument", () => {
    const j = jacrev((p: { a: Tensor; b: Tensor }) => p.a.mul(p.b.sum()))({ a: x, b: v });
    expect(j.a.shape).toEqual([4, 4]);
    close(j.b, x.reshape([4, 1]).mul(ones([4])));
  });
});

describe("customJvp", () => {
  // log(1 + e^x) with a rule that holds where e^x overflows
  const softplus = customJvp(
    (a) => a.exp().add(1).log(),
    ([a], [t]) => t.mul(a.sigmoid()),
  );
  it("is used by every reading, nested too", () => {
    const big = scalar(800);
    expect(jvp(softplus, [big], [scalar(1)]).tangent.item()).toBe(1);
    expect(grad(softplus)(big).item()).toBe(1);
    expect(jacfwd(softplus)(big).item()).toBe(1);
    expect(linearize(softplus, big).pushforward(scalar(2)).item()).toBe(2);
    const s = scalar(0.3).sigmoid().item();
    expect(grad(grad(softplus))(scalar(0.3)).item()).toBeCloseTo(s * (1 - s), digits);
    expect(jvp(grad(softplus), [scalar(0.3)], [scalar(1)]).tangent.item()).toBeCloseTo(s * (1 - s), digits);
  });
  it("takes several arguments", () => {
    const product = customJvp(
      (a, b) => a.mul(b),
      ([a, b], [s, t]) => s.mul(b).mul(10).add(t.mul(a)),
    );
    const [a, b] = vjp(product, x, v).pullback(ones([4]));
    close(a, v.mul(10));
    close(b, x);
    close(jvp(product, [x, v], [ones([4]), null]).tangent, v.mul(10));
  });
});

describe("stopGradient", () => {
  it("keeps the value and stops every derivative", () => {
    const f = (a: Tensor): Tensor => stopGradient(a.square()).mul(a).sum();
    expect(f(x).item()).toBe(x.square().mul(x).sum().item());
    close(grad(f)(x), x.square());
    close(jvp(f, [x], [v]).tangent, x.square().mul(v).sum());
    close(jacfwd(f)(x), x.square());
    expect(numbers(hessian((a) => stopGradient(a).square().sum())(x))).toEqual(new Array(16).fill(0));
  });
  it("stops the outer derivative of a nested one as well", () => {
    const inner = (a: Tensor): Tensor => grad((b: Tensor) => b.mul(stopGradient(a)).sum())(a).sum();
    expect(numbers(grad(inner)(x))).toEqual([0, 0, 0, 0]);
  });
});

describe("scan", () => {
  const run = (decay: Tensor, xs: Tensor): { carry: Tensor; outputs: Tensor } =>
    scan(
      (carry: Tensor, input: Tensor): readonly [Tensor, Tensor] => {
        const next = carry.mul(decay).add(input);
        return [next, next.square()];
      },
      scalar(0),
      xs,
    );
  it("is the loop, and differentiates as the loop", () => {
    const xs = tensor([1, 2, 3]);
    const { carry, outputs } = run(scalar(0.5), xs);
    expect(carry.item()).toBe(4.25);
    expect(outputs.toArray()).toEqual([1, 6.25, 18.0625]);
    // d/dr of r² + 2r + 3
    expect(grad((r: Tensor) => run(r, xs).carry)(scalar(0.5)).item()).toBeCloseTo(3, digits);
    close(jacfwd((r: Tensor) => run(r, xs).carry)(scalar(0.5)), scalar(3));
  });
  it("refuses inputs without a common first axis", () => {
    expect(() =>
      scan((c: Tensor, _x: Tensor[]) => [c, c] as const, scalar(0), [ones([2]), ones([3])]),
    ).toThrow("scan: expected inputs that share a first axis of size at least 1, got [2] and [3]");
    expect(() => run(scalar(1), ones([0]))).toThrow(ShapeError);
  });
});

describe("errors are one sentence", () => {
  const square = (a: Tensor): Tensor => a.square();
  it.each<[string, () => unknown, new (m: string) => Error, string]>([
    [
      "gradient of a vector",
      () => grad(square)(x),
      ShapeError,
      "grad: expected a scalar result, got [4]; use jacrev for more outputs",
    ],
    [
      "gradient with respect to integers",
      () => grad((a: Tensor) => a.sum())(tensor([1, 2], { dtype: "int32" })),
      DTypeError,
      "grad: expected float tensors, got int32 at argument 0",
    ],
    [
      "tangents of integers",
      () => jvp(square, [tensor([1], { dtype: "int32" })], [tensor([1], { dtype: "int32" })]),
      DTypeError,
      "jvp: expected float tensors, got int32 at argument 0",
    ],
    [
      "a tangent of another shape",
      () => jvp(square, [x], [ones([3])]),
      ShapeError,
      "jvp: tangent 0 must be float64 [4], got float64 [3]",
    ],
    [
      "a tangent of another shape, linearized",
      () => linearize(square, x).pushforward(ones([3])),
      ShapeError,
      "linearize: tangent 0 must be float64 [4], got float64 [3]",
    ],
    [
      "a cotangent of another shape",
      () => vjp(square, x).pullback(ones([3])),
      ShapeError,
      "pullback: the cotangent must be float64 [4], got float64 [3]",
    ],
    [
      "too few tangents",
      () => (linearize((a: Tensor, b: Tensor) => a.add(b), x, v).pushforward as (t: Tensor) => Tensor)(v),
      ShapeError,
      "linearize: expected a tangent per primal, got 2 primals and 1 tangents",
    ],
    [
      "a leaf that is no tensor",
      () => grad((p: { a: Tensor }) => p.a.sum())({ a: 3 as never }),
      ShapeError,
      'grad: expected tensors in plain objects and arrays as arguments, got a number at "0.a"',
    ],
  ])("%s", (_, act, kind, sentence) => {
    expect(act).toThrow(kind);
    expect(act).toThrow(sentence);
  });
});
