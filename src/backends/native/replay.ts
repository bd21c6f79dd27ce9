import type { TypedArray } from "../../core/dtype.js";
import type { BackendCall, Replay } from "../../device/backend.js";
import { arrayOf } from "../../device/host-storage.js";
import type { Storage } from "../../device/storage.js";
import { type Addon, asBackendError, type NativeProgram } from "./addon.js";
import { Encoder } from "./encode.js";
import { encodeTrace } from "./encode-trace.js";

/** Calls decoded once, all of which run in one call of the addon; null where it has no kernel for one of them. */
export function nativeReplay(
  addon: Addon,
  kernels: ReadonlyMap<string, number>,
  calls: readonly BackendCall[],
): Replay | null {
  const encoder = new Encoder(kernels, new Int32Array(1024), new Float64Array(16), true);
  for (const call of calls) {
    const isTaken =
      call.kind === "trace"
        ? encodeTrace(encoder, call.step)
        : encoder.add(call.name, call.inputs, call.attrs, call.out);
    if (!isTaken) return null;
  }
  const { arrays } = encoder;
  const program = guarded(() =>
    addon.program(
      encoder.ints.slice(0, encoder.length),
      encoder.numbers.slice(0, encoder.numberLength),
      arrays,
    ),
  );
  return new NativeReplay(addon, program, [...arrays]);
}

class NativeReplay implements Replay {
  constructor(
    private readonly addon: Addon,
    private readonly program: NativeProgram,
    private readonly arrays: TypedArray[],
  ) {}

  run(): void {
    // the addon looks whether the arrays are where they were
    try {
      this.addon.replay(this.program);
    } catch (error) {
      throw asBackendError(error);
    }
  }

  port(data: Storage): ((other: Storage) => void) | null {
    const i = this.arrays.indexOf(arrayOf(data));
    if (i < 0) return null;
    return (other) => {
      const array = arrayOf(other);
      guarded(() => this.addon.rebind(this.program, i, array));
      this.arrays[i] = array;
    };
  }
}

function guarded<R>(f: () => R): R {
  try {
    return f();
  } catch (error) {
    throw asBackendError(error);
  }
}
