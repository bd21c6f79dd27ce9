/** TensorFlow.js as a competitor: `node tfjs.mjs cpu|wasm`. Both backends compute as an op is called. */
import * as tf from "@tensorflow/tfjs";
import { setThreadsCount } from "@tensorflow/tfjs-backend-wasm";
import { serve } from "./serve.mjs";
import { checksum, oneHot, wave } from "./wave.mjs";

const backend = process.argv[2];
setThreadsCount(1);
await tf.setBackend(backend);
await tf.ready();

/** A work whose one repetition computes tensors and drops them. */
const computing = (compute) => ({
  run: () => tf.dispose(compute()),
  check: () => [compute()].flat().map((t) => checksum(t.dataSync())),
});

const works = {
  matmul(n) {
    const [a, b] = [1, 2].map((seed) => tf.tensor(wave(n * n, seed), [n, n]));
    return computing(() => tf.matMul(a, b));
  },

  add(n) {
    const [a, b] = [1, 2].map((seed) => tf.tensor(wave(n, seed), [n]));
    return computing(() => tf.add(a, b));
  },

  // its own layout is channels-last; the checksum is over channels-first, as everywhere
  conv(batch, channels, outputs, side) {
    const image = tf.tensor(wave(batch * channels * side * side, 1), [batch, channels, side, side]);
    const kernel = tf.tensor(wave(outputs * channels * 9, 2), [outputs, channels, 3, 3]);
    const [x, k] = [tf.transpose(image, [0, 2, 3, 1]), tf.transpose(kernel, [2, 3, 1, 0])];
    const compute = () => tf.conv2d(x, k, 1, "same");
    return {
      run: () => tf.dispose(compute()),
      check: () => [checksum(tf.transpose(compute(), [0, 3, 1, 2]).dataSync())],
    };
  },

  mlp(batch, inputs, hidden, classes) {
    const x = tf.tensor(wave(batch * inputs, 1), [batch, inputs]);
    const y = tf.tensor(oneHot(batch, classes), [batch, classes]);
    const params = [
      tf.tensor(wave(hidden * inputs, 2, 1 / Math.sqrt(inputs)), [hidden, inputs]),
      tf.tensor(wave(hidden, 3, 0.1), [hidden]),
      tf.tensor(wave(classes * hidden, 4, 1 / Math.sqrt(hidden)), [classes, hidden]),
      tf.tensor(wave(classes, 5, 0.1), [classes]),
    ];
    const gradient = tf.valueAndGrads((W, b, V, c) => {
      const h = tf.relu(tf.add(tf.matMul(x, W, false, true), b));
      return tf.losses.softmaxCrossEntropy(y, tf.add(tf.matMul(h, V, false, true), c));
    });
    return computing(() =>
      tf.tidy(() => {
        const { value, grads } = gradient(params);
        return [value, ...grads];
      }),
    );
  },
};

await serve(works, { tfjs: tf.version.tfjs });
