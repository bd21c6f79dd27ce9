import { task as adding } from "./adding.js";
import { task as copy } from "./copy.js";
import { task as delayedMatch } from "./delayed-match.js";
import { task as mackeyGlass } from "./mackey-glass.js";
import type { Architecture } from "./model.js";
import { type Contender, inBlocks, inStacks } from "./rules.js";
import type { Task } from "./task.js";

/** A task, what is to learn it, and for how long. */
export interface Experiment {
  readonly task: Task;
  readonly architecture: Architecture;
  readonly rules: readonly Contender[];
  readonly updates: number;
  /** Sequences an update. */
  readonly batch: number;
}

/** Sizes of a whole benchmark. */
export interface Settings {
  /** Sequences of a test. */
  readonly test: number;
  /** Peak rates that are tried, the same for every rule. */
  readonly rates: readonly number[];
  /** On this seed the rate is chosen, in whole runs. */
  readonly searchSeed: number;
  /** The seeds of the table. */
  readonly seeds: readonly number[];
}

/** All tasks by the same network, and one by a stack, where credit crosses areas. */
export const experiments: readonly Experiment[] = [
  { task: mackeyGlass, architecture: "blocks", rules: inBlocks, updates: 80, batch: 8 },
  { task: copy, architecture: "blocks", rules: inBlocks, updates: 120, batch: 8 },
  { task: delayedMatch, architecture: "blocks", rules: inBlocks, updates: 150, batch: 16 },
  { task: adding, architecture: "blocks", rules: inBlocks, updates: 120, batch: 8 },
  { task: mackeyGlass, architecture: "stack", rules: inStacks, updates: 80, batch: 8 },
];

export const full: Settings = {
  test: 256,
  rates: [0.03, 0.1, 0.3],
  searchSeed: 100,
  seeds: [1, 2, 3, 4, 5],
};

/** Seconds instead of minutes: that everything runs, nothing is learned. */
export const quick: Settings = { ...full, test: 4, rates: [0.03], seeds: [1] };
