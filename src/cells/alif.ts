import { type Key, uniform } from "../core/prng.js";
import { cast } from "../ops/cast.js";
import { greater } from "../ops/compare.js";
import { abs, add, mul, relu, sigmoid, sub } from "../ops/pointwise.js";
import { customJvp } from "../reverse/custom-jvp.js";
import { defineCell } from "./_cell.js";
import { drive } from "./_drive.js";

/** Height of the pseudo-derivative at the threshold. */
const dampening = 0.3;
/** Voltage at which a unit fires that has not fired lately. */
const threshold = 1;

/** σ(·) of these is exp(−1/τ), with time constants τ between half and twice the usual one. */
const decays =
  (usual: number) =>
  (key: Key, n: number): Float64Array =>
    uniform(key, n).map((u) => -Math.log(Math.expm1(1 / (usual * 4 ** (u - 0.5)))));

/** 1 where the voltage exceeds the threshold; its derivative is taken to be 0.3 max(0, 1 − |v|), v the excess. */
const spike = customJvp(
  (v) => cast(greater(v, 0), v.dtype),
  ([v], [t]) => mul(t, mul(relu(sub(1, abs(v))), dampening)),
);

/**
 * The adaptive leaky integrate-and-fire neuron (Bellec, Scherr, Subramoney, Hajek, Salaj, Legenstein & Maass 2020, A solution
 * to the learning dilemma for recurrent networks of spiking neurons, Nature Communications 11, 3625: equations 6 to 8 and the
 * pseudo-derivative of their methods). A spike z raises the unit's own threshold A, which then decays, and takes the threshold's
 * worth off its voltage: the reset is a subtraction, and the derivative follows it. z is a function of both states, so it is
 * computed where it is read: of the old states in `next`, of the new ones as the output. Here a unit hears only itself by a
 * weight w, in place of their recurrent matrix, so that its influence stays its own; rates of decay are learned, as σ(·).
 */
export const cell = defineCell({
  name: "alif",
  equations:
    "A = 1 + β⊙a; z = H(v − A), dz/d(v − A) := 0.3 max(0, 1 − |v − A|); v' = σ(α)⊙v + W x + b + w⊙z − z; a' = σ(ρ)⊙a + z; y = H(v' − A')",
  pure: true,
  surrogate: true,
  locality: "unit",
  states: ["v", "a"],
  shapes: ({ input, units: n }) => ({ W: [n, ...input], b: [n], w: [n], alpha: [n], rho: [n], beta: [n] }),
  // voltages decay within some 20 steps, thresholds within some 200, as in the source
  initial: {
    alpha: decays(20),
    rho: decays(200),
    beta: (key: Key, n: number) => uniform(key, n).map((u) => 0.4 * u),
  },
  next: (p, { v, a }, x) => {
    const z = spike(sub(v, add(mul(p.beta, a), threshold)));
    const driven = add(add(drive(x, p.W), p.b), mul(sub(p.w, threshold), z));
    return { v: add(mul(sigmoid(p.alpha), v), driven), a: add(mul(sigmoid(p.rho), a), z) };
  },
  output: (p, { v, a }) => spike(sub(v, add(mul(p.beta, a), threshold))),
});
