import { binary } from "./elementwise.js";

/** a * b where zero times anything is zero, also against infinity and NaN: what linear maps scale by. */
export const scale = binary("scale", [(_, b) => b, (a) => a]);
