/** `onward/node`: files, which browsers have not. It asks nothing of the library but its errors. */
export { writeFileAtomic } from "../data/node/write.js";
