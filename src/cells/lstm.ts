import type { Shape } from "../core/shape.js";
import { add, mul, sigmoid, tanh } from "../ops/pointwise.js";
import type { Tensor } from "../tensor/tensor.js";
import { type CellParams, defineCell } from "./_cell.js";
import { drive } from "./_drive.js";

const gates = ["i", "f", "g", "o"] as const;
type Gate = (typeof gates)[number];
type Name = `${"W" | "U" | "b"}${Gate}`;

/** Long short-term memory (Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000). */
export const cell = defineCell({
  name: "lstm",
  equations: "i, f, o = σ(W x + U h + b), g = tanh(W x + U h + b); c' = f⊙c + i⊙g; h' = o⊙tanh c'",
  pure: true,
  locality: "dense",
  states: ["h", "c"],
  shapes: ({ input, units: n }) =>
    Object.fromEntries(
      gates.flatMap((q) => [
        [`W${q}`, [n, ...input]],
        [`U${q}`, [n, n]],
        [`b${q}`, [n]],
      ]),
    ) as unknown as Record<Name, Shape>,
  next: (p, s, x) => {
    const pre = (q: Gate): Tensor => preactivation(p, q, s.h, x);
    const c = add(mul(sigmoid(pre("f")), s.c), mul(sigmoid(pre("i")), tanh(pre("g"))));
    return { h: mul(sigmoid(pre("o")), tanh(c)), c };
  },
  output: (_, { h }) => h,
});

function preactivation(p: CellParams<Name>, q: Gate, h: Tensor, x: Tensor): Tensor {
  return add(add(drive(x, p[`W${q}`]), drive(h, p[`U${q}`])), p[`b${q}`]);
}
