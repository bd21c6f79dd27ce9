import { sizeOf } from "../../../core/shape.js";
import type { Axis } from "../../../forward/factor.js";
import type { Block } from "../sources.js";
import type { Structure } from "../structure.js";
import { bytesOf, layoutOf, parameterOrder } from "../traces.js";

/** The form of one trace. */
export interface TraceForm {
  readonly block: Block;
  readonly axes: readonly Axis[];
  readonly layout: readonly Axis[];
}

const entriesOf = (axes: readonly Axis[]): number => sizeOf(axes.map((a) => a.size));

/**
 * Whether the traces of a block, own area first, are large beside the products of Jacobians that cross many steps at once.
 * They are not where parameters are shared over positions: such traces advance step by step.
 */
export function paysAcross(traces: readonly TraceForm[]): boolean {
  if (traces.length === 0) return false;
  const own = entriesOf(traces[0].axes.slice(1));
  let [entries, coefficients] = [0, 0];
  for (const { axes, layout, block } of traces) {
    const isTied = axes.slice(1).every((a) => block.axes.includes(a));
    entries += entriesOf(layout);
    coefficients += entriesOf(axes) * (isTied ? 1 : own);
  }
  return entries >= 2 * coefficients;
}

/** Below this the influence lies in a processor's nearer caches, and updates in place are as quick as products. */
const smallInfluence = 2 ** 19;
const usualWindow = 32;

/** The number of steps that the influence had best cross at once: 1 where that is small, or mostly advances step by step. */
export function automaticWindow({ bytes, patterns, sources }: Structure): number {
  if (bytes < smallInfluence) return 1;
  let paying = 0;
  sources.blocks.forEach((block, k) => {
    const order = parameterOrder(k, sources, patterns);
    const column = patterns.flatMap((row) => row[k] ?? []);
    const forms = column.map((pattern) => ({ block, ...layoutOf(pattern, sources, order) }));
    if (paysAcross(forms)) paying += column.reduce((n, pattern) => n + bytesOf(pattern, sources), 0);
  });
  return 2 * paying >= bytes ? usualWindow : 1;
}
