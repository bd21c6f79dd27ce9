import "../../../src/index.js";
import { describe, expect, it } from "vitest";
import { pairLeaves } from "../../../src/core/pair-leaves.js";
import { foldIn, key as keyOf } from "../../../src/core/prng.js";
import { relativeError } from "../../../src/core/relative-error.js";
import { fillTree, leavesOf } from "../../../src/core/tree.js";
import { ArgumentError, DataError, load, save } from "../../../src/index.js";
import type { Learner } from "../../../src/learn/learners/learner.js";
import type { ModelParams } from "../../../src/learn/model/model.js";
import { ruleNamed } from "../../../src/learn/named.js";
import { add, mul } from "../../../src/ops/pointwise.js";
import { type Batch, type Fixated, jepa } from "../../../src/rjepa/parts/compose.js";
import type { Preset } from "../../../src/rjepa/parts/preset.js";
import type { Step } from "../../../src/rjepa/parts/steps.js";
import { sequencesOf, streamOf } from "../../../src/rjepa/parts/stream.js";
import { statisticsOf, Trainer, type TrainerOptions } from "../../../src/rjepa/parts/train.js";
import { entries } from "../../../src/tensor/read.js";
import { isTensor, type Tensor } from "../../../src/tensor/tensor.js";
import { noise, small } from "./small.js";

interface Given extends Partial<TrainerOptions> {
  readonly parts?: Partial<Preset>;
  readonly every?: number;
  readonly streams?: number;
  readonly dtype?: "float32" | "float64";
}

/** A stream of noise, k fixations an update, and a trainer of it. */
function streamed({ parts, every = 1, streams = 3, dtype = "float64", ...options }: Given = {}) {
  const preset = small({ predictor: { kind: "linear", saccade: true }, ...parts });
  const model = jepa({ preset, steps: every + 1 });
  const batchAt = (u: number): Batch => noise(preset, foldIn(keyOf(5), u), streams, every, dtype);
  const params = model.init(keyOf(1), { dtype });
  const trainer = (): Trainer =>
    new Trainer(model, params, statisticsOf(model, params, [batchAt(90)]), {
      updates: 20,
      isStream: true,
      ...options,
    });
  return { model, params, batchAt, trainer };
}

const leaves = (tree: ModelParams): Tensor[] => leavesOf<Tensor>(tree, isTensor).map(({ value }) => value);
const sumOf = (a: ModelParams, b: ModelParams): ModelParams =>
  fillTree(
    a,
    isTensor,
    leaves(a).map((value, i) => add(value, leaves(b)[i])),
  ) as ModelParams;

/** What a trainer shows its learner, and the sum of the gradients that it gets. */
function listen(trainer: Trainer) {
  const { learner } = trainer as unknown as { readonly learner: Learner<Fixated> };
  const heard = { samples: [] as Fixated[], sum: null as ModelParams | null };
  const [step, gradient] = [learner.step.bind(learner), learner.gradient.bind(learner)];
  learner.step = (sample, ...rest) => {
    heard.samples.push(sample);
    return step(sample, ...rest);
  };
  learner.gradient = (...asked) => {
    const found = gradient(...asked);
    heard.sum = heard.sum === null ? found : sumOf(heard.sum, found);
    return found;
  };
  return heard;
}

describe("the gradient of a stream at a rate of 0, summed over its updates,", () => {
  it.each([
    ["areas", "rfp", 1, "batch", 3],
    ["top", "rfp", 1, "batch", 3],
    ["areas", "rfp(4)", 3, "batch", 3],
    ["top", "rfp(3)", 3, "batch", 3],
    ["top", "rfp(2)", 5, "batch", 3],
    ["areas", "rfp", 1, "running", 1],
    ["top", "rfp(4)", 1, "running", 1],
  ] as const)("is that of bptt over one long sequence: %s by %s, every %i, %s head", (...given) => {
    const [objective, rule, every, head, streams] = given;
    const { model, params, batchAt, trainer } = streamed({
      parts: { objective, head },
      every,
      streams,
      rule,
      rate: 0,
    });
    const own = trainer();
    const heard = listen(own);
    for (let u = 0; u < 20; u++) own.update(batchAt(u));
    const reference = ruleNamed("bptt").start(model.model, params);
    for (const sample of heard.samples) reference.step(sample);
    const words = { who: "test", reference: "bptt", other: rule };
    const errors = pairLeaves<Tensor>(words, reference.gradient(), heard.sum, isTensor)
      // behind a head with the mean of the batch its derivative is zero but for rounding
      .filter(({ path }) => head === "running" || !/bG\d/.test(path))
      .map(({ value, other }) => relativeError(entries(other), entries(value)));
    // float64 over 20 to 100 fixations: found 4e-15
    expect(Math.max(...errors)).toBeLessThan(1e-10);
  });
});

describe("a trainer of a stream", () => {
  it.each([
    ["rfp", 1, "batch", 3],
    ["rfp(4)", 3, "batch", 3],
    ["rfp(2)", 3, "running", 1],
    ["rtrl", 1, "batch", 3],
    ["snap(1)", 2, "running", 1],
  ] as const)(
    "goes on to the same bits wherever it was stopped: %s, every %i, %s head, %i streams",
    (...given) => {
      const [rule, every, head, streams] = given;
      const { batchAt, trainer } = streamed({ parts: { head }, every, streams, rule, dtype: "float32" });
      const run = (stops: (update: number) => boolean): string => {
        let own = trainer();
        let losses = "";
        for (let u = 0; u < 9; u++) {
          losses += `${own.update(batchAt(u))} `;
          if (!stops(u)) continue;
          const bytes = save(own.save());
          own = trainer();
          own.resume(load(bytes));
        }
        return losses + Buffer.from(save(own.save())).toString("base64");
      };
      const whole = run(() => false);
      expect(run(() => true)).toBe(whole);
      expect(run((u) => u === 4)).toBe(whole);
    },
  );

  it("remembers what a trainer of sequences forgets", () => {
    const { batchAt, trainer } = streamed({ every: 2 });
    const losses = [true, false].map((isStream) => {
      const own = isStream ? trainer() : streamed({ every: 2, isStream }).trainer();
      return [0, 1].map((u) => own.update(batchAt(u)));
    });
    expect(losses[0][0]).toBe(losses[1][0]);
    // two fixations are two predictions in mid-stream, and one at the start
    expect(losses[0][1]).toBeGreaterThan(1.3 * losses[1][1]);
  });

  it("begins anew after a fixation that it refused, with its parameters as they were", () => {
    const { batchAt, trainer } = streamed();
    const own = trainer();
    for (const u of [0, 1, 2]) own.update(batchAt(u));
    const before = save(own.params);
    const bad = batchAt(7).map((s) => ({ ...s, input: mul(s.input, Number.NaN) }));
    expect(() => own.update(bad)).toThrow(DataError);
    expect(save(own.params)).toEqual(before);
    // nothing was predicted before the first fixation
    expect(own.update(batchAt(3))).toBe(0);
    expect(own.update(batchAt(4))).toBeGreaterThan(0);
  });

  it.each(["bptt", "fptt"])("refuses %s, which keeps all of the past", (rule) => {
    expect(streamed({ rule }).trainer).toThrow(
      new ArgumentError(
        `train: expected for an endless stream a rule that runs forward in time, such as rfp, got ${rule}, whose memory grows with every fixation`,
      ),
    );
  });
});

describe("the fixations of streams", () => {
  const [steps, streams] = [3, 2];
  const numbers = (...values: number[]) => Float32Array.from(values);
  /** Sequence n sees 10 n + t at fixation t, from (n, t) in its first stream and (−n, t) in the second. */
  const sequences = async (n: number): Promise<Step[]> =>
    Array.from({ length: steps }, (_, t) => ({
      input: numbers(10 * n + t, -(10 * n + t)),
      saccade: t === 0 ? numbers(0, 0, 0, 0) : numbers(0, 1, 0, 1),
      position: numbers(n, t, -n, t),
      label: t === steps - 1 ? Int32Array.from({ length: streams }, () => n) : null,
    }));
  const seen = (step: Step) => [step.input[0], ...step.saccade];

  it.each([1, 2, 3, 5, 7])("are those of sequences that follow each other, %i an update", async (every) => {
    const at = streamOf({ steps, every, sequences });
    const all = Array.from({ length: 22 }, (_, f) => {
      const [n, t] = [Math.floor(f / steps), f % steps];
      // across two images the eye goes from its last place on the one to its first on the other
      if (t === 0 && n > 0) return [10 * n, 1, -2, -1, -2];
      return [10 * n + t, 0, Math.sign(t), 0, Math.sign(t)];
    });
    for (let u = 0; (u + 1) * every < all.length; u++)
      expect((await at(u)).map(seen)).toEqual(all.slice(u * every, (u + 1) * every + 1));
    // from anywhere, as where a run goes on
    for (const u of [2, 0, 1])
      expect((await streamOf({ steps, every, sequences })(u)).map(seen)).toEqual(
        all.slice(u * every, (u + 1) * every + 1),
      );
  });

  it("ask for each sequence once, and for none beyond those that are counted", async () => {
    for (const [every, updates] of [
      [1, 9],
      [2, 7],
      [7, 3],
    ]) {
      const asked: number[] = [];
      const at = streamOf({
        steps,
        every,
        sequences: (n) => {
          asked.push(n);
          return sequences(n);
        },
      });
      for (let u = 0; u < updates; u++) await at(u);
      expect(asked).toEqual(Array.from({ length: sequencesOf(updates, { steps, every }) }, (_, n) => n));
    }
  });
});
