import { printable } from "../core/printable.js";
import type { Problem } from "../data/problem.js";
import { note } from "./terminal.js";

/** How many are named one by one. */
const most = 10;

/** Says what of a data set is left out, and why; `all` is where the whole list is. */
export function tellProblems(problems: readonly Problem[], all?: string): void {
  for (const { file, reason } of problems.slice(0, most))
    note(`left out, whole or in part: ${printable(`${file}: ${reason}`)}\n`);
  const more = problems.length - most;
  if (more > 0) note(`and ${more} more${all === undefined ? "" : `; ${all} lists them all`}\n`);
}
