/** `onward/testing`: its parts, with the library set up. */
import "../index.js";

export * from "../testing/index.js";
