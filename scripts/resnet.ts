// Times an update of a preset with stages and measures what it holds, too heavy for a test:
// npx tsx scripts/resnet.ts [preset] [side in pixels] [streams] [steps] [rule]
import "../src/index.js";
import { foldIn, key as keyOf } from "../src/core/prng.js";
import { leavesOf } from "../src/core/tree.js";
import { ruleNamed } from "../src/learn/named.js";
import { ones, zeros } from "../src/ops/create.js";
import { normal } from "../src/ops/random.js";
import { inputShape } from "../src/rjepa/parts/input.js";
import { jepa } from "../src/rjepa/parts/compose.js";
import { presetNamed } from "../src/rjepa/parts/preset.js";
import { isTensor, type Tensor } from "../src/tensor/tensor.js";

const [name = "resnet50", side = "64", streams = "1", steps = "2", rule = "bptt"] = process.argv.slice(2);
const dtype = "float32";
const [batch, T] = [Number(streams), Number(steps)];
const given = presetNamed(name);
const model = jepa({ preset: { ...given, input: { ...given.input, size: Number(side) } }, steps: T });
const params = model.init(keyOf(1), { dtype });
const count = leavesOf<Tensor>(params, isTensor).reduce((n, { value }) => n + value.size, 0);
console.log(`${name} at ${side} px: ${count} parameters, ${batch} streams, ${T} steps, ${rule}`);
const heads = model.predicting.map(({ outputs }) => {
  const by = { scale: ones([outputs], { dtype }), mean: batch === 1 ? zeros([outputs], { dtype }) : null };
  return { recurrent: by, fresh: by };
});
const samples = Array.from({ length: T }, (_, t) => ({
  input: normal(foldIn(keyOf(2), t), [batch, ...inputShape(model.preset)], { dtype }),
  saccade: zeros([batch, 2], { dtype }),
  heads,
}));
const options = rule.startsWith("rfp") ? { credit: "local" as const } : {};
const learner = ruleNamed(rule).start(model.model, params, options);
for (const round of ["first", "second"]) {
  const began = performance.now();
  let loss = 0;
  for (const sample of samples) loss += learner.step(sample).loss as number;
  const stepped = performance.now();
  learner.gradient();
  const done = performance.now();
  const { bytes } = learner.memory();
  const MiB = (n: number): string => `${(n / 2 ** 20).toFixed(0)} MiB`;
  console.log(
    `${round}: steps ${((stepped - began) / 1000).toFixed(2)} s, gradient ${((done - stepped) / 1000).toFixed(2)} s, record or influence ${MiB(bytes)}, process ${MiB(process.memoryUsage().rss)}, loss ${loss.toFixed(3)}`,
  );
  learner.reset();
}
