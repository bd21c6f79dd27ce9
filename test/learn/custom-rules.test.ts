import { describe, expect, it } from "vitest";
import { type CellParams, type CellState, defineCell, drive } from "../../src/cells/index.js";
import { relativeError } from "../../src/core/relative-error.js";
import {
  add,
  cast,
  conv2d,
  customJvp,
  grad,
  item,
  mul,
  random,
  reshape,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
} from "../../src/index.js";
import { plan, rfp, ruleNamed, rules, stack } from "../../src/learn/index.js";
import { entries } from "../../src/tensor/read.js";
import { checkCell } from "../../src/testing/index.js";

type Next = (p: CellParams, h: Tensor, driven: Tensor) => Tensor;

const kindOf = (name: string, next: Next) =>
  defineCell({
    name,
    equations: "",
    pure: true,
    locality: "unit",
    states: ["h"],
    shapes: ({ input, units: n }) => ({ W: [n, ...input], u: [n], b: [n] }),
    initial: { u: (k, n) => random.normal(k, [n]).toTypedArray() as Float64Array },
    next: (p: CellParams, { h }: CellState, x) => ({ h: next(p, h, add(drive(x, p.W), p.b)) }),
    output: (_, { h }) => h,
  });

const squash = customJvp(
  (v) => tanh(v),
  ([v], [t]) => mul(sub(1, square(tanh(v))), t),
);
const product = customJvp(
  (a, b) => add(mul(a, b), a),
  ([a, b], [s, t]) => add(add(mul(s, b), mul(a, t)), s),
);

/** A cell, and the same with rules of its own that say what its ops would. */
const pairs: Readonly<Record<string, readonly [Next, Next]>> = {
  "of a state": [(p, h, d) => tanh(add(d, mul(p.u, h))), (p, h, d) => squash(add(d, mul(p.u, h)))],
  "of a state and a drive, by several paths": [
    (p, h, d) => tanh(add(mul(d, mul(p.u, h)), d)),
    (p, h, d) => squash(product(d, mul(p.u, h))),
  ],
  "over a parameter that it reads": [
    (p, h, d) => tanh(add(d, mul(p.u, h))),
    (p, h, d) =>
      tanh(
        add(
          d,
          customJvp(
            (v) => mul(p.u, v),
            (_, [t]) => mul(p.u, t),
          )(h),
        ),
      ),
  ],
};

/** A gradient, block by block, and what the rule holds. */
function learned(rule: string, next: Next, areas = 2) {
  const kind = kindOf("own", next);
  const cells = Array.from({ length: areas }, (_, b) => kind({ input: b === 0 ? 3 : 4, units: 4 }));
  const model = stack(cells);
  const learner = ruleNamed(rule).start(model, model.init(random.key(1)), {});
  for (let t = 0; t < 6; t++)
    learner.step({
      input: random.normal(random.key(t), [2, 3]),
      target: random.normal(random.key(50 + t), [2, 4]),
    });
  const gradient = learner.gradient().areas.flatMap((area) => Object.values(area).map((g) => entries(g)));
  return { gradient, bytes: learner.memory().bytes };
}

describe.each(Object.keys(pairs))("a custom rule %s", (name) => {
  const [plain, custom] = pairs[name];

  it.each(Object.keys(rules))("is taken by %s as its ops are", (rule) => {
    const [own, expected] = [learned(rule, custom), learned(rule, plain)];
    // six steps of some hundred products and sums; fptt runs its states back, and keeps seven digits fewer
    const tolerance = rule === "fptt" ? 1e-8 : 1e-12;
    own.gradient.forEach((g, k) => expect(relativeError(g, expected.gradient[k])).toBeLessThan(tolerance));
    // the record of bptt and tbptt is that of the ops that are there
    if (!["bptt", "tbptt"].includes(rule)) expect(own.bytes).toBe(expected.bytes);
  });

  it("keeps the ties of a plain one", () => {
    const rowsOf = (next: Next) => plan(stack([kindOf("own", next)({ input: 3, units: 5 })])).rows;
    const tied = (next: Next) =>
      rowsOf(next).map(({ parameter, bytes, tied }) => ({ parameter, bytes, tied }));
    expect(tied(custom)).toEqual(tied(plain));
    for (const { parameter, bytes } of rowsOf(custom))
      expect(bytes).toBe(8 * (parameter === "areas.0.W" ? 15 : 5));
  });

  it("passes checkCell", () => {
    checkCell(kindOf("own", custom), { runs: 6, seed: 3, rules: ["rfp", "rtrl"] });
  });
});

describe("cast inside next", () => {
  const narrow: Next = (p, h, d) => cast(tanh(cast(add(d, mul(p.u, h)), "float32")), "float64");

  it.each(["rfp", "rtrl", "snap", "eprop", "rflo"])("is taken by %s, and keeps its ties", (rule) => {
    const [own, wide] = [learned(rule, narrow), learned(rule, pairs["of a state"][0])];
    // float32 rounds by 2^-24; six steps and two areas of a few roundings each
    own.gradient.forEach((g, k) => expect(relativeError(g, wide.gradient[k])).toBeLessThan(2e-6));
    expect(own.bytes).toBe(wide.bytes);
  });

  it("agrees with bptt to what float32 keeps", () => {
    const [forward, backward] = [learned("rfp", narrow), learned("bptt", narrow)];
    forward.gradient.forEach((g, k) => expect(relativeError(g, backward.gradient[k])).toBeLessThan(2e-6));
  });
});

describe("a derivative inside next", () => {
  // descends the energy of a convolution: its map is known only by how it acts, so it is taken entry by entry
  const energy = (p: CellParams, h: Tensor): Tensor => {
    const image = reshape(h, [h.shape[0], 1, 2, 2]);
    return sum(square(conv2d(image, reshape(mul(p.u, p.u), [1, 1, 2, 2]), { padding: 1 })));
  };
  const descent: Next = (p, h, d) => tanh(add(d, mul(grad((v: Tensor) => energy(p, v))(h), -0.1)));

  it("is exact, though untied", () => {
    const [exact, dense, oracle] = ["rfp", "rtrl", "bptt"].map((rule) => learned(rule, descent));
    for (const found of [exact, dense])
      found.gradient.forEach((g, k) => expect(relativeError(g, oracle.gradient[k])).toBeLessThan(1e-10));
  });
});

describe("a branch on numbers in next", () => {
  it("is refused with the way out", () => {
    const branch: Next = (_, h, d) => (item(sum(h)) > 0 ? tanh(d) : add(d, h));
    const model = stack([kindOf("branch", branch)({ input: 3, units: 4 })]);
    const learner = rfp(model, model.init(random.key(1)));
    const sample = {
      input: random.normal(random.key(1), [1, 3]),
      target: random.normal(random.key(2), [1, 4]),
    };
    expect(() => learner.step(sample)).toThrow(
      /^.*structure is found on shapes, so choose by where\(condition, a, b\) in place of a branch on numbers$/,
    );
  });
});
