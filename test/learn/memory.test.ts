import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { cells } from "../../src/cells/registry.js";
import "../../src/index.js";
import { type Learner, rules, type Supervised, stack } from "../../src/learn/index.js";
import { objectives, randomParams, randomSequence } from "../../src/testing/index.js";

// the collector as a function, without a flag on the command line
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes in use, arrays included. */
function used(): number {
  // twice: the first leaves arrays to be swept in the background
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const model = stack<Supervised>([cells.mingru({ input: 3, units: 4 }), cells.lru({ input: 4, units: 2 })], {
  loss: objectives.slow,
});
const samples = randomSequence(1, { input: [3], target: [2], steps: 50, batch: 1 });
const advance = (learner: Learner<Supervised>, steps: number): void => {
  for (let t = 0; t < steps; t++) learner.step(samples[t % samples.length]);
};
const warmUp = 300;

describe("memory of a long stream", () => {
  it("does not grow with the steps of rfp", () => {
    const learner = rules.rfp.start(model, randomParams(model, 1));
    // past the first step that is compared with op by op, whose code an engine keeps
    advance(learner, 1500);
    const [held, before] = [learner.memory().bytes, used()];
    advance(learner, 3000);
    expect(learner.memory()).toEqual({ bytes: held, growsWithTime: false });
    // a single number kept per step would be 24,000 bytes, one tensor per step some 600,000
    expect(used() - before).toBeLessThan(200_000);
  });

  it("grows with the steps of bptt, so that the measurement would show it", () => {
    const learner = rules.bptt.start(model, randomParams(model, 1));
    advance(learner, warmUp);
    const [held, before] = [learner.memory().bytes, used()];
    advance(learner, 300);
    expect(learner.memory().growsWithTime).toBe(true);
    expect(learner.memory().bytes).toBeGreaterThan(1.9 * held);
    expect(used() - before).toBeGreaterThan(2_000_000);
    // until the sequence ends
    learner.reset();
    expect(used() - before).toBeLessThan(200_000);
  });
});
