import { grad, tensor } from "../../../dist/index.js";

const x = tensor([0.5, -1, 2], { dtype: "float32" });
console.log(JSON.stringify([...grad((v) => v.tanh().mul(v).sum())(x).toArray()]));
