import { add, mul, sigmoid, sub, tanh } from "../ops/pointwise.js";
import { defineCell } from "./_cell.js";
import { drive } from "./_drive.js";

/** An LSTM whose recurrence is elementwise (Irie et al. 2024): only the output mixes units. */
export const cell = defineCell({
  name: "elstm",
  equations:
    "f = σ(Wf x + wf⊙c + bf); z = tanh(Wz x + wz⊙c + bz); c' = f⊙c + (1−f)⊙z; o = σ(Wo x + Uo c' + bo); y = o⊙c'",
  pure: true,
  locality: "unit",
  states: ["c"],
  shapes: ({ input, units: n }) => ({
    Wf: [n, ...input],
    wf: [n],
    bf: [n],
    Wz: [n, ...input],
    wz: [n],
    bz: [n],
    Wo: [n, ...input],
    Uo: [n, n],
    bo: [n],
  }),
  next: (p, { c }, x) => {
    const f = sigmoid(add(add(drive(x, p.Wf), mul(p.wf, c)), p.bf));
    const z = tanh(add(add(drive(x, p.Wz), mul(p.wz, c)), p.bz));
    return { c: add(mul(f, c), mul(sub(1, f), z)) };
  },
  output: (p, { c }, x) => mul(sigmoid(add(add(drive(x, p.Wo), drive(c, p.Uo)), p.bo)), c),
});
