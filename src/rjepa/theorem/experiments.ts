/** What Theorem 1 says of the linear model, and what its dynamics do. */
import { foldIn, key } from "../../core/prng.js";
import { adamw } from "../../nn/optimizers/adam.js";
import { warmupCosine } from "../../nn/optimizers/schedule.js";
import { eye } from "../../ops/create.js";
import { mul } from "../../ops/pointwise.js";
import { normal } from "../../ops/random.js";
import { grad } from "../../reverse/vjp.js";
import { compile } from "../../tensor/compile/compile.js";
import type { Tensor } from "../../tensor/tensor.js";
import { flow } from "./flow.js";
import {
  imbalance,
  keptVariance,
  lossOf,
  type Objective,
  type Process,
  sizes,
  varianceOf,
  type Weights,
} from "./linear-model.js";

/** A quantity as the theorem has it, and as the dynamics gave it. */
export interface Comparison {
  readonly quantity: string;
  /** `null` where the theorem says nothing but that it does not hold. */
  readonly predicted: number | null;
  readonly measured: number;
  /** By how much they may differ: of the prediction, or where that is 0, in itself. */
  readonly within: number;
  readonly holds: boolean;
}

/** Imbalance over time, relative to that at the start. */
export interface Course {
  readonly time: number;
  readonly measured: number;
  readonly predicted: number | null;
}

export interface Experiment {
  readonly name: string;
  readonly says: string;
  readonly run: () => { readonly found: readonly Comparison[]; readonly course: readonly Course[] };
}

const units = 4;
/** Four modes above the threshold of survival, two below. */
const process: Process = {
  variances: [2, 1.5, 1, 0.6, 0.4, 0.2],
  correlations: [0.95, 0.9, 0.85, 0.8, 0.2, 0.1],
};
const decay = 0.01;
const span = { time: 400, step: 0.2 };
/** The promise: one hundredth. */
const within = 0.01;

const start = (): Weights => ({
  Wh: mul(normal(foldIn(key(1), "Wh"), [units, process.variances.length]), 0.5),
  WG: mul(eye(units), 0.5),
});

function compared(quantity: string, predicted: number, measured: number, limit = within): Comparison {
  const off = Math.abs(measured - predicted);
  return {
    quantity,
    predicted,
    measured,
    within: limit,
    holds: off <= limit * (predicted === 0 ? 1 : Math.abs(predicted)),
  };
}

/** Follows the gradient flow and the imbalance on the way. */
function followed(
  objective: Objective,
  predicted: (t: number) => number | null,
  factor = 1,
): { readonly end: Weights; readonly course: readonly Course[] } {
  const from = start();
  const first = imbalance(from, factor);
  const course: Course[] = [];
  const every = span.time / 80;
  const end = flow(lossOf(objective), from, span, (weights, t) => {
    if (t >= course.length * every - span.step / 2)
      course.push({ time: t, measured: imbalance(weights, factor) / first, predicted: predicted(t) });
  });
  return { end, course };
}

const equal = { predictor: decay, head: decay };
const objective = (change: Partial<Objective> = {}): Objective => ({
  process,
  decays: equal,
  target: "stopGradient",
  ...change,
});

/** The rate at which the imbalance falls between an eighth and three quarters of the time. */
function rateOf(course: readonly Course[]): number {
  const [a, b] = [course[10], course[60]];
  return Math.log(a.measured / b.measured) / (b.time - a.time);
}

const kept = (η: number): number =>
  process.variances.reduce((n, v, i) => n + keptVariance(v, process.correlations[i], η, units), 0);

export const experiments: readonly Experiment[] = [
  {
    name: "balance",
    says: "stop-gradient and equal L2 in the loss: W_GᵀW_G and W_hW_hᵀ become the same, their difference falls as e^(-4ηt)",
    run() {
      const { end, course } = followed(objective(), (t) => Math.exp(-4 * decay * t));
      return {
        found: [
          compared("rate of the fall", 4 * decay, rateOf(course)),
          compared("‖W_G‖² / ‖W_h‖²", 1, sizes(end).WG / sizes(end).Wh),
          compared("variance that is kept", kept(decay), varianceOf(end, process)),
        ],
        course,
      };
    },
  },
  {
    name: "unequal decays",
    says: "η_G twice η_h: η_G W_GᵀW_G = η_h W_hW_hᵀ in the end",
    run() {
      const decays = { predictor: 2 * decay, head: decay };
      const factor = decays.head / decays.predictor;
      const { end, course } = followed(objective({ decays }), () => null, factor);
      const { Wh, WG } = sizes(end);
      return {
        found: [
          compared("‖W_G‖² / ‖W_h‖²", factor, WG / Wh),
          compared("imbalance that is left", 0, course[course.length - 1].measured),
        ],
        course,
      };
    },
  },
  {
    name: "no decay",
    says: "without decay W_GᵀW_G − W_hW_hᵀ never changes",
    run() {
      const { course } = followed(objective({ decays: { predictor: 0, head: 0 } }), () => 1);
      return {
        found: [compared("imbalance over that at the start", 1, course[course.length - 1].measured)],
        course,
      };
    },
  },
  {
    name: "decoupled decay",
    says: "AdamW: decay outside the loss leaves no balance",
    run: decoupled,
  },
  {
    name: "no stop-gradient",
    says: "where the target has its gradient, all variance goes",
    run() {
      const { end, course } = followed(objective({ target: "gradient" }), () => null);
      const left = varianceOf(end, process) / varianceOf(start(), process);
      return { found: [compared("variance over that at the start", 0, left)], course };
    },
  },
  {
    name: "survival",
    says: "a mode of variance v and correlation ρ lives where η < vρ²/(4d), and dies beyond",
    run() {
      const [v, rho] = [1, 0.8];
      const threshold = (v * rho ** 2) / 4;
      const one = { variances: [v], correlations: [rho] };
      const from: Weights = { Wh: mul(eye(1), 0.7), WG: mul(eye(1), 0.7) };
      const found = [0.5, 0.9, 1.1, 1.5].map((share) => {
        const η = share * threshold;
        const decays = { predictor: η, head: η };
        const end = flow(lossOf(objective({ process: one, decays })), from, span);
        return compared(
          `variance at ${share} of the threshold`,
          keptVariance(v, rho, η, 1),
          varianceOf(end, one),
        );
      });
      return { found, course: [] };
    },
  },
];

/** Adam with decay outside the loss, on the same expectations, at a rate that falls to zero. */
function decoupled(): ReturnType<Experiment["run"]> {
  const updates = 8000;
  const slope = compile(
    grad(lossOf(objective({ decays: { predictor: 0, head: 0 } })) as (w: never) => Tensor),
  ) as unknown as (w: Weights) => Weights;
  const optimizer = adamw({ rate: warmupCosine(1e-2, 50, updates), decay });
  const update = compile(optimizer.update<Weights>);
  let weights = start();
  let state = optimizer.init(weights);
  const first = imbalance(weights, 1);
  const course: Course[] = [];
  for (let k = 0; k < updates; k++) {
    if (k % (updates / 80) === 0)
      course.push({ time: k, measured: imbalance(weights, 1) / first, predicted: null });
    ({ params: weights, state } = update(slope(weights), state, weights));
  }
  const left = imbalance(weights, 1) / (sizes(weights).Wh + sizes(weights).WG);
  const found: Comparison = {
    quantity: "imbalance over ‖W_G‖² + ‖W_h‖²",
    predicted: null,
    measured: left,
    within,
    holds: left > within,
  };
  return { found: [found], course };
}
