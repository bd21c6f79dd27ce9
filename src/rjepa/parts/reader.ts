import type { ModelParams } from "../../learn/model/model.js";
import type { Jepa } from "./compose.js";
import type { RunningStatistics } from "./statistics.js";

/** A model as it can be read: its parts, parameters and what standardizes its outputs. */
export interface Reader {
  readonly jepa: Jepa;
  readonly params: ModelParams;
  readonly statistics: RunningStatistics;
  /** Parameters that embed a patch alone, where the target is an EMA; else those of the model do. */
  readonly slow: ModelParams | null;
}
