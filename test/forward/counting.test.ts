import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backend, registerBackend } from "../../src/device/backend.js";
import { jacfwd, type Tensor, type TiedJacobian, tensor, tiedJacobian, useBackend } from "../../src/index.js";

const arithmetic = new Set([
  "scale",
  "mul",
  "add",
  "sub",
  "div",
  "contract",
  "square",
  "tanh",
  "cosh",
  "reciprocal",
  "sum",
]);
let count = 0;

beforeAll(() => {
  const js = backend();
  registerBackend({
    name: "counting",
    run(name, inputs, attrs, out) {
      if (arithmetic.has(name)) count += out.data.length;
      js.run(name, inputs, attrs, out);
    },
    traceStep: (step) => js.traceStep(step),
  });
  useBackend("counting");
});
afterAll(() => useBackend("js"));

const points = (n: number): Tensor => tensor(Float64Array.from({ length: n }, (_, i) => Math.sin(i)));
const elementwise = (x: Tensor): Tensor => x.tanh().mul(x).add(x.square()).sub(0.5);

function costOf(f: () => unknown): number {
  count = 0;
  f();
  return count;
}

describe("the Jacobian of an elementwise function of n numbers", () => {
  it("costs O(n) arithmetic: ten times the numbers, ten times the work", () => {
    const cost = (n: number): number => costOf(() => tiedJacobian(elementwise)(points(n)));
    const per = cost(100) / 100;
    expect(cost(1000) / 1000).toBeLessThanOrEqual(per);
    expect(cost(10_000) / 10_000).toBeLessThanOrEqual(per);
  });

  it("is n numbers where ties are kept, and n² only once it is spread out", () => {
    const jacobian = tiedJacobian(elementwise)(points(100)) as TiedJacobian;
    expect(jacobian.values.shape).toEqual([100]);
    expect(jacobian.ties).toEqual([0]);
    const spread = costOf(() => expect(jacobian.dense().shape).toEqual([100, 100]));
    expect(spread).toBe(0);
  });

  it("costs jacfwd no more arithmetic than that", () => {
    expect(costOf(() => jacfwd(elementwise)(points(1000)))).toBe(
      costOf(() => tiedJacobian(elementwise)(points(1000))),
    );
  });

  it("counts O(n²) where the function mixes: the control", () => {
    const mixing = (x: Tensor): Tensor => x.cumsum().tanh();
    expect(costOf(() => jacfwd(mixing)(points(100)))).toBeGreaterThanOrEqual(10_000);
  });
});
