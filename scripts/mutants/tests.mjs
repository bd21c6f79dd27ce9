/** Which tests are to kill a mutant of which kind, the likeliest and quickest first. */

const operations = "test/ops/properties.test.ts";
const rules = "test/learn/rules.test.ts";
const exactness = "test/learn/exactness.test.ts";
const windows = "test/learn/window.test.ts";

/** Of an op by its name: its own properties, the table of its digits, then everything that differentiates. */
export const derivativeTests = (name) => [
  // the transposes of a convolution are part of its second derivatives
  { file: operations, name: `^${name.replace(/(Input|Kernel)$/, "")} #` },
  "test/ops/tails.test.ts",
  "test/reverse/custom-jvp.test.ts",
  operations,
  "test/reverse/edge-values.test.ts",
  "test/forward/tied.test.ts",
  "test/reverse/nesting.test.ts",
];

/** Of a rule, what the tests of all rules say of it. */
export const ruleTests = (name) => [
  { file: "test/learn/unbiased.test.ts", name: `of ${name}` },
  { file: rules, name: `^${name}|biased rules.*${name}|rules by name` },
  { file: exactness, name: `${name}\\W+equals` },
  "test/learn/bptt.test.ts",
  { file: rules, name: "biased rules" },
  "test/learn/credit.test.ts",
  rules,
];

/** Of machinery that rules share. */
export const testsOf = {
  /** Linear maps in both directions. */
  maps: [
    operations,
    "test/reverse/custom-jvp.test.ts",
    "test/forward/tied.test.ts",
    "test/learn/custom-rules.test.ts",
  ],
  /** Tied tangents. */
  tied: [
    { file: operations, name: "tied" },
    "test/forward/tied.test.ts",
    "test/reverse/custom-jvp.test.ts",
    { file: exactness, name: "(rfp|rtrl)\\W+equals" },
    "test/learn/custom-rules.test.ts",
    "test/learn/random-cells.test.ts",
  ],
  custom: ["test/reverse/custom-jvp.test.ts", "test/learn/custom-rules.test.ts"],
  edges: ["test/reverse/edge-values.test.ts"],
  /** An error or a trace on its way through one step. */
  steps: [
    { file: exactness, name: "(rfp|rtrl)\\W+equals" },
    "test/learn/credit.test.ts",
    "test/learn/streams.test.ts",
    { file: rules, name: "biased rules" },
    "test/learn/random-cells.test.ts",
  ],
  /** A block of steps. */
  blocks: [
    { file: windows, name: "coefficient|one each|vector cells|local" },
    windows,
    "test/learn/streams.test.ts",
  ],
  backward: [
    "test/learn/bptt.test.ts",
    { file: exactness, name: "rfp\\W+equals" },
    { file: rules, name: "biased rules|rules by name" },
  ],
  credit: ["test/learn/credit.test.ts", { file: rules, name: "biased rules" }, windows],
  fptt: [
    { file: exactness, name: "fptt\\W" },
    { file: rules, name: "^fptt" },
  ],
  unbiased: (name) => [
    { file: "test/learn/unbiased.test.ts", name },
    { file: rules, name: `^${name}` },
  ],
  kernels: ["test/backends/trace-step.test.ts", "test/backends/kernels.test.ts", operations],
  cells: ["test/cells/alif.test.ts", "test/cells/cells.test.ts"],
};
