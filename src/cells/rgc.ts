import type { Shape } from "../core/shape.js";
import { conv2d } from "../ops/conv.js";
import { add, elu, mul, neg, sigmoid, tanh } from "../ops/pointwise.js";
import { reshape } from "../ops/views.js";
import type { Tensor } from "../tensor/tensor.js";
import { defineCell, type Geometry, type Locality } from "./_cell.js";
import { drive } from "./_drive.js";

/** How a gate reads a state: v, weight, bias and the number of units to its preactivation. */
type Gate = (v: Tensor, w: Tensor, b: Tensor, n: number) => Tensor;

const perChannel = (b: Tensor): Tensor => reshape(b, [b.size, 1, 1]);
const gates = {
  vector: (v, w, b) => add(mul(w, v), b),
  pointwise: (v, w, b) => add(mul(perChannel(w), v), perChannel(b)),
  depthwise: (v, w, b, n) => add(conv2d(v, w, { padding: 1, groups: n }), perChannel(b)),
  conv: (v, w, b) => add(conv2d(v, w, { padding: 1 }), perChannel(b)),
} satisfies Record<string, Gate>;

/**
 * The reciprocal gated circuit (Nayebi et al. 2018, 2022): both gates read the previous states, cell and output gate
 * each other, and every gate is 1 − σ(·), computed as σ(−·).
 */
function reciprocalGatedCircuit(name: string, kind: keyof typeof gates, locality: Locality) {
  const spatial = kind !== "vector";
  const gate: Gate = gates[kind];
  const gateShape = (n: number): Shape =>
    kind === "depthwise" ? [n, 1, 3, 3] : kind === "conv" ? [n, n, 3, 3] : [n];
  const input = (x: Tensor, K: Tensor, b: Tensor, g: Geometry): Tensor =>
    spatial ? add(conv2d(x, K, { padding: 1, stride: g.stride }), perChannel(b)) : add(drive(x, K), b);
  return defineCell({
    name,
    equations:
      "u_h = Kh∗x + bh; u_c = Kc∗x + bc; c' = φ((1−σ(wcc∗c + gcc))⊙c + (1−σ(whc∗h + ghc))⊙u_c); h' = φ((1−σ(whh∗h + ghh))⊙h + (1−σ(wch∗c + gch))⊙u_h)",
    pure: true,
    locality,
    states: ["h", "c"],
    spatial,
    activation: "elu",
    shapes: ({ input: m, units: n }) => {
      const K: Shape = spatial ? [n, m[0], 3, 3] : [n, ...m];
      const w = gateShape(n);
      return {
        Kh: K,
        bh: [n],
        Kc: K,
        bc: [n],
        wcc: w,
        whc: w,
        whh: w,
        wch: w,
        gcc: [n],
        ghc: [n],
        ghh: [n],
        gch: [n],
      };
    },
    next: (p, { h, c }, x, g) => {
      const squash = g.activation === "tanh" ? tanh : elu;
      const open = (v: Tensor, w: Tensor, b: Tensor): Tensor => sigmoid(neg(gate(v, w, b, g.units)));
      const keptC = mul(open(c, p.wcc, p.gcc), c);
      const drivenC = mul(open(h, p.whc, p.ghc), input(x, p.Kc, p.bc, g));
      const keptH = mul(open(h, p.whh, p.ghh), h);
      const drivenH = mul(open(c, p.wch, p.gch), input(x, p.Kh, p.bh, g));
      return { h: squash(add(keptH, drivenH)), c: squash(add(keptC, drivenC)) };
    },
    output: (_, { h }) => h,
  });
}

export const cells = {
  rgc: reciprocalGatedCircuit("rgc", "vector", "unit"),
  rgcPointwise: reciprocalGatedCircuit("rgcPointwise", "pointwise", "unit"),
  rgcDepthwise: reciprocalGatedCircuit("rgcDepthwise", "depthwise", "channel"),
  rgcConv: reciprocalGatedCircuit("rgcConv", "conv", "dense"),
};
