/**
 * A process that starts learners, lets them record and replay, and drops them: argv is how many, and `yielding` where the
 * event loop gets a turn now and then. Prints the bytes that a hundred of them leave behind, outside of V8's heap.
 */
import { setImmediate } from "node:timers/promises";
import { cells } from "../../src/cells/index.js";
import { backendName, random } from "../../src/index.js";
import { rfp, stack } from "../../src/learn/index.js";

const [count, isYielding] = [Number(process.argv[2]), process.argv[3] === "yielding"];
const model = stack([cells.mingru({ input: 8, units: 16 })]);
const params = model.init(random.key(1));
const sample = { input: random.normal(random.key(2), [1, 8]), target: random.normal(random.key(3), [1, 16]) };

/** Resident memory outside of V8's heap, which grows and shrinks by itself. */
function collected(): number {
  (globalThis as { gc?: () => void }).gc?.();
  const { rss, heapTotal } = process.memoryUsage();
  return rss - heapTotal;
}

const middle = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function main(): Promise<void> {
  const taken: number[] = [];
  for (let i = 0; i < count; i++) {
    const learner = rfp(model, params);
    for (let t = 0; t < 4; t++) learner.step(sample);
    learner.gradient();
    if (isYielding && i % 10 === 9) await setImmediate();
    if (i % 50 === 49) taken.push(collected());
  }
  const half = taken.length / 2;
  const perHundred = ((middle(taken.slice(half)) - middle(taken.slice(0, half))) / (count / 2)) * 100;
  console.log(JSON.stringify({ backend: backendName(), perHundred }));
}

void main();
