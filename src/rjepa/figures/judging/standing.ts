import { figures } from "../registry.js";
import type { Estimate } from "./estimate.js";
import type { FigureName } from "./judge.js";

/** Whether a margin is beyond 0 with all of its interval, and on which side of it the figure is better; 0 where it is not. */
export function standing(figure: FigureName, margin: Estimate | null | undefined): 1 | -1 | 0 {
  const { better } = figures[figure];
  if (better === null || !margin?.interval) return 0;
  const [low, high] = margin.interval;
  const sign = low > 0 ? 1 : high < 0 ? -1 : 0;
  return better === "higher" || sign === 0 ? sign : sign === 1 ? -1 : 1;
}
