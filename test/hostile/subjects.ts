/** Every public function of every entry, and calls of it that are valid, to be spoiled. */
import * as cellEntry from "../../src/entry/cells.js";
import * as learn from "../../src/entry/learn.js";
import * as nn from "../../src/entry/nn.js";
import * as files from "../../src/entry/node.js";
import * as rjepa from "../../src/entry/rjepa.js";
import * as testing from "../../src/entry/testing.js";
import * as o from "../../src/index.js";
import { guarded, type Random, tensorOf } from "./values.js";

export interface Subject {
  readonly name: string;
  readonly f: (...args: never[]) => unknown;
}

/** Classes are not called, except to be made. */
const classes = new Set<string>([]);
/** What is left out, and why. */
const excluded: Readonly<Record<string, string>> = {
  registerBackend: "what passes for a backend becomes part of the library",
  useBackend: "another backend would be tested from then on",
  backend: "its methods are called by the library alone, on storage that it has checked",
  figures: "what computes them is called by judge alone, on what it has checked",
  "debug.nans": "it stays on where it is called without a function; its own tests cover its arguments",
};

/** Functions of an entry; namespaces are entered. */
function functionsOf(entry: object, prefix = ""): Subject[] {
  return Object.entries(entry).flatMap(([name, value]) => {
    const full = prefix + name;
    if (Object.hasOwn(excluded, full)) return [];
    if (typeof value === "function") {
      const isClass = /^class\b/.test(Function.prototype.toString.call(value));
      if (isClass && !classes.has(name)) return [];
      const make = value as unknown as new (...args: never[]) => unknown;
      return [{ name: full, f: isClass ? (...args: never[]) => new make(...args) : value }];
    }
    const isNamespace = typeof value === "object" && value !== null && !Array.isArray(value);
    return isNamespace && prefix.length < 12 ? functionsOf(value, `${full}.`) : [];
  });
}

/** Methods of tensors, as functions of the tensor. */
const methods: Subject[] = Object.getOwnPropertyNames(o.Tensor.prototype).flatMap((name) => {
  const { value } = Object.getOwnPropertyDescriptor(o.Tensor.prototype, name) ?? {};
  if (typeof value !== "function" || name === "constructor") return [];
  return [
    { name: `Tensor.${name}`, f: (self: unknown, ...args: unknown[]) => value.apply(self, args) } as Subject,
  ];
});

export const subjects: readonly Subject[] = [
  ...[o, learn, cellEntry, nn, files, rjepa, testing].flatMap((entry) => functionsOf(entry)),
  ...methods,
  {
    name: "Tensor.toPrimitive",
    f: (t: unknown, hint: unknown) => toPrimitive(t, hint),
  } as unknown as Subject,
];

function toPrimitive(t: unknown, hint: unknown): unknown {
  if (!o.isTensor(t)) return null;
  const convert = (t as unknown as { [Symbol.toPrimitive](hint: unknown): unknown })[Symbol.toPrimitive];
  return convert.call(t, hint);
}

const key = o.random.key(1);
const cell = cellEntry.cells.mingru({ input: 2, units: 2 });
const model = learn.stack([cell, cellEntry.cells.gru({ input: 2, units: 2 })], {
  pure: true,
  loss: (context) => ({ fit: learn.squaredError(context), size: context.now.outputs[0].square().sum() }),
});
const params = model.init(key);
const sample = { input: o.ones([2, 2]), target: o.ones([2, 2]) };
const [t2, t23, t33] = [o.tensor([1, 2]), o.ones([2, 3]), o.ones([3, 3])];
const image = o.ones([1, 2, 4, 4]);
const state = cell.zeroState(2);
const tiny = {
  name: "mini",
  input: { crops: [4, 8], size: 4 },
  areas: [
    { drive: "conv", units: 2, stride: 2, keep: 0.1 },
    { drive: "linear", units: 3, keep: [0.1, 0.9] },
  ],
  embedding: 2,
  objective: "areas",
  target: "fresh",
  predictor: { kind: "linear", saccade: true },
} as const;
const small = rjepa.jepa({ preset: tiny, steps: 2 });
const jepaParams = small.init(key);
const pictured = rjepa.data.scene(key, 20, 17, "s");
const halved = rjepa.data.pyramid(pictured);
const referred = {
  images: [{ name: "s", width: 20, height: 17, load: async () => pictured }],
  sequences: [0, 1].map((viewer) => ({ image: 0, viewer, fixations: Float64Array.of(1, 2, 3, 4) })),
  steps: 2,
  problems: [],
};
const gallery = { pyramid: () => halved, bytes: 1e4, references: referred };
const batched = () => rjepa.batchOf(tiny, rjepa.stepsOf(gallery, referred, tiny, { batch: 2, key }, 0));
const wide = () =>
  batched().map(({ input, saccade }) => ({
    input: o.cast(input, "float64"),
    saccade: o.cast(saccade, "float64"),
  }));
const statistics = rjepa.statisticsOf(small, jepaParams, [wide()]);
const reader = { jepa: small, params: jepaParams, slow: null, statistics };
const features = {
  name: "sums",
  size: 1,
  of: (crops: Float32Array, n: number) => new Float64Array(n).fill(crops[0]),
};
const seenBy = () => rjepa.fixationsOf(gallery, referred, tiny.input);
const table = {
  representations: ["a"],
  baselines: ["b"],
  images: 3,
  sizes: { a: 1, b: 1 },
  rows: { a: { acc: { value: 0.5, interval: [0.4, 0.6] } }, b: {} },
  best: {},
  chance: {},
  margins: {},
};
const algebra = {
  eigen: (_: Float64Array, n: number) => ({
    values: new Array(n).fill(1),
    vectors: Array.from({ length: n }, () => new Array(n).fill(0)),
  }),
  solve: (_: Float64Array, b: Float64Array) => b,
};
const square = (x: o.Tensor): o.Tensor => x.square().sum();
const definition = { ...cellEntry.cells.mingru.definition };
const mini = { runs: 1, rules: ["rfp"], steps: [1, 1], batch: [1, 1], units: [1, 1], inputs: [1, 1] };

/** Arguments that are right, by the last part of the name. */
const valid: Readonly<Record<string, () => unknown[]>> = {
  sum: () => [t23, 0, { keepDims: true }],
  reshape: () => [t23, [3, 2]],
  broadcastTo: () => [t2, [3, 2]],
  permute: () => [t23, [1, 0]],
  slice: () => [t23, [[0, 1], null]],
  pad: () => [t23, [[1, 1]]],
  gather: () => [t23, [0, 1], 0],
  select: () => [t23, 0, 1],
  concat: () => [[t2, t2], 0],
  where: () => [o.greater(t2, 0), t2, 1],
  clip: () => [t2, 0, 1],
  matmul: () => [t33, t33],
  einsum: () => ["ij,jk->ik", t33, t33],
  conv2d: () => [image, o.ones([2, 2, 3, 3]), { padding: 1, stride: 1, groups: 1 }],
  maxPool2d: () => [image, 2, { stride: 1 }],
  avgPool2d: () => [image, [2, 2]],
  softmax: () => [t23, -1],
  cumsum: () => [t23, 0, { reverse: true }],
  tensor: () => [
    [
      [1, 2],
      [3, 4],
    ],
    { dtype: "float32", shape: [4] },
  ],
  full: () => [[2, 2], 3, { dtype: "int32" }],
  arange: () => [0, 4, 1, { dtype: "float64" }],
  eye: () => [3],
  normal: () => [key, [2]],
  uniform: () => [key, [2], { dtype: "float32" }],
  split: () => [key, 3],
  foldIn: () => [key, 1],
  permutation: () => [key, 5],
  grad: () => [square],
  valueAndGrad: () => [square],
  hessian: () => [square],
  jacrev: () => [(x: o.Tensor) => x.mul(2)],
  jacfwd: () => [(x: o.Tensor) => x.mul(2)],
  tiedJacobian: () => [(x: o.Tensor) => x.mul(2)],
  jvp: () => [square, [t2], [t2]],
  vjp: () => [square, t2],
  linearize: () => [square, t2],
  hvp: () => [square, t2, t2],
  scan: () => [(c: o.Tensor, x: o.Tensor) => [c.add(x), c], t2, t33.slice([null, [0, 2]])],
  compile: () => [square, {}],
  customJvp: () => [(x: o.Tensor) => x.mul(2), (_: unknown, [t]: o.Tensor[]) => t.mul(2)],
  dual: () => [1.5, 1],
  plan: () => [model, { batch: 1, steps: 4, params, sample }],
  network: () => [[cell]],
  stack: () => [[cell]],
  squaredError: () => [
    { params, now: { input: t2, states: [state], outputs: [t23] }, before: null, sample: { target: t23 } },
  ],
  slowError: () => [
    { params, now: { input: t2, states: [state], outputs: [t23] }, before: null, sample: { target: t23 } },
  ],
  squared: () => [{ now: { outputs: [t23] }, before: null, sample: { target: t23 } }],
  slow: () => [{ now: { outputs: [t23] }, before: { outputs: [t23] }, sample: { target: t23 } }],
  ruleNamed: () => ["tbptt(3)"],
  cellNamed: () => ["gru"],
  defineCell: () => [definition],
  learnedStart: () => [cell],
  "drives.linear": () => [{ input: [2, 4, 4], units: 2, pool: true }],
  "drives.conv": () => [{ input: [2, 4, 4], units: 2, size: 3, stride: 2 }],
  "drives.residual": () => [{ input: [2, 4, 4], units: 2, blocks: 2, stride: 2 }],
  "drives.bottleneck": () => [{ input: [2, 4, 4], units: 4, blocks: 2, stride: 2 }],
  "drives.stem": () => [{ input: [2, 4, 4], units: 2 }],
  reciprocalGatedCircuit: () => [
    { drive: cellEntry.drives.conv({ input: [2, 4, 4], units: 2 }), gates: "depthwise", shared: true },
  ],
  drive: () => [t23, o.ones([4, 3])],
  accumulate: () => [nn.sgd({ rate: 0.1 }), { every: 2 }],
  adam: () => [{ rate: 0.1, beta1: 0.5 }],
  adamw: () => [{ rate: 0.1, decay: 0.1 }],
  obgd: () => [{ rate: 0.1, decay: 0.5, kappa: 3 }],
  rmsprop: () => [{ rate: 0.1, decay: 0.5 }],
  sgd: () => [{ rate: 0.1, momentum: 0.5, scale: () => 1 }],
  writeFileAtomic: () => ["a", new Uint8Array([1, 2])],
  warmupCosine: () => [1, 2, 10],
  clipByNorm: () => [{ a: t2 }, 1],
  linear: () => [t23, t33, o.ones([3])],
  fanIn: () => [key, [2, 3], 1, { dtype: "float32" }],
  mlp: () => [key, [2, 3, 1]],
  meanSquaredError: () => [t2, t2],
  crossEntropy: () => [t23, t23],
  jepa: () => [{ preset: tiny, steps: 2, decay: 0 }],
  presetNamed: () => ["content"],
  requirePreset: () => ["me", tiny],
  recipeNamed: () => ["content"],
  controlled: () => [rjepa.recipeNamed("content"), "collapse"],
  stepsOf: () => [gallery, referred, tiny, { batch: 2, key, control: "none" }, 3],
  batchOf: () => [tiny, rjepa.stepsOf(gallery, referred, tiny, { batch: 2, key }, 0)],
  fixationsOf: () => [gallery, referred, tiny.input, [1, 0]],
  statisticsOf: () => [small, jepaParams, [wide()], jepaParams],
  representationOf: () => ["me", reader],
  exactnessOf: () => [reader, batched(), { rule: "rfp(2)", credit: "exact" }],
  leaky: () => [features, 0.5, "fresh"],
  trivialRepresentations: () => [seenBy(), algebra, key, "fresh"],
  judge: () => [rjepa.leaky(features, 0), { test: seenBy(), fit: seenBy(), algebra, key, only: ["acc"] }],
  judgeAll: () => [
    [rjepa.leaky(features, 0)],
    [rjepa.leaky(features, 0.5)],
    { test: seenBy(), fit: seenBy(), algebra, key, only: ["acc"] },
  ],
  formatJudgments: () => [table, { as: "markdown", baselines: "all" }],
  judgeVerdict: () => [table, "a", { untrained: "b", controls: [] }],
  pyramid: () => [pictured],
  cutCrops: () => [
    halved,
    2,
    2,
    { crops: [4, 8], size: 2 },
    { zoom: 2, flip: true },
    new Float32Array(24),
    0,
  ],
  referencesFromScenes: () => [{ key, count: 2, width: 20, height: 20, viewers: 1, steps: 2 }],
  referencesFromFolder: () => [{ key, images: ".", steps: 2, viewers: 1, maxSide: 20 }],
  referencesFromLabeled: () => [{ key, folder: "..", steps: 2, viewers: 1 }],
  splitReferences: () => [referred, { test: 0.5 }],
  openGallery: () => [referred, { memoryLimit: 1e6, parallel: 2 }],
  cutSequences: () => [
    gallery,
    referred,
    [1, 0],
    { crops: [4, 8], size: 2 },
    { from: 0, to: 2, augment: key },
  ],
  retina: () => [new Float32Array(2 * 3 * 3 * 4), 2, 3, 2],
  scene: () => [key, 8, 8, "s"],
  sceneNamed: () => [{ key, width: 8, height: 8 }, "s"],
  parseScanpaths: () => [{ width: 2, height: 2, scanpaths: { a: [{ x: [1], y: [1], duration: [1] }] } }, "f"],
  samplerNamed: () => ["uniform"],
  centerBiased: () => [key, 3, 10, 10],
  saliency: () => [key, 3, 8, 8, rjepa.data.scene(key, 8, 8, "s")],
  saliencyMap: () => [rjepa.data.scene(key, 8, 8, "s")],
  scanpathStatistics: () => [[{ fixations: Float64Array.of(1, 2, 3, 4), width: 8, height: 8 }]],
  kolmogorovSmirnov: () => [
    [1, 2],
    [2, 3],
  ],
  checkGradients: () => [square, [t2], { order: 1, modes: ["forward"], tolerance: 1e-6 }],
  checkLearner: () => ["rfp", model, { params, steps: 1 }],
  compareLearner: () => ["rtrl", model, { batch: 1, steps: 1 }],
  compareGradients: () => [params, params],
  checkCell: () => [cellEntry.cells.mingru, mini],
  expectTied: () => [cell],
  blockError: () => [Float64Array.of(1), Float64Array.of(1)],
  randomParams: () => [model, 1, 2],
  randomSequence: () => [1, { input: [2], target: [1], steps: 2, batch: 1 }],
  arbitraryCell: () => [{ units: [1, 2] }],
  arbitraryStack: () => [{ areas: [1, 2], steps: [1, 2] }],
  arbitraryTensor: () => [{ shape: [2], min: 0, max: 1 }],
  arbitrarySequence: () => [{ input: [2], target: [1] }],
  // methods of what comes back
  step: () => [sample, { heads: ["fit"] }],
  gradient: () => [{ of: "fit" }],
  inputGradient: () => [{ of: "size" }],
  setParams: () => [params],
  update: () => [
    { a: t2 },
    { count: o.scalar(1), mean: { a: t2 }, square: { a: t2 }, velocity: { a: t2 } },
    { a: t2 },
  ],
  init: () => [key, { dtype: "float32" }],
  zeroState: () => [2, { dtype: "float64" }],
  next: () => [params.areas[0], state, sample.input],
  output: () => [params.areas[0], state, sample.input],
  start: () => [model, params, {}],
  load: () => [model, params, learn.rfp(model, params).save(), {}],
  resume: () => [learn.rfp(model, params).save()],
  input: () => [sample],
  pullback: () => [o.scalar(1)],
  pushforward: () => [t2],
};
for (const rule of Object.keys(learn.rules))
  (valid as Record<string, () => unknown[]>)[rule] = () => [
    model,
    params,
    rule === "snap" ? { order: 1 } : {},
  ];
for (const kind of Object.keys(cellEntry.cells))
  (valid as Record<string, () => unknown[]>)[kind] = () => [
    { input: /rgc./.test(kind) ? [2, 4, 4] : 2, units: 2 },
  ];

/** A function of ours may fail on what it is called with: that is no fault of the library. */
const ours = (value: unknown): unknown =>
  typeof value === "function" && !("definition" in value)
    ? guarded(value as (...args: unknown[]) => unknown)
    : value;

/** Right arguments where they are known; for a method without, a tensor and luck. */
export function rightArguments(name: string, r: Random): unknown[] | null {
  const last = name.slice(name.lastIndexOf(".") + 1);
  if (name === "stack") return r.chance(0.5) ? [[t2, t2], 0] : [[cell]];
  if (name === "load") return [o.save({ a: t2 })];
  if (Object.hasOwn(valid, name)) return valid[name]().map(ours);
  if (Object.hasOwn(valid, last)) return valid[last]().map(ours);
  return name.startsWith("Tensor.") ? [tensorOf(r)] : null;
}
