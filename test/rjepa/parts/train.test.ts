import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { foldIn, key as keyOf } from "../../../src/core/prng.js";
import {
  backendName,
  backendNames,
  CheckpointError,
  DataError,
  load,
  type Saved,
  save,
  useBackend,
  zeros,
} from "../../../src/index.js";
import { digestOfTree } from "../../../src/learn/learners/saved-learner.js";
import { mul } from "../../../src/ops/pointwise.js";
import { type Batch, jepa } from "../../../src/rjepa/parts/compose.js";
import { statisticsOf, Trainer, type TrainerOptions } from "../../../src/rjepa/parts/train.js";
import { noise, small } from "./small.js";

const [steps, updates, streams] = [4, 9, 3];
const preset = small({ predictor: { kind: "linear", saccade: true } });
const model = jepa({ preset, steps });
const batchAt = (u: number): Batch => noise(preset, foldIn(keyOf(5), u), streams, steps, "float32");

const begun = (options: Partial<TrainerOptions> = {}): Trainer => {
  const params = model.init(keyOf(1), { dtype: "float32" });
  return new Trainer(model, params, statisticsOf(model, params, [batchAt(90)]), { updates, ...options });
};

const chosen = backendName();

describe.each(["js", "native"])("training that is stopped and goes on, on %s", (name) => {
  const isThere = backendNames().includes(name);
  describe.skipIf(!isThere)(isThere ? "run" : "(skipped: the addon is not built)", () => {
    beforeAll(() => useBackend(name));
    afterAll(() => useBackend(chosen));

    it.each([
      ["rfp", { window: 4 }],
      // what differs between rules does not between backends
      ...(name === "native"
        ? ([
            ["rfp", {}],
            ["bptt", {}],
          ] as const)
        : []),
    ] as const)("makes the same updates, to the bit, by %s %o", (rule, ruleOptions) => {
      const run = (stops: readonly number[]): string => {
        let trainer = begun({ rule, ruleOptions: ruleOptions as object });
        let losses = "";
        for (let u = 0; u < updates; u++) {
          losses += `${trainer.update(batchAt(u))} `;
          if (!stops.includes(u)) continue;
          const bytes = save(trainer.save());
          trainer = begun({ rule, ruleOptions: ruleOptions as object });
          trainer.resume(load(bytes));
          expect(trainer.updates).toBe(u + 1);
        }
        return losses + Buffer.from(save(trainer.params)).toString("base64");
      };
      const whole = run([]);
      for (const stop of [2, 7]) expect(run([stop])).toBe(whole);
      expect(run([0, 1, 4])).toBe(whole);
    });
  });
});

describe("a trainer", () => {
  it("keeps slow parameters, running means and heads where it is stopped: to the bit", () => {
    const whole = small({
      target: { kind: "ema", momentum: 0.7 },
      head: "running",
      predictor: { kind: "mlp", hidden: 4, context: true },
      regularizer: { variance: 1, covariance: 0.1 },
      heads: { saccade: {}, class: { classes: 3 } },
    });
    const own = jepa({ preset: whole, steps });
    const at = (u: number): Batch => noise(whole, foldIn(keyOf(6), u), streams, steps, "float32");
    const start = (): Trainer => {
      const params = own.init(keyOf(1), { dtype: "float32" });
      return new Trainer(own, params, statisticsOf(own, params, [at(90)]), { updates });
    };
    const run = (stops: readonly number[]): string => {
      let trainer = start();
      for (let u = 0; u < updates; u++) {
        trainer.update(at(u));
        if (!stops.includes(u)) continue;
        const bytes = save(trainer.save());
        trainer = start();
        trainer.resume(load(bytes));
      }
      return Buffer.from(save(trainer.save())).toString("base64");
    };
    expect(run([0, 4])).toBe(run([]));
    // what was saved without slow parameters is not taken for one with them
    expect(() => start().resume(load(save(begun().save())) as Saved)).toThrow(CheckpointError);
  });

  it("refuses one stream where it needs the mean of a batch, and learns from it with a running one", () => {
    const alone = (head: "batch" | "running") => {
      const single = small({ head });
      const own = jepa({ preset: single, steps });
      const params = own.init(keyOf(1));
      const at = (u: number): Batch => noise(single, foldIn(keyOf(6), u), 1, steps);
      const trainer = new Trainer(own, params, statisticsOf(own, params, [at(90)]), { updates });
      return () => trainer.update(at(0));
    };
    expect(alone("batch")).toThrow(
      "train: expected at least 2 streams for a head with the mean of the batch (head: running learns from one), got 1",
    );
    expect(alone("running")()).toBeGreaterThan(0);
  });

  it("lowers its loss on sequences that can be predicted", () => {
    // every fixation sees the same: the next embedding is the last one
    const still = (u: number): Batch => batchAt(u).map(() => batchAt(u)[0]);
    const trainer = begun({ rule: "bptt", updates: 300 });
    const losses = Array.from({ length: 300 }, (_, u) => trainer.update(still(u)));
    const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    expect(mean(losses.slice(-30))).toBeLessThan(0.7 * mean(losses.slice(0, 30)));
  });

  it("refuses a loss that is not finite, and goes on from where it was", () => {
    const [one, other] = [begun(), begun()];
    for (let u = 0; u < 3; u++) {
      if (u === 1) {
        const bad = batchAt(7).map((s) => ({ ...s, input: mul(s.input, Number.NaN) }));
        expect(() => one.update(bad)).toThrow(DataError);
      }
      expect(one.update(batchAt(u))).toBe(other.update(batchAt(u)));
    }
    expect(save(one.params)).toEqual(save(other.params));
  });

  it("keeps nothing of a sequence that broke off", () => {
    const [one, other] = [begun(), begun()];
    const [first, ...rest] = batchAt(7);
    const wrong = [first, { ...rest[0], input: zeros([streams, 1]) }];
    expect(() => one.update(wrong)).toThrow();
    for (const u of [0, 1, 2]) expect(one.update(batchAt(u))).toBe(other.update(batchAt(u)));
    expect(save(one.params)).toEqual(save(other.params));
  });

  it("takes nothing but what one of its own saved", () => {
    const trainer = begun();
    trainer.update(batchAt(0));
    const tree = load(save(trainer.save())) as Record<string, Saved>;
    const before = save(trainer.params);
    const knows = tree.knows as Record<string, Saved>;
    // as one with a bug would have saved it: parts are checked, not their digest alone
    const signed = (other: Record<string, unknown>) => ({ knows: other, digest: digestOfTree(other) });
    const wrong: unknown[] = [
      null,
      {},
      [tree],
      { ...tree, digest: "another" },
      { ...tree, knows: { ...knows, update: 2 } },
      ...Object.keys(knows).map((name) => signed({ ...knows, [name]: null })),
      signed({ ...knows, params: { ...(knows.params as object), readout: {} } }),
      signed({ ...knows, statistics: [] }),
    ];
    for (const other of wrong) expect(() => trainer.resume(other as Saved)).toThrow(CheckpointError);
    expect(save(trainer.params)).toEqual(before);
    expect(trainer.updates).toBe(1);
  });
});
