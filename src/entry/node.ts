/** `onward/node`: files, which browsers have not. It needs nothing of the library but its errors, so it sets up none. */
export { writeFileAtomic } from "../data/node/write.js";
