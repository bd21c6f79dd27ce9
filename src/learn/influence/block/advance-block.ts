import { stridesOf } from "../../../core/shape.js";
import { type Factor, fresh, rename, strongProduct } from "../../../forward/factor.js";
import type { Tensor } from "../../../tensor/tensor.js";
import type { StepRecord } from "../../step/step.js";
import { advance } from "../advance.js";
import { advanceArea, advanceStep } from "../advance-area.js";
import type { Column } from "../columns.js";
import type { KnownTerm } from "../compose.js";
import type { StateErrors } from "../influence.js";
import { meet } from "../meet.js";
import type { Contributions } from "../push.js";
import type { TraceStore } from "../store.js";
import { sizesOf, type TraceBlock, traceFactor } from "../traces.js";
import { type BlockErrors, blockErrors, noErrors } from "./errors.js";
import { type Part, PartSum, partsOf, substitute, type TraceName } from "./part.js";
import { paysAcross } from "./pays.js";
import { stackParts } from "./stack.js";

/** Parts by step, area and state. */
type Parts = readonly (readonly (readonly Part[])[])[][];

export interface BlockOfSteps {
  readonly records: readonly StepRecord[];
  /** What new states depend on, by step. */
  readonly contributions: readonly Contributions[];
  /** Node of each head's loss that counts, by step; -1 for one that does not. */
  readonly losses: readonly (readonly number[])[];
  readonly credit: "exact" | "own";
  /** Whether the gradient takes its share of the block, and whether the influence crosses it. */
  readonly gathers: boolean;
  readonly crosses: boolean;
}

/**
 * Takes the influence across a block of H steps at once (design: "Blocks of steps"; the hybrid of Schmidhuber 1992 on
 * tied traces). With λ(t) the errors run back over the block and P(t, s) the product of step Jacobians,
 *
 *     G    += λ(0) M(0) + Σ_s λ(s) D(s)         M(H) = P(H, 0) M(0) + Σ_s P(H, s) D(s)
 *
 * where the sums of outer products, one per step, are products of matrices; λ and G are those of one head, and there is a
 * pair of them for each. Returns what losses say of parameters that they read themselves, by head.
 */
export function advanceBlock(store: TraceStore, block: BlockOfSteps): BlockErrors["direct"][] {
  const { records, losses, credit, gathers, crosses } = block;
  const [errors, ...others] = losses[0].map((_, head) =>
    gathers
      ? blockErrors(
          records,
          losses.map((of) => of[head]),
          credit,
        )
      : noErrors(records),
  );
  const started = !records[0].isFirst;
  [errors, ...others].forEach((of, head) => {
    if (gathers)
      for (const column of store.columns) if (column !== null) gather(store, column, block, of, head);
    // the influence crosses in a pass that contracts the errors of the first head: the others meet it before
    if (started && (head > 0 || !crosses)) meet(store, of.before, head);
  });
  if (crosses) cross(store, block, errors.before, started);
  return [errors, ...others].map(({ direct }) => direct);
}

/** S(H) from S(0) and all steps of the block; the errors meet S(0) on the way. */
function cross(
  store: TraceStore,
  block: BlockOfSteps,
  before: readonly StateErrors[],
  started: boolean,
): void {
  const { costs } = store.structure;
  const stepping = new Set<number>();
  store.columns.forEach((column, k) => {
    if (column === null) return;
    const parts = paysAcross(
      costs.map((row) => row[k]),
      block.records.length,
    )
      ? block.contributions.map((step) => step.map((states) => states.map((list) => partsOf(list, column))))
      : null;
    if (parts?.every((step) => step.every((states) => states.every((p) => p !== null))))
      atOnce(store, column, parts as Parts, before, started);
    else stepping.add(k);
  });
  stepByStep(store, stepping, block, before, started);
}

/** G += Σ_s λ(s) D(s): the share of parameters in the steps of the block, in place. */
function gather(
  store: TraceStore,
  column: Column,
  { contributions, credit }: BlockOfSteps,
  { after }: BlockErrors,
  head: number,
): void {
  const { block, order } = column;
  const found: Part[] = [];
  contributions.forEach((step, s) => {
    step.forEach((states, b) => {
      if (credit === "own" && block.area !== b) return;
      states.forEach((list, i) => {
        const error = after[s][b][i];
        if (error === null) return;
        const own = list.filter(({ source }) => source.kind === "block");
        const of = { area: b, state: i, group: store.structure.sources.groupOf[b][i] };
        for (const part of partsOf(own, column) ?? [])
          found.push(substitute(errorPart(error, of), part, block, strongProduct));
      });
    });
  });
  if (found.length === 0) return;
  const { data, offset } = store.gradient(column, head);
  const strides = stridesOf(sizesOf(order));
  const gradient: TraceBlock = {
    area: block.area ?? 0,
    block,
    axes: [],
    layout: order,
    strides,
    offset,
    data: [data],
  };
  const kept: KnownTerm = { into: 0, axes: [], coefficient: null, base: traceFactor(gradient, 0), own: 0 };
  advance({
    trace: gradient,
    terms: [kept, ...stackParts(0, found, block)],
    before: [null],
    after: [null],
    gradient: null,
    order: [],
    started: true,
  });
}

/** An error as a part: a number, differentiated by the state that it is about. */
function errorPart(
  error: Tensor,
  of: Pick<TraceName, "area" | "state" | "group">,
): Part & { readonly trace: TraceName } {
  const axes = error.shape.map(fresh);
  const coefficient: Factor = { axes, tensor: error };
  return { axes: [], coefficient, base: null, trace: { ...of, when: "new", axes } };
}

/** From the top down: an area's new traces take old ones of areas below. */
function atOnce(
  store: TraceStore,
  column: Column,
  parts: Parts,
  before: readonly StateErrors[],
  started: boolean,
): void {
  for (let b = before.length - 1; b >= 0; b--) {
    const terms = (group: number, trace: TraceBlock): KnownTerm[] =>
      trace.data.flatMap((data, state) =>
        data === null ? [] : across(parts, trace, { area: b, state, group }, column, started),
      );
    const after = before[b].map(() => null);
    advanceArea(column, b, terms, { before: before[b], after, gradient: store.gradient(column), started });
  }
}

/** The trace of a state after the block, in terms of traces before it and of all that the block's steps add. */
function across(
  parts: Parts,
  trace: TraceBlock,
  of: Pick<TraceName, "area" | "state" | "group">,
  column: Column,
  started: boolean,
): KnownTerm[] {
  const { block } = trace;
  const { area, state, group } = of;
  const whole: TraceName = { ...of, when: "new", axes: trace.axes };
  let open: Iterable<Part & { readonly trace: TraceName }> = [
    { axes: trace.axes, coefficient: null, base: null, trace: whole },
  ];
  const known: Part[] = [];
  for (const step of [...parts].reverse()) {
    const older = new PartSum(block);
    // a state reads new states of areas below: those are written out within the step
    const waiting: PartSum[] = step.map(() => new PartSum(block));
    for (const part of open) waiting[part.trace.area].add(part);
    for (let a = area; a >= 0; a--)
      for (const outer of waiting[a])
        for (const inner of step[a][outer.trace.state]) {
          const part = substitute(outer, inner, block);
          if (part.trace === null) known.push(part);
          else (part.trace.when === "old" ? older : waiting[part.trace.area]).add(part as typeof outer);
        }
    open = older;
  }
  const terms = stackParts(state, known.reverse(), block);
  if (started)
    for (const { axes, coefficient, trace: old } of open) {
      const own = old.group === group ? old.state : null;
      terms.push({ into: state, axes, coefficient, base: oldTrace(column, old), own });
    }
  return terms;
}

function oldTrace(column: Column, { group, state, axes }: TraceName): Factor {
  const trace = column.traces[group] as TraceBlock;
  const names = new Map(trace.axes.map((a, i) => [a, axes[i]]));
  return rename(traceFactor(trace, state) as Factor, names);
}

/** Where maps need the entries of traces, these advance as ever; the block's errors meet them once, at its start. */
function stepByStep(
  store: TraceStore,
  blocks: ReadonlySet<number>,
  { records, contributions }: BlockOfSteps,
  before: readonly StateErrors[],
  started: boolean,
): void {
  const byArea = store.columnsOf(blocks);
  const none = before.map((errors) => errors.map(() => null));
  records.forEach((_, s) => {
    const errors = { before: s === 0 ? before : none, after: none };
    advanceStep(store, byArea, contributions[s], errors, started || s > 0);
  });
}
