/** Which figures `npm run bench` takes. The quick ones show in two minutes that everything runs. */
import { cells } from "../src/cells/index.js";
import { type GradientSweep, gradientSweep } from "../src/cli/bench/gradient.js";
import type { MemorySweep, RuleAndCredit } from "../src/cli/bench/memory.js";
import { type Subject, squareArea } from "../src/cli/bench/subject.js";
import type { TimeSweep } from "../src/cli/bench/time.js";

const exact = (rule: RuleAndCredit["rule"]): RuleAndCredit => ({ rule, credit: "exact" });
const rules = [exact("rfp"), exact("rtrl"), exact("bptt")];
const local: RuleAndCredit = { rule: "rfp", credit: "local" };
const gibibyte = 2 ** 30;

/** Cells whose figures are taken over sizes. */
const sized = ["mingru", "elstm", "rgc", "vanilla"];
const sizesOf = (names: readonly string[], sizes: readonly number[]): Subject[] =>
  names.flatMap((name) => sizes.map((n) => squareArea(name, n)));

const depth = (areas: number): Subject => ({
  label: `mingru x${areas}`,
  cells: new Array<string>(areas).fill("mingru"),
  input: [64],
  units: [64],
});

const stacks = [2, 3, 4, 5, 6].map(depth);
const jepas: Subject[] = ["nano", "tiny"].map((size) => ({
  label: `R-JEPA ${size}`,
  preset: `${size}-v1`,
}));
const credits = [exact("rfp"), local, exact("rtrl"), exact("bptt")];

/** Every cell there is, a new one too: vector cells of 32 units, convolutional ones of 8 channels on 8x8. */
const every: Subject[] = Object.entries(cells).map(([name, kind]) =>
  kind.definition.spatial
    ? { label: name, cells: [name], input: [8, 8, 8], units: [8] }
    : squareArea(name, 32),
);

/** Sweeps of memory by the table that they fill. */
export interface MemorySuite {
  readonly sizes: MemorySweep;
  readonly cells: MemorySweep;
  readonly stacks: MemorySweep;
  readonly rjepa: MemorySweep;
}

/** Sweeps of time by the table that they fill. */
export interface TimeSuite {
  readonly sizes: TimeSweep;
  readonly stacks: TimeSweep;
  readonly rjepa: TimeSweep;
}

export interface Suites {
  readonly memory: MemorySuite;
  readonly time: TimeSuite;
  readonly gradient: GradientSweep;
}

export const full: Suites = {
  memory: {
    sizes: {
      subjects: sizesOf(sized, [16, 64, 256, 1024, 4096]),
      rules,
      steps: [10, 100, 1000, 10_000],
      limit: 4 * gibibyte,
      seconds: 30,
    },
    cells: { subjects: every, rules, steps: [100], limit: 4 * gibibyte, seconds: 60 },
    stacks: {
      subjects: stacks,
      rules: credits,
      steps: [100],
      limit: 4 * gibibyte,
      seconds: 120,
    },
    rjepa: {
      subjects: jepas,
      rules: credits,
      steps: [8],
      limit: 4 * gibibyte,
      seconds: 120,
    },
  },
  time: {
    sizes: { subjects: sizesOf(sized, [16, 64, 256, 1024]), rules, limit: 4 * gibibyte, seconds: 20 },
    stacks: { subjects: stacks, rules: credits, limit: 4 * gibibyte, seconds: 20 },
    rjepa: { subjects: jepas, rules: credits, limit: 4 * gibibyte, seconds: 120 },
  },
  gradient: gradientSweep,
};

export const quick: Suites = {
  memory: {
    sizes: { ...full.memory.sizes, subjects: sizesOf(["mingru"], [16, 64]), steps: [10, 100], seconds: 2 },
    cells: { ...full.memory.cells, steps: [10], seconds: 2 },
    stacks: { ...full.memory.stacks, subjects: [depth(2)], steps: [10], seconds: 2 },
    rjepa: { ...full.memory.rjepa, subjects: [jepas[0]], seconds: 2 },
  },
  time: {
    sizes: { ...full.time.sizes, subjects: sizesOf(["mingru"], [16, 64]), seconds: 1 },
    stacks: { ...full.time.stacks, subjects: [depth(2)], seconds: 1 },
    rjepa: { ...full.time.rjepa, subjects: [jepas[0]], seconds: 1 },
  },
  gradient: { ...gradientSweep, seeds: 2 },
};
