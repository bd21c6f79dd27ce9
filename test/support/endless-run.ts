/**
 * A run on an endless stream, an update each fixation, in a process of its own: `node --expose-gc … FOLDER AT…` prints what is in
 * use once so many fixations are learned from, and stops after the last of them.
 */
import "../../src/index.js";
import { settledMemory } from "../../src/cli/settled-memory.js";
import { configOf } from "../../src/rjepa/run/config.js";
import { RunFolder } from "../../src/rjepa/run/folder.js";
import { recipeNamed } from "../../src/rjepa/run/recipe.js";
import { run } from "../../src/rjepa/run/run.js";
import { small } from "../rjepa/parts/small.js";

const [path, ...given] = process.argv.slice(2);
const marks = given.map(Number);
const last = Math.max(...marks);

const config = configOf("test", {
  recipe: {
    ...recipeNamed("online"),
    preset: small({
      input: { crops: [8], size: 4 },
      areas: [
        { drive: "conv", units: 2, stride: 2, keep: 0.3 },
        { drive: "linear", units: 3, keep: [0.2, 0.9] },
      ],
      embedding: 2,
      head: "running",
      predictor: { kind: "linear", saccade: true },
    }),
    batch: 1,
    updates: last + 1,
    rule: "rfp",
    momentum: 0.05,
    stream: { every: 1 },
  },
  source: { kind: "scenes", count: 12, width: 64, height: 48, viewers: 3 },
  testShare: 0.5,
});

let done = 0;
const told = new Set<number>();
const folder = await RunFolder.open("test", path);
try {
  await run(config, {
    folder,
    // so that what waits to be logged is written before each mark
    every: 1000,
    judges: false,
    onProgress: ({ update }) => {
      done = update;
    },
    isStopped: () => {
      if (marks.includes(done) && !told.has(done)) {
        told.add(done);
        const { arrayBuffers, heapUsed } = settledMemory(globalThis.gc as () => void);
        console.log(JSON.stringify({ fixations: done, arrayBuffers, heapUsed }));
      }
      return done >= last;
    },
  });
} finally {
  await folder.close();
}
