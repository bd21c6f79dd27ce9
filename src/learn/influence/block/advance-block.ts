import { stridesOf } from "../../../core/shape.js";
import { fresh, strongProduct } from "../../../forward/factor.js";
import { isUnknown, type StateName, type Term } from "../../../forward/term.js";
import type { Tensor } from "../../../tensor/tensor.js";
import type { StepRecord } from "../../step/step.js";
import { advance } from "../advance.js";
import { advanceArea, advanceStep } from "../advance-area.js";
import type { Column } from "../columns.js";
import { type OpenTerm, substitute } from "../compose.js";
import type { StateErrors } from "../influence.js";
import { meet } from "../meet.js";
import { NamedStep } from "../naming.js";
import type { Contributions } from "../push.js";
import { type KnownTerm, Reader } from "../read.js";
import { stackTerms } from "../stack.js";
import type { TraceStore } from "../store.js";
import { sizesOf, type TraceBlock, traceFactor } from "../traces.js";
import { type BlockErrors, blockErrors, noErrors } from "./errors.js";
import { paysAcross } from "./pays.js";

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
  const columns = store.columns.map((column): NamedColumn | null => {
    return column && { column, steps: block.contributions.map((step) => new NamedStep(column, step)) };
  });
  [errors, ...others].forEach((of, head) => {
    if (gathers) for (const named of columns) if (named !== null) gather(store, named, block, of, head);
    // the influence crosses in a pass that contracts the errors of the first head: the others meet it before
    if (started && (head > 0 || !crosses)) meet(store, of.before, head);
  });
  if (crosses) cross(store, columns, block, errors.before, started);
  return [errors, ...others].map(({ direct }) => direct);
}

/** A column, and all steps of the block in its names. */
interface NamedColumn {
  readonly column: Column;
  readonly steps: readonly NamedStep[];
}

/** S(H) from S(0) and all steps of the block; the errors meet S(0) on the way. */
function cross(
  store: TraceStore,
  columns: readonly (NamedColumn | null)[],
  { contributions }: BlockOfSteps,
  before: readonly StateErrors[],
  started: boolean,
): void {
  const { costs } = store.structure;
  const stepping = new Set<number>();
  columns.forEach((named, k) => {
    if (named === null) return;
    const ofColumn = costs.map((row) => row[k]);
    if (paysAcross(ofColumn, contributions.length) && !named.steps.some(({ moves }) => moves))
      atOnce(store, named, before, started);
    else stepping.add(k);
  });
  stepByStep(store, stepping, contributions, before, started);
}

/** G += Σ_s λ(s) D(s): the share of parameters in the steps of the block, in place. */
function gather(
  store: TraceStore,
  { column, steps }: NamedColumn,
  { credit }: BlockOfSteps,
  { after }: BlockErrors,
  head: number,
): void {
  const { block, order } = column;
  const found: Term[] = [];
  steps.forEach((step, s) => {
    after[s].forEach((errors, area) => {
      if (credit === "own" && block.area !== area) return;
      errors.forEach((error, state) => {
        if (error === null) return;
        const group = store.structure.sources.groupOf[area][state];
        const outer = errorTerm(error, { area, state, group, when: "new" });
        for (const term of step.terms(area, state))
          if (!isUnknown(term.base)) found.push(substitute(outer, term, block, strongProduct));
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
  const reader = new Reader(column);
  advance({
    trace: gradient,
    terms: [kept, ...stackTerms(found, block).map((term) => reader.read(term, gradient, 0))],
    before: [null],
    after: [null],
    gradient: null,
    order: [],
    started: true,
  });
}

/** An error as a term: a number, differentiated by the state that it is about. */
function errorTerm(error: Tensor, of: StateName): OpenTerm {
  const axes = error.shape.map(fresh);
  return { axes: [], coefficient: { axes, tensor: error }, base: { kind: "state", axes, of }, lost: [] };
}

/** From the top down: an area's new traces take old ones of areas below. */
function atOnce(
  store: TraceStore,
  { column, steps }: NamedColumn,
  before: readonly StateErrors[],
  started: boolean,
): void {
  for (let b = before.length - 1; b >= 0; b--)
    advanceArea(column, b, steps, {
      before: before[b],
      after: before[b].map(() => null),
      gradient: store.gradient(column),
      started,
    });
}

/** Where maps need the entries of traces, these advance as ever; the block's errors meet them once, at its start. */
function stepByStep(
  store: TraceStore,
  blocks: ReadonlySet<number>,
  contributions: readonly Contributions[],
  before: readonly StateErrors[],
  started: boolean,
): void {
  const byArea = store.columnsOf(blocks);
  const none = before.map((errors) => errors.map(() => null));
  contributions.forEach((step, s) => {
    const errors = { before: s === 0 ? before : none, after: none };
    advanceStep(store, byArea, step, errors, started || s > 0);
  });
}
