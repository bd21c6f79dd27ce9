import { add, tanh } from "../ops/pointwise.js";
import { defineCell } from "./_cell.js";
import { drive } from "./_drive.js";

/** The simple recurrent network (Elman 1990). */
export const cell = defineCell({
  name: "vanilla",
  equations: "h' = tanh(W x + U h + b)",
  pure: true,
  locality: "dense",
  states: ["h"],
  shapes: ({ input, units: n }) => ({ W: [n, ...input], U: [n, n], b: [n] }),
  next: (p, { h }, x) => ({ h: tanh(add(add(drive(x, p.W), drive(h, p.U)), p.b)) }),
  output: (_, { h }) => h,
});
