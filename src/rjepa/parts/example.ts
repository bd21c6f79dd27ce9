import type { DType } from "../../core/dtype.js";
import { key } from "../../core/prng.js";
import type { ModelParams } from "../../learn/model/model.js";
import { zeros } from "../../ops/create.js";
import type { Fixated, Jepa } from "./compose.js";
import { inputShape } from "./input.js";
import { encoderOf } from "./slow.js";
import { RunningStatistics } from "./statistics.js";

/** One fixation of zeros and parameters, for their shapes: what `plan` needs to count the loss. */
export function exampleOf(
  { preset, predicting, init }: Jepa,
  { batch = 1, dtype = "float64" }: { readonly batch?: number; readonly dtype?: DType } = {},
): { readonly sample: Fixated; readonly params: ModelParams } {
  const params = init(key(0), { dtype });
  const outputs = predicting.map((area) => area.outputs);
  const pair = (): Fixated["saccade"] => zeros([batch, 2], { dtype });
  return {
    sample: {
      input: zeros([batch, ...inputShape(preset)], { dtype }),
      saccade: pair(),
      ...(preset.heads?.saccade ? { position: pair(), next: pair() } : {}),
      ...(preset.heads?.class ? { label: zeros([batch, preset.heads.class.classes], { dtype }) } : {}),
      heads: RunningStatistics.of(outputs, 1, preset.head).ofBatch(dtype),
      ...(typeof preset.target === "object" ? { slow: encoderOf(params, predicting) } : {}),
    },
    params,
  };
}
