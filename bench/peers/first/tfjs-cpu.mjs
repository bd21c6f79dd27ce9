import * as tf from "@tensorflow/tfjs";

await tf.setBackend("cpu");
const f = (v) => tf.sum(tf.mul(tf.tanh(v), v));
console.log(
  JSON.stringify([
    ...tf
      .grad(f)(tf.tensor([0.5, -1, 2]))
      .dataSync(),
  ]),
);
