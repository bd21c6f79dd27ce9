/** The C++ addon as a backend, where it is built. */
import { BackendError } from "../../core/errors.js";
import { environment } from "../../core/host.js";
import { type Backend, registerBackend, useBackend } from "../../device/backend.js";
import { type Addon, type AddonInfo, loadAddon } from "./addon.js";
import { nativeBackend } from "./backend.js";

let loaded: Addon | string = "the library was not loaded";

/** One of a few words, or nothing. @throws BackendError */
function choice(name: string, words: readonly string[]): string | undefined {
  const wanted = environment(name);
  if (!wanted) return undefined;
  if (!words.includes(wanted))
    throw new BackendError(`${name}: expected ${words.join(" or ")}, got "${wanted}"`, "invalid-environment");
  return wanted;
}

function threadsWanted(): number {
  const wanted = environment("ONWARD_THREADS") || "1";
  const threads = Number(wanted);
  if (!/^\d+$/.test(wanted) || threads < 1 || threads > 1024)
    throw new BackendError(
      `ONWARD_THREADS: expected an integer from 1 to 1024, got "${wanted}"`,
      "invalid-environment",
    );
  return threads;
}

/** Whether the process may keep the memory of large arrays that are freed. */
function keepsMemory(): boolean {
  const wanted = environment("ONWARD_KEEP_MEMORY") ?? "0";
  if (wanted !== "0" && wanted !== "1" && wanted !== "")
    throw new BackendError(`ONWARD_KEEP_MEMORY: expected 0 or 1, got "${wanted}"`, "invalid-environment");
  return wanted === "1";
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
  const options = {
    threads: threadsWanted(),
    simd: choice("ONWARD_SIMD", ["avx512", "avx2", "baseline"]),
    products: choice("ONWARD_BLAS", ["openblas", "own"]),
    // to test the kernels themselves, even the smallest op can be sent to them
    least: choice("ONWARD_CROSSOVER", ["0"]) === "0" ? 0 : undefined,
  };
  loaded = loadAddon();
  if (typeof loaded !== "string") {
    if (keepsMemory()) loaded.keepFreedMemory();
    registerBackend(nativeBackend(loaded, reference, options));
    useBackend("native");
  } else if (wanted === "native" || environment("ONWARD_ADDON")) {
    const name = wanted === "native" ? "ONWARD_BACKEND" : "ONWARD_ADDON";
    throw new BackendError(`${name}: expected the native addon, but ${loaded}`, "no-native-backend");
  }
}

/** What the addon runs with, or a sentence that says why there is none. */
export function nativeStatus(): AddonInfo | string {
  return typeof loaded === "string" ? loaded : loaded.info();
}
