/** R-JEPA over sequences of fixations: the top area of nano-v1 predicts, in one stream, or every area of tiny. */
import { key } from "../../../src/core/prng.js";
import { bptt, rfp } from "../../../src/learn/index.js";
import type { Learner } from "../../../src/learn/learners/learner.js";
import type { ModelParams } from "../../../src/learn/model/model.js";
import type { RuleOptions } from "../../../src/learn/rules/_rule.js";
import { zeros } from "../../../src/ops/create.js";
import { type Fixated, type HeadStatistics, type Jepa, jepa, presets } from "../../../src/rjepa/index.js";
import type { Prepared } from "../serve.mjs";
import { checksum } from "../wave.mjs";
import { filled, given, givenChirp, gradientChecks } from "./given.js";

const leafOf = (path: string): string => path.replace(/.*\./, "");
const driveGain = (path: string): number => (leafOf(path).startsWith("K") ? 1.2 : 1);

/** Parameters and fixations that torch makes, too. */
interface Work {
  readonly model: Jepa;
  readonly params: ModelParams;
  readonly fixations: readonly Fixated[];
}

function top(steps: number): Work {
  const preset = presets["nano-v1"];
  const model = jepa({ preset, steps });
  const offsets: Readonly<Record<string, number>> = { gcc: 2, ghh: 2, ghc: -2, gch: -2 };
  const start = model.init(key(1), { dtype: "float32" });
  const [{ outputs }] = model.predicting;
  const head = { mean: given([outputs], 300, 0.1), scale: given([outputs], 301, 0.2, 1.5) };
  return {
    model,
    params: filled(start, driveGain, (path) => offsets[leafOf(path)] ?? 0),
    fixations: Array.from({ length: steps }, (_, t) => ({
      input: given([1, 3, preset.input.size, preset.input.size], 100 + t),
      saccade: zeros([1, 2], { dtype: "float32" }),
      heads: [{ recurrent: head, fresh: head }],
    })),
  };
}

/** Several streams have the mean of a batch, one has means that are constants. */
function everywhere(steps: number, batch: number): Work {
  const preset = presets.tiny;
  const model = jepa({ preset, steps });
  const { size } = preset.input;
  const heads = model.predicting.map(({ outputs }, a): HeadStatistics => {
    const by = (seed: number) => ({
      mean: batch === 1 ? given([outputs], seed, 0.1) : null,
      scale: given([outputs], seed + 1, 0.2, 1.5),
    });
    return { recurrent: by(300 + 4 * a), fresh: by(302 + 4 * a) };
  });
  return {
    model,
    params: filled(model.init(key(1), { dtype: "float32" }), driveGain, () => 0, givenChirp),
    fixations: Array.from({ length: steps }, (_, t) => ({
      input: givenChirp([batch, 15, size, size], 100 + t),
      saccade: given([batch, 2], 200 + t, 0.2),
      heads,
    })),
  };
}

type Start = (...from: Parameters<typeof rfp<Fixated>>) => Learner<Fixated>;

/** A repetition is the loss and the gradient of one sequence from zero states. */
function sequences({ model, params, fixations }: Work, start: Start, options: RuleOptions = {}): Prepared {
  const learner = start(model.model, params, options);
  const run = () => {
    learner.reset();
    let total = 0;
    for (const fixation of fixations) total += learner.step(fixation).loss;
    return { total, gradient: learner.gradient() };
  };
  return {
    run,
    steps: fixations.length,
    check() {
      const { total, gradient } = run();
      return [checksum([total]), ...gradientChecks(gradient)];
    },
  };
}

const inBlocks =
  (window: number): Start =>
  (model, params) =>
    rfp(model, params, { window });

export const works: Record<string, (...sizes: number[]) => Prepared> = {
  rjepa: (steps) => sequences(top(steps), rfp),
  "rjepa, window": (steps) => sequences(top(steps), inBlocks(steps)),
  "rjepa, bptt": (steps) => sequences(top(steps), bptt, { compile: true }),
  "rjepa areas": (steps, batch) => sequences(everywhere(steps, batch), rfp),
  "rjepa areas, window": (steps, batch) => sequences(everywhere(steps, batch), inBlocks(steps)),
  "rjepa areas, bptt": (steps, batch) => sequences(everywhere(steps, batch), bptt, { compile: true }),
};
