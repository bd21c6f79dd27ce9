import { kind } from "../../core/kinds.js";

export const positive = kind("a finite number above 0", (v) => Number.isFinite(v) && (v as number) > 0);
/** How much of what was is kept: never all of it. */
export const share = kind("a number in [0, 1)", (v) => typeof v === "number" && v >= 0 && v < 1);
