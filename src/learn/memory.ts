import { ArgumentError, PlanError } from "../core/errors.js";
import { kindOf, number } from "../core/kinds.js";

const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** Bytes for people, such as `8.4 MiB`. */
export function formatBytes(bytes: number): string {
  number("formatBytes", "the bytes", bytes);
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 2 : 1)} ${units[unit]}`;
}

/** Bytes the machine has free, where the platform tells; infinite elsewhere. */
export function availableMemory(): number {
  const host = (globalThis as { process?: { availableMemory?: () => number } }).process;
  return host?.availableMemory?.() ?? Number.POSITIVE_INFINITY;
}

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
export function requireWindow(who: string, window: number): void {
  if (!Number.isInteger(window) || window < 1)
    throw new ArgumentError(`${who}: expected a window of at least 1 step, got ${kindOf(window)}`);
}
