import type { ModelParams } from "../../learn/model/model.js";
import { clipByNorm } from "../../nn/optimizers/clip.js";
import type { Jepa } from "./compose.js";

/**
 * A gradient whose norm is at most `limit`; that of the heads apart, since a head that errs by much would else slow down what it
 * must not change.
 */
export function clipped(
  { headOf }: Pick<Jepa, "headOf">,
  { areas, readout }: ModelParams,
  limit: number,
): ModelParams {
  const named = Object.entries(readout);
  const part = (ofHeads: boolean) =>
    Object.fromEntries(named.filter(([name]) => (headOf(`readout.${name}`) !== null) === ofHeads));
  const { gradient } = clipByNorm({ areas, readout: part(false) }, limit);
  return {
    areas: gradient.areas,
    readout: { ...gradient.readout, ...clipByNorm(part(true), limit).gradient },
  };
}
