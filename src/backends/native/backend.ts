import {
  allocate,
  bytesPerElement,
  type DType,
  outOfMemory,
  requireRoom,
  type TypedArray,
} from "../../core/dtype.js";
import type { Backend, Operand, Result } from "../../device/backend.js";
import { kernelNamed } from "../../device/catalogue/catalogue.js";
import { cheap } from "../../device/catalogue/cost.js";
import { HostStorage, hostZeros } from "../../device/host-storage.js";
import type { TraceStep } from "../../device/trace-step.js";
import { type Addon, asBackendError } from "./addon.js";
import { Encoder } from "./encode.js";
import { encodeTrace, traceWork } from "./encode-trace.js";
import { nativeReplay } from "./replay.js";

/** As many arrays as the addon takes in one call. */
const maximumArrays = 32;

/** Results of so many bytes are not filled with zeros before a kernel writes all of their entries. */
const largeResult = 2 ** 13;

/** Bytes from which on zeros are taken: some versions of Node hand out no memory as it is above 4 GiB. */
const largestUnfilled = 2 ** 31 - 1;

function bufferOf(who: string, bytes: number): ArrayBuffer {
  try {
    return Buffer.allocUnsafeSlow(bytes).buffer as ArrayBuffer;
  } catch {
    throw outOfMemory(who, bytes);
  }
}

/** An array that holds anything. @throws PlanError where there is no memory for it */
function unfilled(who: string, dtype: DType, n: number): TypedArray {
  requireRoom(who, dtype, n);
  const bytes = n * bytesPerElement[dtype];
  return bytes > largestUnfilled ? allocate(dtype, n, who) : viewOf(dtype, bufferOf(who, bytes));
}

function viewOf(dtype: DType, buffer: ArrayBuffer): TypedArray {
  switch (dtype) {
    case "float64":
      return new Float64Array(buffer);
    case "float32":
      return new Float32Array(buffer);
    case "int32":
      return new Int32Array(buffer);
    case "bool":
      return new Uint8Array(buffer);
  }
}

export interface NativeOptions {
  readonly threads: number;
  /** The instruction set to use at most; default: the best that the processor has. */
  readonly simd?: string;
  /** `openblas` or `own`; default: the faster ones. */
  readonly products?: string;
  /** The least work that crosses over; default: what the catalogue says of each kernel. */
  readonly least?: number;
}

/**
 * Kernels in C++. What is too small to be worth crossing over, and what the addon has no kernel for, runs on the
 * reference.
 */
export function nativeBackend(addon: Addon, reference: Backend, options: NativeOptions): Backend {
  const { ints, numbers } = addon.open(options.threads, options.simd ?? "", options.products ?? "");
  const isWorthIt = (work: number, least: number): boolean => work >= (options.least ?? least);
  const kernels = new Map(addon.names.map((name, i) => [name, i]));
  const encoder = new Encoder(kernels, ints, numbers);
  return {
    name: "native",
    regroups: true,
    allocate: (name, dtype, n) =>
      kernelNamed(name)?.fills && n * bytesPerElement[dtype] >= largeResult
        ? new HostStorage(unfilled(name, dtype, n), dtype)
        : hostZeros(dtype, n, name),
    run(name, inputs, attrs, out): void {
      const kernel = kernelNamed(name);
      if (
        kernel !== undefined &&
        isWorthIt(kernel.work(inputs, attrs, out), kernel.least) &&
        runNative(addon, encoder, name, inputs, attrs, out)
      )
        return;
      if (out.data.bytes >= largeResult) out.data.clear();
      reference.run(name, inputs, attrs, out);
    },
    traceStep(step: TraceStep): void {
      // a multiplication of a trace step costs what one of a sum does
      if (!isWorthIt(traceWork(step), cheap) || !runTrace(addon, encoder, step)) reference.traceStep(step);
    },
    record: (calls) => nativeReplay(addon, kernels, calls),
  };
}

/** Runs a trace step in the addon; false where it does not take it. */
export function runTrace(addon: Addon, encoder: Encoder, step: TraceStep): boolean {
  encoder.reset();
  return encodeTrace(encoder, step) && cross(addon, encoder);
}

/** Runs an op in the addon; false where it has no kernel for it. */
export function runNative(
  addon: Addon,
  encoder: Encoder,
  name: string,
  inputs: readonly Operand[],
  attrs: unknown,
  out: Result,
): boolean {
  encoder.reset();
  return encoder.add(name, inputs, attrs, out) && cross(addon, encoder);
}

/** Runs what is encoded; false where it takes too many arrays. */
function cross(addon: Addon, encoder: Encoder): boolean {
  const { arrays } = encoder;
  if (arrays.length > maximumArrays) return false;
  try {
    // spreading costs more than a small kernel
    if (arrays.length === 2) addon.run(arrays[0], arrays[1]);
    else if (arrays.length === 3) addon.run(arrays[0], arrays[1], arrays[2]);
    else addon.run(...arrays);
  } catch (error) {
    throw asBackendError(error);
  }
  // arrays are not kept alive longer than the call
  arrays.length = 0;
  return true;
}
