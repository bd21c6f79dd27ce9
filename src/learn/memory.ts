import { formatBytes } from "../core/bytes.js";
import { ArgumentError, PlanError } from "../core/errors.js";
import { availableMemory } from "../core/host.js";
import { kindOf } from "../core/kinds.js";

/** Refuses what does not fit, before anything is allocated. @throws PlanError */
export function checkMemory(who: string, needed: number, limit: number = availableMemory()): void {
  if (needed > limit)
    throw new PlanError(
      `${who}: the influence needs ${formatBytes(needed)} (${needed} bytes), and ${formatBytes(limit)} (${limit} bytes) are available`,
      needed,
      limit,
    );
}

/** Refuses a number of steps that makes no window. @throws ArgumentError */
export function requireWindow(who: string, window: unknown): void {
  if (!Number.isInteger(window) || (window as number) < 1)
    throw new ArgumentError(`${who}: expected a window of at least 1 step, got ${kindOf(window)}`);
}
