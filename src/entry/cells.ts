/** `onward/cells`: its parts, with the library set up. */
import "../index.js";

export * from "../cells/index.js";
