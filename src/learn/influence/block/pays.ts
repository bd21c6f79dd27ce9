import { crossing, stepping, type TraceCost } from "../cost.js";
import type { Structure } from "../structure.js";

/** Whether the traces of a block cross so many steps at once in fewer multiply-adds than one by one. */
export function paysAcross(costs: readonly (TraceCost | null)[], steps: number): boolean {
  const atOnce = crossing(costs, steps);
  return atOnce !== null && atOnce < stepping(costs, steps);
}

/** Multiply-adds that a step takes on average where the influence crosses so many at once, each block as it had best. */
export function multiplyAdds({ costs, sources }: Structure, window: number): number {
  const columns = sources.blocks.map((_, k) => costs.map((row) => row[k]));
  const all = columns.map((column) => {
    const step = stepping(column, window);
    return window === 1 ? step : Math.min(step, crossing(column, window) ?? step);
  });
  return all.reduce((a, b) => a + b, 0) / window;
}

/** Below this the influence lies in a processor's nearer caches, and updates in place are as quick as products. */
const smallInfluence = 2 ** 19;
const usualWindow = 32;

/** Multiply-adds for each entry of the traces from which on a step is bound by arithmetic, as products are. */
const denseStep = 8;

/**
 * The number of steps that the influence had best cross at once: 1 where it is small, or where that saves few multiply-adds. A
 * step that only passes over its traces is bound by memory, so that three in ten less are worth the values that a block computes twice
 * and the recordings that take it longer to begin; of one that is bound by arithmetic it must be half.
 */
export function automaticWindow(structure: Structure): number {
  if (structure.bytes < smallInfluence) return 1;
  const [one, many] = [multiplyAdds(structure, 1), multiplyAdds(structure, usualWindow)];
  const entries = structure.costs.flat().reduce((n, cost) => n + (cost?.entries ?? 0), 0);
  const enough = one < denseStep * entries ? 0.7 : 0.5;
  return many < enough * one ? usualWindow : 1;
}
