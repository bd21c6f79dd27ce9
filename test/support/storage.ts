import { dtypeOf, type TypedArray } from "../../src/core/dtype.js";
import { HostStorage } from "../../src/device/host-storage.js";

/** An array as kernels take it. */
export const stored = (array: TypedArray): HostStorage => new HostStorage(array, dtypeOf(array));
