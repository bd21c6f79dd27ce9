/** Whatever is done with a learner, in whatever order: it shows what it would show op by op, in windows of one step. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backendName, backendNames, useBackend } from "../../src/index.js";
import { comparisons } from "../support/comparisons.js";
import { arbitraryOperations } from "../support/operation-cases.js";
import { runOperations } from "../support/operations.js";

const chosen = backendName();

describe.each(["js", "native"])("sequences of operations on a learner, on %s", (name) => {
  const isThere = backendNames().includes(name);
  describe.skipIf(!isThere)(isThere ? "run" : "(skipped: the addon is not built)", () => {
    beforeAll(() => useBackend(name));
    afterAll(() => useBackend(chosen));

    it.each(comparisons(name))("$name", ({ share, options, compared }) => {
      let [steps, replayed, refused] = [0, 0, 0];
      const holds = fc.property(arbitraryOperations(options), (drawn) => {
        const found = runOperations(drawn, compared);
        steps += found.steps;
        if (found.replayed) replayed++;
        if (found.refusals > 0) refused++;
        if (found.wrong !== null) throw new Error(found.wrong);
      });
      fc.assert(holds, { numRuns: share });
      // sequences that end at once would hold anything
      expect(steps).toBeGreaterThan(3 * share);
      expect(refused).toBeLessThan(share / 2);
      if (compared.replays) expect(replayed).toBeGreaterThan(share / 4);
    });
  });
});
