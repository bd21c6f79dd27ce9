import { add, mul, sigmoid, sub, tanh } from "../ops/pointwise.js";
import { defineCell } from "./_cell.js";
import { drive } from "./_drive.js";

/** Leaky integrators with a learned rate per unit (Jaeger et al. 2007; Mozer 1992). */
export const cell = defineCell({
  name: "leaky",
  equations: "α = σ(a); h' = (1−α)⊙h + α⊙tanh(W x + b)",
  pure: true,
  locality: "unit",
  states: ["h"],
  shapes: ({ input, units: n }) => ({ W: [n, ...input], b: [n], a: [n] }),
  next: (p, { h }, x) => {
    const rate = sigmoid(p.a);
    return { h: add(mul(sub(1, rate), h), mul(rate, tanh(add(drive(x, p.W), p.b)))) };
  },
  output: (_, { h }) => h,
});
