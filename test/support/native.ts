import { type Addon, asBackendError, loadAddon } from "../../src/backends/native/addon.js";
import { runNative } from "../../src/backends/native/backend.js";
import { Encoder } from "../../src/backends/native/encode.js";
import type { DType } from "../../src/core/dtype.js";
import { type Shape, sizeOf } from "../../src/core/shape.js";
import type { Operand, Result } from "../../src/device/backend.js";
import { hostZeros } from "../../src/device/host-storage.js";

const loaded = loadAddon();
/** Why tests of the addon cannot run; null where they can. */
export const missing: string | null = typeof loaded === "string" ? loaded : null;
export const addon = loaded as Addon;
export { asBackendError };

/** Instruction sets that this processor can run. */
export const levels: readonly string[] =
  missing === null
    ? ["avx512", "avx2", "baseline"].filter((simd) => {
        addon.open(1, simd, "");
        return addon.info().simd === simd;
      })
    : [];

/** A way to run every op in the addon, whatever its size. */
export function kernels(threads = 1, simd = "", products = "") {
  const { ints, numbers } = addon.open(threads, simd, products);
  const encoder = new Encoder(new Map(addon.names.map((name, i) => [name, i])), ints, numbers);
  return {
    mailbox: { ints, numbers },
    /** Runs an op; throws where there is no kernel for it. */
    run(name: string, inputs: readonly Operand[], attrs: unknown, out: Result): void {
      if (!runNative(addon, encoder, name, inputs, attrs, out)) throw new Error(`no kernel for ${name}`);
    },
  };
}

export const resultOf = (dtype: DType, shape: Shape): Result => ({
  data: hostZeros(dtype, sizeOf(shape)),
  shape,
  dtype,
});
