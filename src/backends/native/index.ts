/** The C++ addon as a backend, where it is built. */
import { BackendError } from "../../core/errors.js";
import { environment } from "../../core/host.js";
import { type Backend, registerBackend, useBackend } from "../../tensor/backend.js";
import { type Addon, type AddonInfo, loadAddon } from "./addon.js";
import { nativeBackend } from "./backend.js";

let loaded: Addon | string = "the library was not loaded";

function threadsWanted(): number {
  const wanted = environment("ONWARD_THREADS") ?? "1";
  const threads = Number(wanted);
  if (!Number.isInteger(threads) || threads < 1 || threads > 1024)
    throw new BackendError(
      `ONWARD_THREADS: expected an integer from 1 to 1024, got "${wanted}"`,
      "invalid-environment",
    );
  return threads;
}

/**
 * Registers the addon beside the reference, and makes it the current backend, unless the environment asks for the reference.
 * @throws BackendError where ONWARD_BACKEND asks for what there is not
 */
export function registerNative(reference: Backend): void {
  const wanted = environment("ONWARD_BACKEND");
  if (wanted !== undefined && wanted !== "js" && wanted !== "native" && wanted !== "")
    throw new BackendError(`ONWARD_BACKEND: expected js or native, got "${wanted}"`, "unknown-backend");
  if (wanted === "js") {
    loaded = "ONWARD_BACKEND asks for js";
    return;
  }
  loaded = loadAddon();
  if (typeof loaded !== "string") {
    const options = {
      threads: threadsWanted(),
      simd: environment("ONWARD_SIMD"),
      products: environment("ONWARD_BLAS"),
      // to test the kernels themselves, even the smallest op can be sent to them
      least: environment("ONWARD_CROSSOVER") === "0" ? () => 0 : undefined,
    };
    registerBackend(nativeBackend(loaded, reference, options));
    useBackend("native");
  } else if (wanted === "native") {
    throw new BackendError(`ONWARD_BACKEND: expected the native addon, but ${loaded}`, "no-native-backend");
  }
}

/** What the addon runs with, or a sentence that says why there is none. */
export function nativeStatus(): AddonInfo | string {
  return typeof loaded === "string" ? loaded : loaded.info();
}
