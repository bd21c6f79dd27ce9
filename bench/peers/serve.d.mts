/** A work that is ready to run. */
export interface Prepared {
  /** One repetition. */
  readonly run: () => unknown;
  /** Checksums of what the first repetitions compute. */
  readonly check: () => [number, number][] | Promise<[number, number][]>;
  /** Steps in one repetition; default 1. */
  readonly steps?: number;
}
export declare function serve(
  works: Readonly<Record<string, (...sizes: number[]) => Prepared>>,
  versions: Readonly<Record<string, string>>,
): Promise<void>;
