import { defaultDevice, grad, init, numpy as np } from "@jax-js/jax";

await init("wasm");
defaultDevice("wasm");
const f = (v) => np.tanh(v.ref).mul(v).sum();
console.log(JSON.stringify([...(await grad(f)(np.array([0.5, -1, 2])).data())]));
