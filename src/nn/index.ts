/** Layers, losses and optimizers. */
export { crossEntropy, fanIn, linear, meanSquaredError, mlp } from "./layers.js";
export {
  type AccumulatedState,
  type AccumulateOptions,
  type Accumulating,
  accumulate,
} from "./optimizers/accumulate.js";
export { type AdamOptions, type AdamSlot, type AdamWOptions, adam, adamw } from "./optimizers/adam.js";
export { clipByNorm } from "./optimizers/clip.js";
export { type Obgd, type ObgdOptions, type ObgdSignal, obgd } from "./optimizers/obgd.js";
export type { Optimizer, OptimizerState } from "./optimizers/optimizer.js";
export { type RmspropOptions, rmsprop } from "./optimizers/rmsprop.js";
export { type RateOptions, type Schedule, warmupCosine } from "./optimizers/schedule.js";
export { type SgdOptions, sgd } from "./optimizers/sgd.js";
