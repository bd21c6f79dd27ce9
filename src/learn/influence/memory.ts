import { formatBytes } from "../../core/bytes.js";
import { PlanError } from "../../core/errors.js";
import { availableMemory } from "../../core/host.js";

/** Refuses what does not fit, before anything is allocated. @throws PlanError */
export function checkMemory(who: string, needed: number, limit: number = availableMemory()): void {
  if (needed > limit)
    throw new PlanError(
      `${who}: the influence needs ${formatBytes(needed)} (${needed} bytes), and ${formatBytes(limit)} (${limit} bytes) are available`,
      needed,
      limit,
    );
}
