import { type Factor, fresh, rename, strongProduct } from "../../../forward/factor.js";
import type { Tensor } from "../../../tensor/tensor.js";
import type { StepRecord } from "../../step/step.js";
import { advance } from "../advance.js";
import { advanceArea } from "../advance-area.js";
import { Composer, type KnownTerm } from "../compose.js";
import type { StateErrors } from "../influence.js";
import { meet } from "../meet.js";
import type { Contributions } from "../push.js";
import { type TraceBlock, type TraceStore, traceFactor } from "../traces.js";
import { type BlockErrors, blockErrors, noErrors } from "./errors.js";
import { type Column, type Part, PartSum, partsOf, substitute, type TraceName } from "./part.js";
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
  store.orders.forEach((_, k) => {
    if (store.gradient(k) === null) return;
    if (gathers) gather(store, k, block, errors, 0);
    // the influence crosses in a pass that contracts the errors of the first head: the others meet it before
    others.forEach((of, i) => {
      if (gathers) gather(store, k, block, of, i + 1);
      if (started) meet(store, k, of.before, i + 1);
    });
    if (!crosses) {
      if (started) meet(store, k, errors.before, 0);
      return;
    }
    const column = store.traces.map((row) => row[k]);
    if (!paysAcross(column.filter((t) => t !== null))) {
      stepByStep(store, k, block, errors.before, started);
      return;
    }
    const parts = block.contributions.map((step) =>
      step.map((states) => states.map((list) => partsOf(list, k, column))),
    );
    if (parts.every((step) => step.every((states) => states.every((p) => p !== null))))
      atOnce(store, k, parts as Parts, errors.before, started);
    else stepByStep(store, k, block, errors.before, started);
  });
  return [errors, ...others].map(({ direct }) => direct);
}

/** G += Σ_s λ(s) D(s): the share of parameters in the steps of the block, in place. */
function gather(
  store: TraceStore,
  k: number,
  { contributions, credit }: BlockOfSteps,
  { after }: BlockErrors,
  head: number,
): void {
  const data = store.gradient(k, head);
  const shape = store.traces.flatMap((row) => row[k] ?? [])[0];
  if (data === null || shape === undefined) return;
  const { block } = shape;
  const found: Part[] = [];
  contributions.forEach((step, s) => {
    step.forEach((states, b) => {
      if (credit === "own" && block.area !== b) return;
      states.forEach((list, i) => {
        const error = after[s][b][i];
        if (error === null) return;
        const own = list.filter(({ source }) => source.kind === "block");
        const of = { area: b, state: i, group: store.sources.groupOf[b][i] };
        for (const part of partsOf(own, k, []) ?? [])
          found.push(substitute(errorPart(error, of), part, block, strongProduct));
      });
    });
  });
  if (found.length === 0) return;
  const gradient: TraceBlock = { ...shape, axes: [], layout: store.orders[k], data: [data] };
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
  k: number,
  parts: Parts,
  before: readonly StateErrors[],
  started: boolean,
): void {
  const column = store.traces.map((row) => row[k]);
  for (let b = before.length - 1; b >= 0; b--) {
    const terms = (group: number, trace: TraceBlock): KnownTerm[] =>
      trace.data.flatMap((data, state) =>
        data === null ? [] : across(parts, trace, { area: b, state, group }, column, started),
      );
    const after = before[b].map(() => null);
    advanceArea(store, k, b, terms, { before: before[b], after, started });
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
  const trace = column[group] as TraceBlock;
  const names = new Map(trace.axes.map((a, i) => [a, axes[i]]));
  return rename(traceFactor(trace, state) as Factor, names);
}

/** Where maps need the entries of traces, these advance as ever; the block's errors meet them once, at its start. */
function stepByStep(
  store: TraceStore,
  k: number,
  { records, contributions }: BlockOfSteps,
  before: readonly StateErrors[],
  started: boolean,
): void {
  records.forEach((_, s) => {
    before.forEach((errors, b) => {
      const none = errors.map(() => null);
      advanceArea(store, k, b, (g) => new Composer(k, g, store.traces).terms(contributions[s][b]), {
        before: s === 0 ? errors : none,
        after: none,
        started: started || s > 0,
      });
    });
  });
}
