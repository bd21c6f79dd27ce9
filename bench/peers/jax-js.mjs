/** jax-js on WebAssembly as a competitor. Its functions take their arguments over: `.ref` keeps them. */
import { readFileSync } from "node:fs";
import { defaultDevice, init, jit, nn, numpy as np, valueAndGrad } from "@jax-js/jax";
import { serve } from "./serve.mjs";
import { checksum, oneHot, wave } from "./wave.mjs";

await init("wasm");
defaultDevice("wasm");

const array = (values, shape) => np.array(values).reshape(shape);

/** A work whose one repetition computes a list of arrays, waits for them and drops them. */
const computing = (compute) => ({
  run: async () => {
    for (const t of compute()) {
      await t.blockUntilReady();
      t.dispose();
    }
  },
  check: async () => Promise.all(compute().map(async (t) => checksum(await t.data()))),
});

const works = {
  matmul(n) {
    const [a, b] = [1, 2].map((seed) => array(wave(n * n, seed), [n, n]));
    return computing(() => [np.matmul(a.ref, b.ref)]);
  },

  add(n) {
    const [a, b] = [1, 2].map((seed) => array(wave(n, seed), [n]));
    return computing(() => [a.ref.add(b.ref)]);
  },

  mlp(batch, inputs, hidden, classes) {
    const x = array(wave(batch * inputs, 1), [batch, inputs]);
    const y = array(oneHot(batch, classes), [batch, classes]);
    const params = {
      W: array(wave(hidden * inputs, 2, 1 / Math.sqrt(inputs)), [hidden, inputs]),
      b: array(wave(hidden, 3, 0.1), [hidden]),
      V: array(wave(classes * hidden, 4, 1 / Math.sqrt(hidden)), [classes, hidden]),
      c: array(wave(classes, 5, 0.1), [classes]),
    };
    const loss = ({ W, b, V, c }, input, target) => {
      const h = nn.relu(np.matmul(input, W.transpose()).add(b));
      const logits = np.matmul(h, V.transpose()).add(c);
      return nn
        .logSoftmax(logits, -1)
        .mul(target)
        .sum()
        .mul(-1 / batch);
    };
    const gradient = jit(valueAndGrad(loss));
    return computing(() => {
      const given = Object.fromEntries(Object.entries(params).map(([name, t]) => [name, t.ref]));
      const [value, g] = gradient(given, x.ref, y.ref);
      return [value, g.W, g.b, g.V, g.c];
    });
  },
};

const { version } = JSON.parse(
  readFileSync(new URL("node_modules/@jax-js/jax/package.json", import.meta.url), "utf8"),
);
await serve(works, { "jax-js": version });
