/** Trains in a worker thread, on the native backend, and posts the gradient. */
import { parentPort, workerData } from "node:worker_threads";
import * as o from "../../src/index.js";

const { seed, steps } = workerData as { seed: number; steps: number };
o.useBackend("native");
let w = o.random.normal(o.random.key(seed), [64, 80]);
const x = o.random.normal(o.random.key(seed + 1), [80, 96]);
for (let i = 0; i < steps; i++) {
  const slope = o.grad((p: o.Tensor) => o.tanh(o.matmul(p, x)).square().sum())(w);
  w = w.sub(slope.mul(1e-4));
}
parentPort?.postMessage({ backend: o.backendName(), sum: w.sum().item() });
