import { callable, count, having, instanceOf } from "../../../core/kinds.js";

/** Sequences as figures see them. */
export const aFixations = having({
  count: count(1),
  steps: count(2),
  scales: count(1),
  size: count(1),
  image: instanceOf(Int32Array),
  positions: instanceOf(Float64Array),
  diagonal: instanceOf(Float64Array),
  crops: callable,
});
