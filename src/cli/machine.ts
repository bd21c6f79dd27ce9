import os from "node:os";
import { version } from "./version.js";

/** Where a figure was measured. */
export interface Machine {
  readonly onward: string;
  readonly node: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
}

export const machine = (): Machine => ({
  onward: version(),
  node: process.versions.node,
  platform: `${process.platform} ${process.arch}`,
  cpu: os.cpus()[0]?.model.trim() || "unknown",
  cores: os.availableParallelism(),
  memory: os.totalmem(),
});
