import type { SavedPart } from "../../tensor/saved/part.js";
import type { Saved } from "../../tensor/saved/save.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Model, ModelParams } from "../model/model.js";
import type { StepRecord } from "../step/step.js";
import { advanceStep } from "./advance-area.js";
import { advanceBlock, type BlockOfSteps } from "./block/advance-block.js";
import { movesByStep } from "./block/pays.js";
import { carriersOf } from "./carriers.js";
import type { HeadErrors, Influence } from "./influence.js";
import { meet } from "./meet.js";
import { checkMemory } from "./memory.js";
import type { PatternOptions } from "./pattern.js";
import { pushStep } from "./push.js";
import { TraceStore } from "./store.js";
import { recordShapes, structureOf } from "./structure.js";

export interface TracedOptions extends PatternOptions {
  /** Bytes that traces may take; default: what the machine has free. */
  readonly memoryLimit?: number;
}

/**
 * The influence as traces on tied tangents, planned before it is allocated, and advanced in place area by area from
 * the bottom up. @throws PlanError where it does not fit
 */
export class TracedInfluence implements Influence {
  readonly bytes: number;
  private readonly store: TraceStore;
  private readonly options: TracedOptions;

  constructor(
    rule: string,
    model: Model<unknown>,
    params: ModelParams,
    input: Tensor,
    options: TracedOptions,
  ) {
    this.options =
      options.paths === "carried"
        ? { ...options, carriers: carriersOf(rule, model, params, input) }
        : options;
    const structure = structureOf(recordShapes(model, params, input), this.options);
    this.bytes = structure.bytes;
    checkMemory(rule, this.bytes, options.memoryLimit);
    this.store = new TraceStore(structure);
  }

  /** Errors of the first head are contracted in the pass that advances the traces, those of each other in one of their own. */
  advance(record: StepRecord, errors: HeadErrors): void {
    const { store } = this;
    const [before, ...othersBefore] = errors.before;
    const [after, ...othersAfter] = errors.after;
    if (!record.isFirst) this.meet(othersBefore);
    const contributions = pushStep(record, store.structure.sources, this.options);
    advanceStep(store, store.byArea, contributions, { before, after }, !record.isFirst);
    this.meet(othersAfter);
  }

  /** Errors of all heads but the first. */
  private meet(errors: HeadErrors["after"]): void {
    errors.forEach((of, i) => {
      meet(this.store, of, i + 1);
    });
  }

  /** Whether a block of so many steps is crossed at a loss. */
  movesByStep(window: number): boolean {
    return movesByStep(this.store.structure, window);
  }

  /** Many steps at once; returns what their losses say of parameters that they read themselves, by head and block. */
  advanceBlock(
    records: readonly StepRecord[],
    does: Pick<BlockOfSteps, "losses" | "gathers" | "crosses">,
  ): readonly (readonly (Tensor | null)[])[] {
    const { sources } = this.store.structure;
    const contributions = records.map((record) => pushStep(record, sources, this.options));
    return advanceBlock(this.store, {
      records,
      contributions,
      credit: this.options.credit,
      ...does,
    });
  }

  gradient(block: number, head: number): Tensor | null {
    return this.store.gradientTensor(block, head);
  }

  clearGradient(): void {
    this.store.clearGradient();
  }

  clear(): void {
    this.store.clear();
    this.store.clearGradient();
  }

  save(): Saved {
    return this.store.save();
  }

  resume(saved: SavedPart): void {
    this.store.resume(saved);
  }
}
