/** Cells written once more, with public operations only and without the library's cells: an independent path to gradients. */
import {
  add,
  cos,
  elu,
  exp,
  matmul,
  mul,
  neg,
  sigmoid,
  sin,
  sqrt,
  sub,
  type Tensor,
  tanh,
} from "../../src/index.js";

export type Named = Readonly<Record<string, Tensor>>;

/** Parameters, states and input to new states and output. */
export type Equation = (p: Named, s: Named, x: Tensor) => { readonly states: Named; readonly output: Tensor };

const times = (x: Tensor, w: Tensor): Tensor => matmul(x, w.transpose());
const both = (h: Tensor): ReturnType<Equation> => ({ states: { h }, output: h });
const sumOf = (...parts: Tensor[]): Tensor => parts.reduce((a, b) => add(a, b));
const mix = (gate: Tensor, a: Tensor, b: Tensor): Tensor => add(mul(sub(1, gate), a), mul(gate, b));

export const equations: Readonly<Record<string, Equation>> = {
  vanilla: (p, { h }, x) => both(tanh(sumOf(times(x, p.W), times(h, p.U), p.b))),
  leaky: (p, { h }, x) => both(mix(sigmoid(p.a), h, tanh(add(times(x, p.W), p.b)))),
  indrnn: (p, { h }, x) => both(tanh(sumOf(times(x, p.W), mul(p.u, h), p.b))),
  mingru: (p, { h }, x) => both(mix(sigmoid(add(times(x, p.Wz), p.bz)), h, tanh(add(times(x, p.Wg), p.bg)))),
  elstm: (p, { c }, x) => {
    const f = sigmoid(sumOf(times(x, p.Wf), mul(p.wf, c), p.bf));
    const z = tanh(sumOf(times(x, p.Wz), mul(p.wz, c), p.bz));
    const next = mix(f, z, c);
    return {
      states: { c: next },
      output: mul(sigmoid(sumOf(times(x, p.Wo), times(next, p.Uo), p.bo)), next),
    };
  },
  lru: (p, s, x) => {
    const magnitude = exp(neg(exp(p.nu)));
    const [a, b] = [mul(magnitude, cos(exp(p.theta))), mul(magnitude, sin(exp(p.theta)))];
    const gain = sqrt(sub(1, mul(magnitude, magnitude)));
    const re = sumOf(mul(a, s.re), neg(mul(b, s.im)), mul(gain, times(x, p.Bre)));
    const im = sumOf(mul(b, s.re), mul(a, s.im), mul(gain, times(x, p.Bim)));
    return { states: { re, im }, output: sumOf(times(re, p.Cre), neg(times(im, p.Cim)), times(x, p.D)) };
  },
  gru: (p, { h }, x) => {
    const r = sigmoid(sumOf(times(x, p.Wr), times(h, p.Ur), p.br));
    const z = sigmoid(sumOf(times(x, p.Wz), times(h, p.Uz), p.bz));
    const n = tanh(sumOf(times(x, p.Wn), p.bn, mul(r, add(times(h, p.Un), p.bhn))));
    return both(mix(z, n, h));
  },
  lstm: (p, s, x) => {
    const pre = (q: string): Tensor => sumOf(times(x, p[`W${q}`]), times(s.h, p[`U${q}`]), p[`b${q}`]);
    const c = add(mul(sigmoid(pre("f")), s.c), mul(sigmoid(pre("i")), tanh(pre("g"))));
    const h = mul(sigmoid(pre("o")), tanh(c));
    return { states: { h, c }, output: h };
  },
  rgc: (p, { h, c }, x) => {
    const open = (v: Tensor, w: Tensor, b: Tensor): Tensor => sub(1, sigmoid(add(mul(w, v), b)));
    const [driveH, driveC] = [add(times(x, p.Kh), p.bh), add(times(x, p.Kc), p.bc)];
    const cell = elu(add(mul(open(c, p.wcc, p.gcc), c), mul(open(h, p.whc, p.ghc), driveC)));
    const hidden = elu(add(mul(open(h, p.whh, p.ghh), h), mul(open(c, p.wch, p.gch), driveH)));
    return { states: { h: hidden, c: cell }, output: hidden };
  },
};
