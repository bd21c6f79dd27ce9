import { add, mul, tanh } from "../ops/pointwise.js";
import { defineCell } from "./_cell.js";
import { drive } from "./_drive.js";

/** The independently recurrent network (Li et al. 2018), with tanh. */
export const cell = defineCell({
  name: "indrnn",
  equations: "h' = tanh(W x + u⊙h + b)",
  pure: true,
  locality: "unit",
  states: ["h"],
  shapes: ({ input, units: n }) => ({ W: [n, ...input], u: [n], b: [n] }),
  next: (p, { h }, x) => ({ h: tanh(add(add(drive(x, p.W), mul(p.u, h)), p.b)) }),
  output: (_, { h }) => h,
});
