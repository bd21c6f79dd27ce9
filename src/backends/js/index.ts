import type { Backend, Operand, Result } from "../../device/backend.js";
import { BackendError } from "../../core/errors.js";
import type { KernelName } from "../../device/catalogue/catalogue.js";
import type { BinaryName, UnaryName } from "../../device/catalogue/pointwise.js";
import { runContract } from "./contract.js";
import { runConv2d, runConv2dInput, runConv2dKernel } from "./conv.js";
import {
  binary,
  loops,
  runBinary,
  runCast,
  runClip,
  runLoop,
  runMul,
  runSquare,
  runTimesPow,
  runUnary,
  runWhere,
  unary,
} from "./pointwise.js";
import { runArgmax, runCumsum, runMax, runSum } from "./reduce.js";
import { runConcat, runPut, runReshape, runTake } from "./reindex.js";
import { traceStep } from "./trace-step.js";

/** A kernel: inputs are views, the output is contiguous and zero-filled. */
type Kernel = (inputs: readonly Operand[], attrs: never, out: Result) => void;

const others: Readonly<Record<Exclude<KernelName, UnaryName | BinaryName>, Kernel>> = {
  where: (inputs, _, out) => runWhere(inputs, out),
  timesPow: runTimesPow,
  clip: runClip,
  cast: (inputs, _, out) => runCast(inputs, out),
  sum: runSum,
  max: runMax,
  argmax: runArgmax,
  cumsum: runCumsum,
  contract: runContract,
  conv2d: runConv2d,
  conv2dInput: runConv2dInput,
  conv2dKernel: runConv2dKernel,
  reshape: (inputs, _, out) => runReshape(inputs, out),
  take: runTake,
  put: runPut,
  concat: runConcat,
};

const kernels = new Map<string, Kernel>([
  ...Object.entries(unary).map(([name, f]): [string, Kernel] => [
    name,
    (inputs, _, out) => runUnary(f, inputs, out),
  ]),
  ...Object.entries(binary).map(([name, f]): [string, Kernel] => [
    name,
    (inputs, _, out) => runBinary(f, inputs, out),
  ]),
  ...Object.entries(loops).map(([name, f]): [string, Kernel] => [
    name,
    (inputs, _, out) => runLoop(f, inputs, out),
  ]),
  // these have an integer form as well
  ["mul", (inputs, _, out) => runMul(inputs, out)],
  ["square", (inputs, _, out) => runSquare(inputs, out)],
  ...Object.entries(others),
]);

/** Every op in plain TypeScript: the reference that other backends must agree with. Runs in Node and browsers. */
export const jsBackend: Backend = {
  name: "js",
  run(name, inputs, attrs, out) {
    const kernel = kernels.get(name);
    if (!kernel) throw new BackendError(`js: expected a known op, got "${name}"`, "missing-kernel");
    kernel(inputs, attrs as never, out);
  },
  traceStep,
};
