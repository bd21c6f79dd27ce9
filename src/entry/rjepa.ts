/** `onward/rjepa`: its parts, with the library set up. */
import "../index.js";

export * from "../rjepa/index.js";
