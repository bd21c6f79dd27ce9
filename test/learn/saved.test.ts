/** A learner that is saved in mid-stream, and goes on in another process, never knows that it stopped: to the last bit. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cells } from "../../src/cells/index.js";
import { CheckpointError, OnwardError } from "../../src/core/errors.js";
import { leavesOf, mapTree } from "../../src/core/tree.js";
import {
  add,
  backendName,
  backendNames,
  isTensor,
  random,
  type Saved,
  save,
  type Tensor,
  tensor,
  useBackend,
} from "../../src/index.js";
import { network, type RuleOptions, rfp, rtrl, rules } from "../../src/learn/index.js";
import type { Pace } from "../../src/learn/learners/automatic-learner.js";
import { digestOfTree } from "../../src/learn/learners/saved-learner.js";
import { automatically } from "../../src/learn/rules/rfp.js";
import { entries } from "../../src/tensor/read.js";
import { randomSequence } from "../../src/testing/index.js";
import { interrupted, type Lifetime } from "../support/interrupted.js";
import { arbitraryOperations, type Sample } from "../support/operation-cases.js";
import { runOperations } from "../support/operations.js";

const { leaky, mingru } = cells;
const chosen = backendName();

const learnersGradient = (learner: { gradient(): object }): number[][] =>
  leavesOf<Tensor>(learner.gradient(), isTensor).map(({ value }) => Array.from(entries(value)));

type Options = RuleOptions & { window?: number; order?: number };
interface Way {
  readonly rule: keyof typeof rules;
  readonly options: Options & Partial<Pace>;
  readonly lifetime: Lifetime<Sample>;
}

const way = (rule: keyof typeof rules, options: Options = {}): Way => ({
  rule,
  options,
  lifetime: {
    start: (model, params) => rules[rule].start(model, params, options),
    load: rules[rule].load,
  },
});

/** Blocks that begin within a sequence. */
const soon = (window: number, pace: Pace): Way => {
  const start: Lifetime<Sample>["start"] = (model, params) => automatically(model, params, window, {}, pace);
  const load: Lifetime<Sample>["load"] = (model, params, tree) => {
    const learner = start(model, params);
    learner.resume(tree);
    return learner;
  };
  return { rule: "rfp", options: { window, ...pace }, lifetime: { start, load } };
};

/** Every rule, and settings that have learners of their own. */
const ways: readonly Way[] = [
  ...(Object.keys(rules) as (keyof typeof rules)[]).map((name) => way(name)),
  way("rfp", { window: 3 }),
  way("rfp", { window: 3, compile: false }),
  way("rfp", { window: 2, credit: "local" }),
  way("tbptt", { window: 3 }),
  way("tbptt", { window: 2, compile: false }),
  way("bptt", { compile: true }),
  way("snap", { order: 2 }),
  way("uoro", { seed: 5 }),
  soon(3, { after: 2, inRow: 0 }),
  soon(2, { after: 4, inRow: 2 }),
];

describe.each(["js", "native"])("a learner that is saved and loaded, on %s", (name) => {
  const isThere = backendNames().includes(name);
  describe.skipIf(!isThere)(isThere ? "run" : "(skipped: the addon is not built)", () => {
    beforeAll(() => useBackend(name));
    afterAll(() => useBackend(chosen));

    it.each(ways)("goes on to the same bits: $rule $options", ({ rule, lifetime }) => {
      let losses = 0;
      const holds = fc.property(
        arbitraryOperations({ spatial: rule !== "kfRtrl", starts: rule !== "fptt" }).filter(({ areas }) =>
          // steps of a model that is no function of its arguments cannot be taken again
          areas.every(({ kind }) => kind !== "changing"),
        ),
        fc.integer({ min: 1, max: 5 }),
        (drawn, every) => {
          let one: ReturnType<typeof interrupted> | null = null;
          const found = runOperations(drawn, {
            start: (model, params) => {
              const made = interrupted(lifetime, model, params, every);
              one = made as ReturnType<typeof interrupted>;
              return made;
            },
            reference: lifetime.start,
            tolerance: 0,
            replays: false,
            sameBlocks: true,
          });
          losses += (one as { losses: number } | null)?.losses ?? 0;
          if (found.wrong !== null) throw new Error(found.wrong);
        },
      );
      fc.assert(holds, { numRuns: 20 });
      expect(losses).toBeGreaterThan(20);
    });
  });
});

describe("what a learner saved", () => {
  const model = network([mingru({ input: [2], units: 3 })]);
  const params = model.init(random.key(1));
  const samples = randomSequence(2, { input: [2], target: [3], steps: 5, batch: 2 });
  const learnerOf = (options = {}) => {
    const learner = rfp(model, params, { window: 3, ...options });
    for (const sample of samples) learner.step(sample);
    return learner;
  };
  const saved = learnerOf().save() as Record<string, unknown>;

  it("is a tree of its own: what the learner does afterwards leaves it", () => {
    const learner = learnerOf();
    const tree = learner.save();
    const before = save(tree);
    learner.step(samples[0]);
    learner.gradient();
    learner.reset();
    expect(save(tree)).toEqual(before);
  });

  it("takes the place of what another learner knew", () => {
    const learner = learnerOf();
    const other = rfp(model, params, { window: 3 });
    other.step(samples[4]);
    other.resume(learner.save());
    expect(learnersGradient(other)).toEqual(learnersGradient(learner));
  });

  it("keeps the options that were chosen, and takes them again", () => {
    expect(saved.settings).toEqual({ window: 3, credit: "exact" });
    expect(rfp.load(model, params, saved as Saved).memory().bytes).toBe(learnerOf().memory().bytes);
    expect(() => rfp.load(model, params, saved as Saved, { window: 3, credit: "exact" })).not.toThrow();
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      "another rule",
      () => rtrl.load(model, params, saved as Saved),
      /rtrl: expected rtrl at rule, got "rfp"/,
    ],
    [
      "another window",
      () => rfp.load(model, params, saved as Saved, { window: 2 }),
      /rfp: expected 2, as this learner has at settings.window, got 3/,
    ],
    [
      "other parameters",
      () => rfp.load(model, model.init(random.key(2)), saved as Saved),
      /rfp: expected the digest of this learner's parameters at parameters, got that of others/,
    ],
    [
      "another model",
      () => {
        const other = network([leaky({ input: [2], units: 3 })]);
        return rfp.load(other, other.init(random.key(1)), saved as Saved);
      },
      /expected the digest/,
    ],
    ["no tree", () => rfp.load(model, params, null), /rfp: expected a record as the tree, got null/],
    [
      "another tree",
      () => rfp.load(model, params, { a: 1 }),
      /rfp: expected what was saved at rule, got undefined/,
    ],
    [
      "a later version",
      () => rfp.load(model, params, { ...saved, version: 2 } as Saved),
      /rfp: expected version 1 at version, got 2/,
    ],
  ])("is refused in a sentence: %s", (_, f, message) => {
    expect(f).toThrow(CheckpointError);
    expect(f).toThrow(message);
  });

  const isLeaf = (node: unknown): node is unknown =>
    node === null || typeof node !== "object" || isTensor(node);

  it("is refused where anything of it was changed, or is missing, that still looks like what a learner knows", () => {
    const heads = (of: readonly string[]) => ({ known: true, names: of });
    const { knows } = saved as { knows: { stream: Record<string, unknown> } };
    const changed = [
      { ...knows, stream: { ...knows.stream, direct: [] } },
      { ...knows, stream: { ...knows.stream, heads: heads(["a", "b"]) } },
      mapTree(knows, isLeaf, (leaf) => (isTensor(leaf) ? add(leaf as Tensor, 1) : leaf)),
    ];
    const learner = learnerOf();
    const before = learnersGradient(learner);
    for (const other of changed)
      expect(() => learner.resume({ ...saved, knows: other } as Saved)).toThrow(
        "rfp: expected what was saved at knows, got a tree that was changed since",
      );
    expect(learnersGradient(learner)).toEqual(before);
    const twice = { ...knows, stream: { ...knows.stream, heads: heads(["a", "a"]) } };
    expect(() => learner.resume({ ...saved, digest: digestOfTree(twice), knows: twice } as Saved)).toThrow(
      "names of their own",
    );
  });

  it("is refused wherever a part of it is something else, and leaves a learner that starts anew", () => {
    const learner = learnerOf();
    const leaves: string[] = [];
    mapTree(saved.knows, isLeaf, (leaf, path) => leaves.push(path) && leaf);
    expect(leaves.length).toBeGreaterThan(30);
    const odd = ["?", -1, tensor([1, 2]), [], { a: 1 }];
    let refused = 0;
    for (const path of leaves)
      for (const value of odd) {
        const knows = mapTree(saved.knows, isLeaf, (leaf, at) => (at === path ? value : leaf));
        try {
          // whoever changes it may seal it anew
          learner.resume({ ...saved, digest: digestOfTree(knows), knows } as Saved);
          learner.step(samples[0]);
          learner.gradient();
        } catch (error) {
          expect(error).toBeInstanceOf(OnwardError);
          refused++;
          learner.reset();
        }
      }
    expect(refused).toBeGreaterThan(0.8 * leaves.length * odd.length);
    learner.reset();
    for (const sample of samples) learner.step(sample);
    // some of what was taken says how steps are computed, which is another order of the same sums
    const [got, want] = [learnersGradient(learner), learnersGradient(learnerOf())].map((g) => g.flat());
    got.forEach((v, i) => {
      expect(v).toBeCloseTo(want[i], 12);
    });
  });
});
