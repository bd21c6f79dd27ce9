/** Something that could not be used, and why. */
export interface Problem {
  /** A name, or a pattern such as `*.gif` for all that it fits. */
  readonly file: string;
  readonly reason: string;
  /** Files that it stands for; 1 unless given. */
  readonly count?: number;
}
