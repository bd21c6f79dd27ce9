import { defineCell } from "onward/cells";

export const mine = defineCell({
  name: "mine",
  equations: "h' = tanh(U h + b + x₀)",
  locality: "dense",
  states: ["h"],
  shapes: ({ units: n }) => ({ U: [n, n], b: [n] }),
  next(p, { h }, x) {
    const mixed = h.matmul(p.U.transpose().mul(1.0625));
    const driven = mixed.add(p.b).add(x.slice([null, [0, 1]]));
    return { h: driven.tanh() };
  },
  output: (_, { h }) => h,
});
