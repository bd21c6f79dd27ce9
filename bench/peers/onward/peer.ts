/** Onward as a competitor; ../serve.mjs says how it is asked. Backend, products and threads come from the environment. */
import "../../../src/index.js";
import { nativeStatus } from "../../../src/backends/native/index.js";
import { version } from "../../../src/cli/version.js";
import { backend } from "../../../src/device/backend.js";
import { serve } from "../serve.mjs";
import { works as learning } from "./learning.js";
import { works as products } from "./products.js";
import { works as rjepa } from "./rjepa.js";

function versions(): Record<string, string> {
  const native = nativeStatus();
  const { name } = backend();
  if (name === "js" || typeof native === "string") return { [`onward ${name}`]: version() };
  return { [`onward ${name}`]: `${version()}, ${native.simd}, products ${native.blas}` };
}

await serve({ ...products, ...learning, ...rjepa }, versions());
