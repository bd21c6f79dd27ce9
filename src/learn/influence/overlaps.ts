import type { Factor } from "../../forward/factor.js";
import { lyingOf } from "../../tensor/lying.js";
import type { TraceBlock } from "./traces.js";

/** Whether a factor lies in memory that the step of a trace writes to. */
export function overlaps(base: Factor, trace: TraceBlock): boolean {
  const { data } = lyingOf(base.tensor);
  return trace.data.some((d) => d !== null && d.memory === data.memory);
}
