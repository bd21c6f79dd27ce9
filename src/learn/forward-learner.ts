import type { CellState } from "../cells/_cell.js";
import { ArgumentError } from "../core/errors.js";
import { fillTree, leavesOf } from "../core/tree.js";
import { onesLike, zerosLike } from "../ops/create.js";
import { add } from "../ops/pointwise.js";
import { item } from "../tensor/read.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { advance } from "./influence/advance.js";
import { Composer } from "./influence/compose.js";
import type { PatternOptions } from "./influence/pattern.js";
import { pushStep } from "./influence/push.js";
import type { Sources } from "./influence/sources.js";
import { TraceStore } from "./influence/traces.js";
import { checkMemory } from "./memory.js";
import type { Model, ModelParams } from "./model.js";
import { requireParams } from "./require-params.js";
import type { Learner, LearnerMemory, StepResult } from "./rule.js";
import { type Past, recordStep, type StepRecord } from "./step.js";
import { recordShapes, type Structure, structureOf } from "./structure.js";

export interface ForwardOptions {
  readonly rule: string;
  readonly credit: "exact" | "local";
  /** Store the influence without ties and with its structural zeros. */
  readonly dense: boolean;
  readonly memoryLimit?: number;
}

/**
 * Exact gradients forward in time: M(t) = ∂next/∂z M(t−1) + ∂next/∂θ on tied tangents, in place.
 * Each step is linearized, the loss is transposed within the step, G takes the old traces, the traces advance area by
 * area from the bottom up, and G takes the new ones.
 */
export class ForwardLearner<S> implements Learner<S> {
  private past: Past | null = null;
  private store: TraceStore | null = null;
  private structure: Structure | null = null;
  private direct: (Tensor | null)[] = [];
  private started = false;

  constructor(
    private readonly model: Model<S>,
    public params: ModelParams,
    private readonly options: ForwardOptions,
  ) {
    this.setParams(params);
  }

  get state(): readonly CellState[] | null {
    return this.past?.states ?? null;
  }

  step(sample: S): StepResult {
    const past = this.past ?? this.begin(sample);
    const record = recordStep(this.model, this.params, past, sample);
    const { store, structure } = this.ready();
    const cotangents = this.transposeLoss(record);
    const contributions = pushStep(record, structure.sources);
    record.areas.forEach((area, b) => {
      const errors = (nodes: readonly number[]): (Tensor | null)[] =>
        nodes.map((n) => cotangents.get(n) ?? null);
      const [before, after] = [errors(area.previous), errors(area.current)];
      store.traces[b].forEach((trace, k) => {
        if (trace === null) return;
        const terms = new Composer(k, b, store.traces).terms(contributions[b]);
        const gradient = store.gradient(k);
        if (gradient === null) return;
        advance({ trace, terms, before, after, gradient, order: store.orders[k], started: this.started });
      });
    });
    this.started = true;
    this.past = { states: record.moment.states, input: record.moment.input };
    return { loss: item(record.lossValue), moment: record.moment };
  }

  gradient(): ModelParams {
    const { store } = this.ready();
    const values = this.direct.map((direct, k) => {
      const carried = store.gradientTensor(k);
      if (carried === null || direct === null) return carried ?? direct;
      return add(direct, carried);
    });
    const zeros = leavesOf<Tensor>(this.params, isTensor).map(({ value }) => value);
    return fillTree(
      this.params,
      isTensor,
      values.map((v, k) => v ?? zerosLike(zeros[k])),
    ) as ModelParams;
  }

  clearGradient(): void {
    this.direct = this.direct.map(() => null);
    this.store?.clearGradient();
  }

  reset(): void {
    this.past = null;
    this.started = false;
    this.store?.clear();
    this.clearGradient();
  }

  setParams(params: ModelParams): void {
    requireParams(this.options.rule, this.model, params);
    const count = leavesOf(params, isTensor, this.options.rule).length;
    if (this.direct.length && count !== this.direct.length)
      throw new ArgumentError(
        `${this.options.rule}: expected ${this.direct.length} parameter tensors, got ${count}`,
      );
    this.params = params;
    if (!this.direct.length) this.direct = new Array<null>(count).fill(null);
  }

  memory(): LearnerMemory {
    return { bytes: this.store?.bytes ?? 0, growsWithTime: false };
  }

  /** Zero states for the sample's batch; at the first call also the traces, planned before they are allocated. */
  private begin(sample: S): Past {
    const input = this.model.input(sample);
    const batch = input.shape[0];
    const states = this.model.areas.map((cell) => cell.zeroState(batch, { dtype: input.dtype }));
    if (this.structure === null || this.structure.batch !== batch) {
      const credit: PatternOptions["credit"] = this.options.credit === "local" ? "own" : "exact";
      const shapes = recordShapes(this.model, this.params, input);
      this.structure = structureOf(shapes, { credit, dense: this.options.dense });
      checkMemory(this.options.rule, this.structure.bytes, this.options.memoryLimit);
      this.store = new TraceStore(this.structure.patterns, this.structure.sources);
    }
    return { states, input: null };
  }

  private ready(): { store: TraceStore; structure: Structure & { readonly sources: Sources } } {
    if (this.store === null || this.structure === null)
      throw new ArgumentError(
        `${this.options.rule}: expected at least one step before the gradient is asked for`,
      );
    return { store: this.store, structure: this.structure };
  }

  /** Transposes the loss within the step: errors of old and new states, and the direct gradient. */
  private transposeLoss(record: StepRecord): ReadonlyMap<number, Tensor> {
    const cotangents = new Map<number, Tensor>();
    if (record.loss >= 0) {
      cotangents.set(record.loss, onesLike(record.lossValue));
      record.tape.pullback(cotangents, record.tape.nodes.length - 1);
    }
    if (this.options.credit === "local") carryDown(record, cotangents);
    record.parameters.forEach((node, k) => {
      const ct = cotangents.get(node);
      if (ct === undefined) return;
      const before = this.direct[k];
      this.direct[k] = before === null ? ct : add(before, ct);
    });
    return cotangents;
  }
}

/**
 * Local credit: the error of an area goes down within the time step through its `next`, with respect to the input only.
 * The area's own parameters and previous states are constants there: its traces count them already.
 */
function carryDown(record: StepRecord, cotangents: Map<number, Tensor>): void {
  const { tape, areas } = record;
  for (let b = areas.length - 1; b >= 1; b--) {
    const area = areas[b];
    area.results.forEach((node, k) => {
      const ct = cotangents.get(area.current[k]);
      if (node >= 0 && ct !== undefined) cotangents.set(node, ct);
    });
    tape.pullback(cotangents, area.end - 1, area.start, new Set([...record.parameters, ...area.previous]));
    tape.pullback(cotangents, area.start - 1, areas[b - 1].end);
  }
}
