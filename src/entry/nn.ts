/** `onward/nn`: its parts, with the library set up. */
import "../index.js";

export * from "../nn/index.js";
