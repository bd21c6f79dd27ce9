import { crossing, stepping, type TraceCost } from "../cost.js";
import type { Structure } from "../structure.js";

/**
 * Whether the traces of a block cross so many steps at once in fewer multiply-adds than one by one. Never a single one: an area
 * then reads new traces of areas below, which a crossing takes last.
 */
export function paysAcross(costs: readonly (TraceCost | null)[], steps: number): boolean {
  if (steps === 1) return false;
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

/** Whether a single step is bound by arithmetic; one that only passes over its traces is bound by memory. */
function isBoundByArithmetic(structure: Structure): boolean {
  const entries = structure.costs.flat().reduce((n, cost) => n + (cost?.entries ?? 0), 0);
  return multiplyAdds(structure, 1) >= denseStep * entries;
}

/**
 * Whether crossing so many steps at once saves enough multiply-adds. Of a step that is bound by memory three in ten less are
 * worth the values that a block computes twice and the recordings that take it longer to begin; of one that is bound by
 * arithmetic it must be half.
 */
function savesEnough(structure: Structure, window: number): boolean {
  const enough = isBoundByArithmetic(structure) ? 0.5 : 0.7;
  return multiplyAdds(structure, window) < enough * multiplyAdds(structure, 1);
}

/** Whether a block of so many steps moves the influence step by step: it would cross at a loss. */
export const movesByStep = (structure: Structure, window: number): boolean =>
  isBoundByArithmetic(structure) && !savesEnough(structure, window);

/** The number of steps that the influence had best cross at once: 1 where it is small, or where that saves too little. */
export function automaticWindow(structure: Structure): number {
  return structure.bytes >= smallInfluence && savesEnough(structure, usualWindow) ? usualWindow : 1;
}
