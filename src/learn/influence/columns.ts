/** Columns of the influence, and how those that lie side by side are one. */
import { sizeOf, stridesOf } from "../../core/shape.js";
import { Axis } from "../../forward/factor.js";
import type { Block } from "./sources.js";
import { sizesOf, type TraceBlock } from "./traces.js";

/** A column of M: what states depend on one parameter block, or on several that are taken as one. */
export interface Column {
  readonly block: Block;
  /** Which block it is; `null` for several. */
  readonly index: number | null;
  /** The block's axes in the order in which they lie in traces and in the gradient. */
  readonly order: readonly Axis[];
  /** By group of states; `null` where these do not depend on it. */
  readonly traces: readonly (TraceBlock | null)[];
  /** Where its gradient begins among those of one head and dtype; it is in `order`. */
  readonly begin: number;
}

/** One block of several of one form, which lie one after the other along the first axis of their common block. */
export function memberOf(
  family: Column,
  at: number,
  block: Block,
  index: number,
  order: readonly Axis[],
): Column {
  const [which, ...shared] = family.order;
  const named = (a: Axis): Axis => order[shared.indexOf(a)] ?? a;
  const member = (trace: TraceBlock): TraceBlock => {
    const place = trace.layout.indexOf(which);
    const others = <T>(list: readonly T[]): T[] => list.filter((_, i) => i !== place);
    return {
      ...trace,
      block,
      axes: trace.axes.map(named),
      layout: others(trace.layout).map(named),
      strides: others(trace.strides),
      offset: trace.offset + at * trace.strides[place],
    };
  };
  return {
    block,
    index,
    order,
    traces: family.traces.map((trace) => trace && member(trace)),
    begin: family.begin + at * sizeOf(sizesOf(order)),
  };
}

/**
 * The same columns, those that follow each other in memory as one matrix: no state of these groups is tied to them, so that
 * each of their entries obeys one and the same recursion.
 */
export function joined(columns: readonly Column[], groups: readonly number[]): Column[] {
  const runs: Column[][] = [];
  for (const column of columns) {
    const run = runs.at(-1);
    if (run && follows(run[run.length - 1], column, groups)) run.push(column);
    else runs.push([column]);
  }
  return runs.map((run) => (groups.every((g) => isFlat(run[0].traces[g])) ? matrixOf(run, groups) : run[0]));
}

const widthOf = ({ order }: Column): number => sizeOf(sizesOf(order));

/** Whether no axis is tied and those of the parameter come last and lie next to each other. */
function isFlat(trace: TraceBlock | null): boolean {
  if (trace === null) return true;
  const { axes, layout, strides, block } = trace;
  if (axes.some((a, i) => a !== layout[i] || block.axes.includes(a))) return false;
  const natural = stridesOf(sizesOf(layout.slice(axes.length)));
  return natural.every((s, i) => s === strides[axes.length + i]);
}

function follows(a: Column, b: Column, groups: readonly number[]): boolean {
  const width = widthOf(a);
  return (
    a.block.dtype === b.block.dtype &&
    a.begin + width === b.begin &&
    groups.every((g) => {
      const [left, right] = [a.traces[g], b.traces[g]];
      if (left === null || right === null) return left === right;
      return (
        isFlat(left) &&
        isFlat(right) &&
        left.offset + width === right.offset &&
        left.data.every((d, i) => d === right.data[i])
      );
    })
  );
}

function matrixOf(run: readonly Column[], groups: readonly number[]): Column {
  const [{ block: first, begin, traces }] = run;
  const n = run.reduce((sum, column) => sum + widthOf(column), 0);
  const path = run.map(({ block }) => block.path).join(", ");
  const order = [new Axis(n, `columns of ${path}`)];
  const block: Block = { path, area: null, axes: order, shape: [n], dtype: first.dtype };
  return {
    block,
    index: null,
    order,
    begin,
    traces: traces.map((trace, g) => {
      if (trace === null || !groups.includes(g)) return null;
      const { axes, strides } = trace;
      return { ...trace, block, layout: [...axes, ...order], strides: [...strides.slice(0, axes.length), 1] };
    }),
  };
}
