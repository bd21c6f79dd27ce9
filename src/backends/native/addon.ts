import type { TypedArray } from "../../core/dtype.js";
import { BackendError } from "../../core/errors.js";
import { builtinModules, environment, mayLoadAddons } from "../../core/host.js";

/** What the C++ addon exports (native/addon). */
export interface Addon {
  /** Names of the kernels; their order is their number in an instruction. */
  readonly names: readonly string[];
  /**
   * Starts with so many threads, and hands over the memory that instructions are written to. `simd` names an instruction
   * set (`avx512`, `avx2`, `baseline`), `products` whose matrix products to use (`openblas`, `own`); empty for the best.
   */
  open(threads: number, simd: string, products: string): Mailbox;
  /** Runs the instructions in the mailbox on these arrays. */
  run(...arrays: readonly TypedArray[]): void;
  info(): AddonInfo;
  /** Instructions, their number first, decoded for replays. The arrays live as long as the program. */
  program(ints: Int32Array, numbers: Float64Array, arrays: readonly TypedArray[]): NativeProgram;
  /** Runs all of it, or nothing, with an error, where the memory of an array was transferred or shrunk. */
  replay(program: NativeProgram): void;
  /** Points a program at another array of the same dtype, long enough for what the program reads. */
  rebind(program: NativeProgram, index: number, array: TypedArray): void;
  /** Has the C library keep freed memory for the next arrays, in the whole process. */
  keepFreedMemory(): void;
}

/** Something of the addon's. */
export type NativeProgram = object & { readonly native: unique symbol };

export interface Mailbox {
  readonly ints: Int32Array;
  readonly numbers: Float64Array;
}

export interface AddonInfo {
  /** Instruction set that the kernels were compiled for. */
  readonly simd: string;
  readonly threads: number;
  /** What programs take up that are not yet freed, besides the arrays. */
  readonly programBytes: number;
  readonly blas: string;
  /** Where the BLAS was loaded from, and what it says of itself. */
  readonly blasFile: string;
  readonly blasConfig: string;
}

/** The package from here: from a source file, and from a built one. */
const roots = ["../../../", "../../"];

/** The addon's file in this package; `null` where this code was bundled away from its package. */
function ownFile(): string | null {
  const builtin = process.getBuiltinModule;
  // no place is known in a bundle in CommonJS, and only a file has neighbors
  const here = import.meta.url as string | undefined;
  if (!here?.startsWith("file:")) return null;
  const path = (file: string): string => builtin("node:url").fileURLToPath(new URL(file, here));
  const root = roots.find((root) => builtin("node:fs").existsSync(path(`${root}native/install.mjs`)));
  return root === undefined ? null : path(`${root}build/Release/onward.node`);
}

/**
 * The addon, or a sentence that says why there is none. Nothing of Node is imported: browsers come here too.
 */
export function loadAddon(): Addon | string {
  const builtin = builtinModules();
  if (builtin === null) return "this runtime loads no addons";
  if (!mayLoadAddons())
    return "this runtime has no permission to load it (in Deno: --allow-ffi --allow-read --allow-env)";
  try {
    // a build of one's own, such as one with sanitizers
    const given = environment("ONWARD_ADDON");
    const path = given || ownFile();
    if (path === null)
      return "this is a bundle, which has no addon beside it; ONWARD_ADDON can name the file, build/Release/onward.node of the installed package";
    if (!builtin("node:fs").existsSync(path))
      return given
        ? `ONWARD_ADDON names no file: "${given}"`
        : "it is not built; install CMake 3.16 or later and a C++17 compiler, then run npm rebuild onward";
    return builtin("node:module").createRequire(path)(path) as Addon;
  } catch (error) {
    return `it does not load: ${(error as Error).message}`;
  }
}

/** Errors of the addon are plain ones with a code. */
export function asBackendError(error: unknown): unknown {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return typeof code === "string" ? new BackendError(String(message), code) : error;
}
