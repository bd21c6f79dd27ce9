/** `onward/learn`: its parts, with the library set up. */
import "../index.js";

export * from "../learn/index.js";
