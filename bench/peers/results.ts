/** What bench/results/peers.json holds. */
import type { Machine } from "../../src/cli/machine.js";

/** Times of one competitor: milliseconds in each round, and their median. */
export interface Times {
  readonly ms: number;
  readonly rounds: readonly number[];
}

/** A peer's times; `ratio` is the median over rounds of onward / peer. */
export interface PeerTimes extends Times {
  readonly ratio: number;
}

export interface Target {
  readonly peer: string;
  /** What onward / peer is meant to stay below. */
  readonly ratio: number;
}

export interface Row {
  readonly work: string;
  readonly dtype: "float32";
  readonly threads: number;
  /** Onward's backend: `native`, `js`, or `own`, native with its own products of matrices. */
  readonly backend: string;
  /** Median, in milliseconds. */
  readonly onward: number;
  readonly rounds: readonly number[];
  readonly peers: Readonly<Record<string, PeerTimes>>;
  readonly target?: Target;
}

export interface Results {
  readonly kind: "peers";
  readonly machine: Machine;
  /** What the competitors say of themselves, by name. */
  readonly versions: Readonly<Record<string, string>>;
  /** Why competitors are missing, a sentence each. */
  readonly skipped: readonly string[];
  readonly rows: readonly Row[];
}
