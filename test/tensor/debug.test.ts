import { describe, expect, it } from "vitest";
import { defineCell, drive } from "../../src/cells/index.js";
import {
  atan2,
  customJvp,
  debug,
  grad,
  hessian,
  jacfwd,
  jvp,
  linearize,
  log,
  matmul,
  NumericalError,
  pow,
  random,
  sqrt,
  stopGradient,
  sub,
  type Tensor,
  tensor,
  vjp,
  where,
} from "../../src/index.js";
import { rfp, rules, stack } from "../../src/learn/index.js";

/** The line below the one that calls this, as errors name it. */
const nextLine = (): string => {
  const found = /([^/\s(]+\/[^/\s(]+\.ts):(\d+):\d+/.exec(new Error().stack?.split("\n")[2] ?? "");
  return `${found?.[1]}:${Number(found?.[2]) + 1}`;
};

function errorOf(f: () => unknown): NumericalError {
  try {
    f();
  } catch (error) {
    if (error instanceof NumericalError) return error;
    throw error;
  }
  throw new Error("expected a NumericalError, got a result");
}

const ones = tensor([1, 1]);
const [zeroOne, minusOne] = [tensor([0, 1]), tensor([-1, 1])];
const angle = (x: Tensor): Tensor => atan2(x, x);

describe("debug.nans", () => {
  it("names the op, its inputs, the entry and the line", () => {
    let line = "";
    const found = errorOf(() =>
      debug.nans(() => {
        const x = tensor([[1, 2, -3]]);
        line = nextLine();
        log(x.mul(2));
      }),
    );
    expect(found.message).toBe(
      `log: expected no NaN from float64 [1,3] without one, got one at [0,2]; called at ${line}`,
    );
    expect(found.site).toEqual({
      op: "log",
      reading: "value",
      inputs: ["float64 [1,3]"],
      index: [0, 2],
      called: line,
    });
    expect(line).toMatch(/debug\.test\.ts:\d+$/);
  });

  it("blames the op where a NaN is born, not those that pass it on", () => {
    const bad = tensor([Number.NaN, 1]);
    expect(debug.nans(() => log(bad).add(1).sum().item())).toBeNaN();
    expect(errorOf(() => debug.nans(() => sqrt(minusOne).add(bad).exp())).site.op).toBe("sqrt");
  });

  it("takes infinities for values, unless told", () => {
    expect(debug.nans(() => log(zeroOne).toArray())).toEqual([Number.NEGATIVE_INFINITY, 0]);
    const found = errorOf(() => debug.nans(() => log(zeroOne), { infinities: true }));
    expect(found.message).toMatch(
      /^log: expected no infinity from float64 \[2\] without one, got one at \[0\]/,
    );
    // an infinity that went in is no news
    const passed = tensor([Number.POSITIVE_INFINITY]);
    expect(debug.nans(() => passed.add(1).item(), { infinities: true })).toBe(Number.POSITIVE_INFINITY);
    expect(errorOf(() => debug.nans(() => passed.sub(passed), { infinities: true })).site.op).toBe("sub");
  });

  it("stops at contractions that multiply zero by infinity", () => {
    const found = errorOf(() =>
      debug.nans(() => matmul(tensor([[Number.POSITIVE_INFINITY, 1]]), tensor([[0], [1]]))),
    );
    expect(found.site).toMatchObject({
      op: "contract",
      inputs: ["float64 [1,2]", "float64 [2,1]"],
      index: [0, 0],
    });
  });
});

describe("debug.nans in derivatives", () => {
  it.each([
    ["grad", "reverse derivative", () => grad((x: Tensor) => angle(x).sum())(zeroOne)],
    ["vjp", "reverse derivative", () => vjp(angle, zeroOne).pullback(ones)],
    ["jvp", "forward derivative", () => jvp(angle, [zeroOne], [ones])],
    ["linearize", "forward derivative", () => linearize(angle, zeroOne).pushforward(ones)],
    ["jacfwd", "tied forward derivative", () => jacfwd(angle)(zeroOne)],
  ] as const)("%s: a NaN of the %s is the op's", (_, reading, derivative) => {
    const found = errorOf(() => debug.nans((): unknown => derivative()));
    expect(found.site).toMatchObject({ op: "atan2", reading, index: [0] });
    expect(found.site.inputs).toEqual(["float64 [2]", "float64 [2]"]);
    expect(found.message).toContain(`in its ${reading}`);
    expect(found.site.called).toMatch(/debug\.test\.ts:\d+$/);
  });

  it("names the line of the op, also where the pullback runs elsewhere", () => {
    let line = "";
    const check = debug.nans();
    const { pullback } = vjp((x: Tensor) => {
      line = nextLine();
      return atan2(x, x);
    }, zeroOne);
    const found = errorOf(() => pullback(ones));
    check();
    expect(found.site.called).toBe(line);
  });

  it("finds a NaN that only the second derivative has", () => {
    // d/dx x^t at -1 is t (-1)^(t-1), a number; how it changes with t is none
    const f = (x: Tensor): Tensor => pow(minusOne, x).sum();
    const g = (t: Tensor): Tensor => grad((x: Tensor) => x.pow(t).sum())(minusOne).sum();
    expect(errorOf(() => debug.nans(() => grad(f)(tensor([2, 2])))).site.op).toBe("pow");
    debug.nans(() => g(tensor([2, 1])));
    expect(errorOf(() => debug.nans(() => grad(g)(tensor([2, 1])))).site.reading).toBe("reverse derivative");
    expect(errorOf(() => debug.nans(() => jvp(g, [tensor([2, 1])], [ones]))).site.reading).toMatch(
      /forward derivative|jvp/,
    );
  });

  it("lets a rule discard a NaN that it made on the way", () => {
    // hypot at (0, 0), whose rules divide 0 by 0 before they choose
    const f = (x: Tensor): Tensor => x.hypot(x).sum();
    expect(
      debug.nans(() =>
        hessian(f)(tensor([0, 3]))
          .toTypedArray()
          .every(Number.isFinite),
      ),
    ).toBe(true);
  });

  it("sees through a derivative of the user's own", () => {
    const broken = customJvp(
      function broken(x) {
        return x.square();
      },
      ([x], [t]) => log(sub(-1, x.square())).mul(t),
    );
    expect(debug.nans(() => broken(ones).toArray())).toEqual([1, 1]);
    expect(errorOf(() => debug.nans(() => grad((x: Tensor) => broken(x).sum())(ones))).site).toMatchObject({
      op: "broken",
      reading: "reverse derivative",
    });
  });
});

describe("debug.nans on and off", () => {
  const bad = (): Tensor => log(minusOne);

  it("ends when called, and when its scope is left", () => {
    const check = debug.nans();
    expect(bad).toThrow(NumericalError);
    check();
    expect(bad().toTypedArray()[0]).toBeNaN();
    expect(() => debug.nans(bad)).toThrow(NumericalError);
    expect(bad().toTypedArray()[0]).toBeNaN();
  });

  it("has a dispose method where the engine knows the symbol", () => {
    const check = debug.nans();
    expect(typeof Symbol.dispose).toBe("symbol");
    check[Symbol.dispose]();
    expect(bad().toTypedArray()[0]).toBeNaN();
  });

  it("nests: the outer one is in force again after the inner one", () => {
    const outer = debug.nans();
    debug.nans(() => expect(bad).toThrow(NumericalError));
    expect(bad).toThrow(NumericalError);
    outer();
    outer();
    expect(bad().toTypedArray()[0]).toBeNaN();
  });

  it("lasts until a promise settles", async () => {
    const late = debug.nans(async () => {
      await null;
      return bad();
    });
    await expect(late).rejects.toThrow(NumericalError);
    expect(bad().toTypedArray()[0]).toBeNaN();
  });

  it("changes no result", () => {
    const x = random.normal(random.key(5), [3, 4]);
    const f = (v: Tensor): Tensor => where(v.greater(0), v.tanh(), v.mul(v)).softmax(1).square().sum();
    const plain = [f(x), grad(f)(x), hessian(f)(x)].map((t) => t.toArray());
    expect(debug.nans(() => [f(x), grad(f)(x), hessian(f)(x)].map((t) => t.toArray()))).toEqual(plain);
  });
});

describe("debug.nans in learning", () => {
  const sample = { input: tensor([[0.5, -1]]), target: tensor([[1, 2]]) };
  const cellOf = (name: string, next: (h: Tensor, g: Tensor, u: Tensor) => { h: Tensor; g: Tensor }) =>
    defineCell({
      name,
      equations: name,
      locality: "unit",
      states: ["h", "g"],
      shapes: ({ input, units }) => ({ W: [units, ...input] }),
      next: (p, { h, g }, x) => next(h, g, drive(x, p.W)),
      output: (_, { h }) => h,
    })({ input: 2, units: 2 });

  /** Steps until something throws. */
  function run(cell: ReturnType<typeof cellOf>): NumericalError {
    const model = stack([cell]);
    const learner = rfp(model, model.init(random.key(3)));
    return errorOf(() =>
      debug.nans(() => {
        for (let t = 0; t < 6; t++) learner.step(sample);
      }),
    );
  }

  it("names the line of the cell where an op of a step gives a NaN", () => {
    let line = "";
    const cell = cellOf("rooted", (h, g, u) => {
      line = nextLine();
      const root = sqrt(u.sub(10));
      return { h: h.mul(0.5).add(root), g };
    });
    expect(run(cell).site).toMatchObject({ op: "sqrt", reading: "value", called: line });
  });

  it("names the op whose tied derivative gives a NaN", () => {
    const flat = (u: Tensor): Tensor => u.sub(stopGradient(u));
    const cell = cellOf("angled", (h, g, u) => ({ h: h.mul(0.5).add(atan2(flat(u), flat(u))), g }));
    const found = run(cell);
    expect(found.site).toMatchObject({ op: "atan2", reading: "tied forward derivative" });
  });

  it("names the parameter and the area where a trace grows beyond all numbers", () => {
    // values stay small, but both influences grow by 1e200 a step, and the first adds them with opposite signs
    const grow = (s: Tensor): Tensor => s.sub(stopGradient(s)).mul(1e200);
    const cell = cellOf("growing", (h, g, u) => ({
      h: grow(h).add(grow(g)).add(u.mul(3)),
      g: grow(g).sub(u),
    }));
    const found = run(cell);
    expect(found.site.reading).toBe("trace");
    expect(found.message).toContain("the step of areas.0.W in area 0");
    expect(found.site.called).toMatch(/debug\.test\.ts:\d+$/);
  });

  it.each(Object.values(rules).map((r) => [r.name, r] as const))(
    "%s runs on where nothing is wrong, to the same gradient",
    (_, rule) => {
      const cell = cellOf("fine", (h, g, u) => ({ h: h.mul(0.5).add(u.tanh()), g: g.mul(0.9).add(u) }));
      const model = stack([cell]);
      const learned = (): string => {
        const learner = rule.start(model, model.init(random.key(3)));
        for (let t = 0; t < 4; t++) learner.step(sample);
        return JSON.stringify(learner.gradient().areas.map((a) => a.W.toArray()));
      };
      expect(debug.nans(learned)).toBe(learned());
    },
  );
});
