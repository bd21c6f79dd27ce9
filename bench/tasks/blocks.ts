import type { Cell, CellParams } from "../../src/cells/index.js";
import { foldIn, type Key, uniform } from "../../src/core/prng.js";
import { add, mul, reshape, sigmoid, sub, type Tensor, tanh, tensor, zeros } from "../../src/index.js";
import { fanIn } from "../../src/nn/index.js";
import { contract } from "../../src/ops/contract.js";

/** Units that are recurrent among each other, and nowhere else. */
const perBlock = 4;

const drive = (x: Tensor, W: Tensor): Tensor => contract(x, W, ["b", "m"], ["k", "i", "m"], ["b", "k", "i"]);
const within = (h: Tensor, U: Tensor): Tensor =>
  contract(h, U, ["b", "k", "j"], ["k", "i", "j"], ["b", "k", "i"]);

/**
 * Gated units in blocks of four: z = σ(Wz x + Uz h + bz); g = tanh(Wg x + Ug h + bg); h' = (1−z)⊙h + z⊙g, where U mixes
 * the units of a block. In units that keep to themselves most rules would be exact; in a dense recurrence exactness would
 * cost as much as RTRL. Here a tie of the block survives, and every rule sees something else.
 * Gates start so that times of forgetting spread over 1 to `slowest` steps (Tallec & Ollivier 2018).
 */
export function gatedBlocks(input: number, units: number, slowest: number): Cell {
  const blocks = units / perBlock;
  const [W, U, b] = [
    [blocks, perBlock, input],
    [blocks, perBlock, perBlock],
    [blocks, perBlock],
  ];
  const shapes = { Wz: W, Uz: U, bz: b, Wg: W, Ug: U, bg: b };
  return {
    name: "gatedBlocks",
    pure: true,
    locality: "channel",
    geometry: { input: [input], units, stride: 1, activation: "tanh", state: [blocks, perBlock] },
    states: ["h"],
    shapes,
    outputShape: [units],
    init: (key): CellParams => ({
      Wz: fanIn(foldIn(key, "Wz"), W),
      Uz: fanIn(foldIn(key, "Uz"), U),
      bz: slowGates(foldIn(key, "bz"), b, slowest),
      Wg: fanIn(foldIn(key, "Wg"), W),
      Ug: fanIn(foldIn(key, "Ug"), U),
      bg: zeros(b),
    }),
    zeroState: (batch, options = {}) => ({ h: zeros([batch, ...b], { dtype: options.dtype }) }),
    next: (p, { h }, x) => {
      const z = sigmoid(add(add(drive(x, p.Wz), within(h, p.Uz)), p.bz));
      const g = tanh(add(add(drive(x, p.Wg), within(h, p.Ug)), p.bg));
      return { h: add(mul(sub(1, z), h), mul(z, g)) };
    },
    output: (_, { h }) => reshape(h, [h.shape[0], units]),
  };
}

/** Biases for which σ(b) is 1/(1 + τ), τ uniform between 1 and `slowest` steps. */
export function slowGates(key: Key, shape: readonly number[], slowest: number): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    uniform(key, size).map((u) => -Math.log(1 + u * (slowest - 1))),
    { shape },
  );
}
