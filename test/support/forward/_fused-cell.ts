import { defineCell, drive } from "../../../src/cells/index.js";
import { add, mul, sigmoid, slice } from "../../../src/index.js";

/** A cell whose file is called as those of the library's own machinery are. */
export const fused = defineCell({
  name: "fused",
  equations: "h' = σ(u₁)⊙h + u₂; u = W x",
  locality: "unit",
  states: ["h"],
  shapes: ({ input, units: n }) => ({ W: [2 * n, ...input] }),
  next: (p, { h }, x, { units: n }) => {
    const u = drive(x, p.W);
    const gate = slice(u, [null, [0, n]]);
    return { h: add(mul(sigmoid(gate), h), slice(u, [null, [n, 2 * n]])) };
  },
  output: (_, { h }) => h,
});
