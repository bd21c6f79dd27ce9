import { add, mul, sigmoid, sub, tanh } from "../ops/pointwise.js";
import { defineCell } from "./_cell.js";
import { drive } from "./_drive.js";

/** The gated recurrent unit (Cho et al. 2014), in the form of cuDNN with its own bias inside the reset gate. */
export const cell = defineCell({
  name: "gru",
  equations: "r, z = σ(W x + U h + b); n = tanh(Wn x + bn + r⊙(Un h + bhn)); h' = (1−z)⊙n + z⊙h",
  pure: true,
  locality: "dense",
  states: ["h"],
  shapes: ({ input, units: n }) => ({
    Wr: [n, ...input],
    Ur: [n, n],
    br: [n],
    Wz: [n, ...input],
    Uz: [n, n],
    bz: [n],
    Wn: [n, ...input],
    Un: [n, n],
    bn: [n],
    bhn: [n],
  }),
  next: (p, { h }, x) => {
    const r = sigmoid(add(add(drive(x, p.Wr), drive(h, p.Ur)), p.br));
    const z = sigmoid(add(add(drive(x, p.Wz), drive(h, p.Uz)), p.bz));
    const n = tanh(add(add(drive(x, p.Wn), p.bn), mul(r, add(drive(h, p.Un), p.bhn))));
    return { h: add(mul(sub(1, z), n), mul(z, h)) };
  },
  output: (_, { h }) => h,
});
