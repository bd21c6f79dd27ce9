import { add, mul, sigmoid, sub, tanh } from "../ops/pointwise.js";
import { defineCell } from "./_cell.js";
import { drive } from "./_drive.js";

/** The minimal gated unit whose gates see the input only (minGRU, Feng et al. 2024), with a tanh candidate. */
export const cell = defineCell({
  name: "mingru",
  equations: "z = σ(Wz x + bz); g = tanh(Wg x + bg); h' = (1−z)⊙h + z⊙g",
  pure: true,
  locality: "unit",
  states: ["h"],
  shapes: ({ input, units: n }) => ({ Wz: [n, ...input], bz: [n], Wg: [n, ...input], bg: [n] }),
  next: (p, { h }, x) => {
    const z = sigmoid(add(drive(x, p.Wz), p.bz));
    const g = tanh(add(drive(x, p.Wg), p.bg));
    return { h: add(mul(sub(1, z), h), mul(z, g)) };
  },
  output: (_, { h }) => h,
});
