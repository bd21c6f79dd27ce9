import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkDerivatives, isDerivativeFile } from "../../src/cli/check/derivatives.js";
import { grad, jvp, log, scalar, sqrt, type Tensor, tensor, where } from "../../src/index.js";

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

describe("strong zeros", () => {
  const forward = (f: (x: Tensor) => Tensor, x: Tensor): number => jvp(f, [x], [scalar(1)]).tangent.item();

  it("sqrt(x·x) at 0 has derivative 0, forward and reverse", () => {
    const f = (x: Tensor): Tensor => sqrt(x.mul(x));
    expect(forward(f, scalar(0))).toBe(0);
    expect(grad(f)(scalar(0)).item()).toBe(0);
  });

  it("where(x > 0, log x, 0) at 0 has derivative 0, forward, reverse and nested", () => {
    const f = (x: Tensor): Tensor => where(x.greater(0), log(x), 0);
    expect(forward(f, scalar(0))).toBe(0);
    expect(grad(f)(scalar(0)).item()).toBe(0);
    expect(forward(grad(f), scalar(0))).toBe(0);
    expect(grad((x: Tensor) => jvp(f, [x], [scalar(1)]).tangent)(scalar(0)).item()).toBe(0);
  });

  it("the norm of a zero vector has derivative 0", () => {
    expect(grad((x: Tensor) => x.norm())(tensor([0, 0])).toArray()).toEqual([0, 0]);
  });
});
