import { add, mul, sigmoid, sub } from "../ops/pointwise.js";
import { defineCell } from "./_cell.js";
import { drive } from "./_drive.js";

/**
 * The simple recurrent unit (Lei, Zhang, Wang, Dai & Artzi 2018), a quasi-recurrent cell: all products with matrices read the
 * input only, and gates see their own unit's state. The highway past the state is projected, and its gate reads the new state.
 */
export const cell = defineCell({
  name: "sru",
  equations:
    "f = σ(Wf x + vf⊙c + bf); c' = f⊙c + (1−f)⊙(W x); r = σ(Wr x + vr⊙c' + br); y = r⊙c' + (1−r)⊙(Ws x)",
  pure: true,
  locality: "unit",
  states: ["c"],
  shapes: ({ input, units: n }) => ({
    W: [n, ...input],
    Wf: [n, ...input],
    vf: [n],
    bf: [n],
    Wr: [n, ...input],
    vr: [n],
    br: [n],
    Ws: [n, ...input],
  }),
  next: (p, { c }, x) => {
    const f = sigmoid(add(add(drive(x, p.Wf), mul(p.vf, c)), p.bf));
    return { c: add(mul(f, c), mul(sub(1, f), drive(x, p.W))) };
  },
  output: (p, { c }, x) => {
    const r = sigmoid(add(add(drive(x, p.Wr), mul(p.vr, c)), p.br));
    return add(mul(r, c), mul(sub(1, r), drive(x, p.Ws)));
  },
});
