/** What a benchmark found: the shape of `bench/results/tasks.json`. Without dates; only seconds differ between runs. */
export interface Results {
  readonly benchmark: "tasks";
  readonly version: 1;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
  readonly settings: {
    readonly units: number;
    readonly test: number;
    readonly rates: readonly number[];
    readonly searchSeed: number;
    readonly seeds: readonly number[];
  };
  readonly experiments: readonly ExperimentResult[];
}

export interface ExperimentResult {
  readonly task: string;
  readonly source: string;
  readonly architecture: string;
  readonly steps: number;
  readonly updates: number;
  readonly batch: number;
  readonly score: {
    readonly name: string;
    readonly better: "higher" | "lower";
    readonly chance: number;
    readonly perfect: number;
    readonly worst: number;
  };
  readonly rules: readonly RuleResult[];
  readonly agreement: Agreement | null;
}

export interface RuleResult {
  readonly rule: string;
  /** Scores of the search, by rate. */
  readonly search: readonly { readonly rate: number; readonly score: number; readonly diverged: boolean }[];
  /** The rate that was chosen. */
  readonly rate: number;
  /** By seed. */
  readonly scores: readonly number[];
  readonly mean: number;
  /** Standard deviation over seeds, n − 1 in the denominator; 0 for one seed. */
  readonly deviation: number;
  /** Seeds whose run diverged; each counts with the worst score. */
  readonly diverged: number;
  /** Mean training loss over the last tenth of updates and all seeds that did not diverge; `null` where all did. */
  readonly loss: number | null;
  /** Of processor time. */
  readonly secondsPerUpdate: number;
  /** Training loss in 20 parts of the run, mean over seeds that did not diverge. */
  readonly curve: readonly number[];
}

/** How long rfp and bptt, whose gradients are the same but for rounding, had the same training loss. */
export interface Agreement {
  /** Pairs of runs that differ in nothing else. */
  readonly pairs: number;
  /** Largest relative difference of losses over the first ten updates, of all pairs. */
  readonly early: number;
  /** Updates until the first pair is apart by a relative 1e-6; `null` where none ever is. */
  readonly together: number | null;
  /** Largest difference of final scores. */
  readonly score: number;
}
