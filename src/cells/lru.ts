import { type Key, uniform } from "../core/prng.js";
import { add, cos, exp, mul, neg, sin, sqrt, square, sub } from "../ops/pointwise.js";
import { defineCell } from "./_cell.js";
import { drive } from "./_drive.js";

const [slowest, fastest] = [0.99, 0.6];

/**
 * The linear recurrent unit (Orvieto et al. 2023): a diagonal complex recurrence, kept as two real states.
 * Initial |λ| is uniform in the ring [0.6, 0.99], the phase in [0, π/10].
 */
export const cell = defineCell({
  name: "lru",
  equations: "λ = exp(−exp ν + i·exp θ); γ = √(1−|λ|²); s' = λ⊙s + γ⊙(B x); y = Re(C s') + D x",
  pure: true,
  locality: "unit",
  states: ["re", "im"],
  shapes: ({ input, units: n }) => ({
    nu: [n],
    theta: [n],
    Bre: [n, ...input],
    Bim: [n, ...input],
    Cre: [n, n],
    Cim: [n, n],
    D: [n, ...input],
  }),
  initial: {
    nu: (key: Key, n: number) =>
      uniform(key, n).map((u) => Math.log(-0.5 * Math.log(u * (slowest ** 2 - fastest ** 2) + fastest ** 2))),
    theta: (key: Key, n: number) => uniform(key, n).map((u) => Math.log((Math.PI / 10) * (u + 1e-3))),
  },
  next: (p, { re, im }, x) => {
    const magnitude = exp(neg(exp(p.nu)));
    const phase = exp(p.theta);
    const [a, b] = [mul(magnitude, cos(phase)), mul(magnitude, sin(phase))];
    const gain = sqrt(sub(1, square(magnitude)));
    return {
      re: add(sub(mul(a, re), mul(b, im)), mul(gain, drive(x, p.Bre))),
      im: add(add(mul(b, re), mul(a, im)), mul(gain, drive(x, p.Bim))),
    };
  },
  output: (p, { re, im }, x) => add(sub(drive(re, p.Cre), drive(im, p.Cim)), drive(x, p.D)),
});
