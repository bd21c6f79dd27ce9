/**
 * Onward: exact gradients, forward in time. Its functions are those of `onward/slim`, where they are listed; here tensors have
 * methods, and the addon computes where it is built.
 */
import "./ops/methods.js";
import { jsBackend } from "./backends/js/index.js";
import { registerNative } from "./backends/native/index.js";

export * from "./entry/slim.js";

registerNative(jsBackend);
