/** Layers, losses and optimizers. */
export { crossEntropy, fanIn, linear, meanSquaredError, mlp } from "./layers.js";
export {
  type AdamOptions,
  adam,
  clipByNorm,
  type Optimizer,
  type RateOptions,
  type Schedule,
  sgd,
  warmupCosine,
} from "./optimizer.js";
