import { describe, expect, it } from "vitest";
import { ArgumentError, DTypeError } from "../../src/core/errors.js";
import {
  abs,
  customJvp,
  mul,
  random,
  relu,
  sin,
  stopGradient,
  sum,
  type Tensor,
  tanh,
  tensor,
} from "../../src/index.js";
import { checkGradients, GradientError, UnsettledError } from "../../src/testing/index.js";

const x = tensor([0.3, -0.7, 1.2]);
const messageOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(GradientError);
    return (error as Error).message;
  }
  return "";
};

describe("checkGradients", () => {
  it("passes right derivatives, of trees to trees, and says how near they are", () => {
    const f = (p: { w: Tensor; b: readonly Tensor[] }, v: Tensor) => ({
      y: tanh(p.w.matmul(v).add(p.b[0])),
      z: [sum(v.square())],
    });
    const args = [{ w: random.normal(random.key(1), [2, 3]), b: [tensor([0.5, -0.5])] }, x] as const;
    const report = checkGradients(f, [...args]);
    // 11 entries: 3 outputs each forward, and one weighted sum in reverse
    expect(report.compared).toBe(11 * 4);
    expect(report.worst).toBeLessThan(1e-9);
  });

  it("passes second and third derivatives, in all mixtures of modes", () => {
    const f = (v: Tensor) => sum(sin(v).mul(v.exp()));
    expect(checkGradients(f, [x], { order: 2 }).worst).toBeLessThan(1e-8);
    expect(checkGradients(f, [tensor([0.4])], { order: 3, tolerance: 1e-6 }).worst).toBeLessThan(1e-6);
  });

  it("passes large arguments, large values and flat functions", () => {
    checkGradients((v: Tensor) => v.square(), [tensor([1e6, -3e4])]);
    checkGradients((v: Tensor) => v.exp(), [tensor([20])]);
    checkGradients((v: Tensor) => v.mul(0), [x]);
    checkGradients((v: Tensor) => v.mul(1e9), [x]);
  });

  it("accepts a scalar argument, and none", () => {
    checkGradients((v: Tensor) => sin(v), [tensor(0.4)]);
    expect(checkGradients(() => tensor(1), [])).toEqual({ worst: 0, compared: 0 });
  });

  const wrong = customJvp(
    (v: Tensor) => v.square(),
    ([v], [t]) => mul(mul(v, t), 2.001),
  );

  it("names the argument, the derivative expected and the one that came", () => {
    const message = messageOf(() =>
      checkGradients((p: { v: Tensor }) => wrong(p.v), [{ v: tensor([[1, 3]]) }]),
    );
    expect(message).toMatch(
      /^checkGradients: the forward derivative at args\.0\.v\[0,0\] must be 2 by central differences, got 2\.001$/,
    );
  });

  it("notices a derivative that was cut off", () => {
    const message = messageOf(() => checkGradients((v: Tensor) => v.mul(stopGradient(v)), [x]));
    expect(message).toContain("the forward derivative at args.0[0] must be 0.6");
  });

  it("notices a wrong second derivative behind a right first one", () => {
    const flat = customJvp(
      (v: Tensor) => v.square(),
      ([v], [t]) => mul(mul(stopGradient(v), t), 2),
    );
    checkGradients(flat, [x]);
    expect(messageOf(() => checkGradients(flat, [x], { order: 2 }))).toMatch(
      /derivative of the (reverse|forward) derivative at args\.0\[0\]/,
    );
  });

  it("compares the modes asked for, and mixes no others at higher orders", () => {
    const f = (v: Tensor) => sum(sin(v).mul(v.exp()));
    const compared = (options: object) => checkGradients(f, [x], options).compared;
    // 3 entries of one output: one derivative each per mode
    expect(compared({ modes: ["forward"] })).toBe(3);
    expect(compared({ modes: ["reverse"] })).toBe(3);
    // forward over forward: one output; reverse over reverse: three outputs in one weighted sum
    expect(compared({ modes: ["forward"], order: 2 })).toBe(3 + 3);
    expect(compared({ modes: ["reverse"], order: 2 })).toBe(3 + 3);
    // over the gradient of three outputs: 3 forward and 1 reverse for each entry; over the tangent: 1 and 1
    expect(compared({ order: 2 })).toBe(3 * (2 + (3 + 1) + (1 + 1)));
  });

  it("lets pass what only other modes get wrong", () => {
    const flat = customJvp(
      (v: Tensor) => v.square(),
      ([v], [t]) => mul(mul(v, t), 2.001),
    );
    for (const mode of ["forward", "reverse"] as const)
      expect(messageOf(() => checkGradients(flat, [x], { modes: [mode] }))).toMatch(
        new RegExp(`^checkGradients: the ${mode} derivative at args\\.0`),
      );
    // wrong in the second derivative only: the message tells the mixture
    const second = customJvp(
      (v: Tensor) => v.square(),
      ([v], [t]) => mul(mul(stopGradient(v), t), 2),
    );
    for (const mode of ["forward", "reverse"] as const)
      expect(messageOf(() => checkGradients(second, [x], { order: 2, modes: [mode] }))).toContain(
        `the ${mode} derivative of the ${mode} derivative at args.0[0]`,
      );
  });

  it.each([[[]], [["backward"]], [["forward", "both"]], ["forward"]])("refuses modes %j", (modes) => {
    const check = () => checkGradients((v: Tensor) => v, [x], { modes: modes as never });
    expect(check).toThrow(ArgumentError);
    expect(check).toThrow(
      `checkGradients: modes must be some of forward, reverse, got ${JSON.stringify(modes)}`,
    );
  });

  it("does not judge at a kink", () => {
    expect(messageOf(() => checkGradients((v: Tensor) => abs(v), [tensor([1e-3])]))).toMatch(
      /^checkGradients: central differences for the derivative at args\.0\[0\] must settle to .* kink or a jump nearby$/,
    );
    // at the corner itself they settle, on the slope halfway
    for (const corner of [
      (v: Tensor) => relu(v),
      (v: Tensor) => relu(v).mul(1e-2).add(v),
      (v: Tensor) => sin(relu(v)).mul(50),
    ])
      expect(() => checkGradients(corner, [tensor([0])])).toThrow(UnsettledError);
    // a bend is none, however sharp: this is wrong
    const bent = customJvp(
      (v: Tensor) => v.square().mul(1000),
      ([v], [t]) => mul(mul(v, t), 2000.1).add(t),
    );
    expect(messageOf(() => checkGradients(bent, [tensor([0])]))).toContain(
      "must be 0 by central differences, got 1",
    );
  });

  it("refuses arguments without enough digits, and orders that are none", () => {
    const narrow = () =>
      checkGradients((p: { a: Tensor }) => p.a, [{ a: tensor([1], { dtype: "float32" }) }]);
    expect(narrow).toThrow(DTypeError);
    expect(narrow).toThrow("checkGradients: expected float64 tensors, got float32 at args.0.a");
    expect(() => checkGradients((v: Tensor) => v, [x], { order: 0 })).toThrow(ArgumentError);
  });
});
