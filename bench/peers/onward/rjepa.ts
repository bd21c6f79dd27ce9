/** R-JEPA nano-v1 over sequences of fixations, one stream. */
import { key } from "../../../src/core/prng.js";
import { bptt, rfp } from "../../../src/learn/index.js";
import type { Learner } from "../../../src/learn/learners/learner.js";
import type { RuleOptions } from "../../../src/learn/rules/_rule.js";
import { zeros } from "../../../src/ops/create.js";
import { type Fixated, jepa, presets } from "../../../src/rjepa/index.js";
import type { Prepared } from "../serve.mjs";
import { checksum } from "../wave.mjs";
import { filled, given, gradientChecks } from "./given.js";

const offsets: Readonly<Record<string, number>> = { gcc: 2, ghh: 2, ghc: -2, gch: -2 };
const leafOf = (path: string): string => path.replace(/.*\./, "");

function sequences(
  start: (...from: Parameters<typeof rfp<Fixated>>) => Learner<Fixated>,
  steps: number,
  options: RuleOptions = {},
): Prepared {
  const preset = presets["nano-v1"];
  const { model, predicting, init } = jepa({ preset, steps });
  const params = filled(
    init(key(1), { dtype: "float32" }),
    (path) => (leafOf(path).startsWith("K") ? 1.2 : 1),
    (path) => offsets[leafOf(path)] ?? 0,
  );
  const [{ outputs }] = predicting;
  const head = { mean: given([outputs], 300, 0.1), scale: given([outputs], 301, 0.2, 1.5) };
  const fixations: Fixated[] = Array.from({ length: steps }, (_, t) => ({
    input: given([1, 3, preset.input.size, preset.input.size], 100 + t),
    saccade: zeros([1, 2], { dtype: "float32" }),
    heads: [{ recurrent: head, fresh: head }],
  }));
  const learner = start(model, params, options);
  const run = () => {
    learner.reset();
    let total = 0;
    for (const fixation of fixations) total += learner.step(fixation).loss;
    return { total, gradient: learner.gradient() };
  };
  return {
    run,
    steps,
    check() {
      const { total, gradient } = run();
      return [checksum([total]), ...gradientChecks(gradient)];
    },
  };
}

export const works: Record<string, (...sizes: number[]) => Prepared> = {
  rjepa: (steps) => sequences(rfp, steps),
  "rjepa, window": (steps) => sequences((model, params) => rfp(model, params, { window: steps }), steps),
  "rjepa, bptt": (steps) => sequences(bptt, steps, { compile: true }),
};
