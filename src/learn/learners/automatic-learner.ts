import type { CellState } from "../../cells/_cell.js";
import type { Saved } from "../../tensor/saved/save.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Influence } from "../influence/influence.js";
import type { ModelParams } from "../model/model.js";
import type { ForwardLearner } from "./forward-learner.js";
import type { GradientOptions, Learner, LearnerMemory, StepOptions, StepResult } from "./learner.js";
import { type Origin, openLearner, resumeOrReset, savedLearner } from "./saved-learner.js";
import type { Crossing, WindowLearner } from "./window-learner.js";

/** When blocks begin. */
export interface Pace {
  /** After so many single steps. */
  readonly after: number;
  /** Where so many of them followed each other on average, with nothing between that ends a block. */
  readonly inRow: number;
}

/** What blocks of single areas take to begin is 500 to 2,000 single steps. */
const usual: Pace = { after: 1024, inRow: 8 };

export interface AutomaticOptions<S, I extends Influence> {
  readonly origin: Origin;
  readonly single: ForwardLearner<S, I>;
  readonly blocks: WindowLearner<S>;
  /** Takes the influence of single steps across blocks of them. */
  readonly crossing: (influence: I) => Crossing<S>;
  readonly pace?: Pace;
}

/**
 * Single steps first, and blocks of them once a stream has shown that it goes on: blocks are quicker in the long run, and take
 * as long to begin as thousands of single steps do. Steps decide, never a clock: the same calls give the same bits.
 */
export class AutomaticLearner<S, I extends Influence> implements Learner<S> {
  private at: ForwardLearner<S, I> | WindowLearner<S>;
  private readonly pace: Pace;
  /** Single steps since it was last asked whether blocks should begin, and how many rows they made. */
  private steps = 0;
  private rows = 0;
  /** Whether a block would have ended here: the next step begins a row. */
  private isBetween = true;

  constructor(private readonly options: AutomaticOptions<S, I>) {
    this.at = options.single;
    this.pace = options.pace ?? usual;
  }

  get params(): ModelParams {
    return this.at.params;
  }

  get state(): readonly CellState[] | null {
    return this.at.state;
  }

  get opByOp(): string | null {
    return this.at.opByOp;
  }

  step(sample: S, options?: StepOptions): StepResult {
    const result = this.at.step(sample, options);
    this.steps++;
    if (this.isBetween) this.rows++;
    this.isBetween = false;
    this.beginBlocks();
    return result;
  }

  gradient(options?: GradientOptions): ModelParams {
    const gradient = this.at.gradient(options);
    this.isBetween = true;
    return gradient;
  }

  inputGradient(options?: GradientOptions): readonly Tensor[] {
    return this.at.inputGradient(options);
  }

  clearGradient(): void {
    this.at.clearGradient();
  }

  reset(): void {
    this.at.reset();
    this.isBetween = true;
  }

  setParams(params: ModelParams): void {
    this.at.setParams(params);
    this.isBetween = true;
  }

  memory(): LearnerMemory {
    return this.at.memory();
  }

  save(): Saved {
    const { at, steps, rows, isBetween } = this;
    const learner = at.save();
    const inBlocks = at === this.options.blocks;
    return savedLearner(this.options.origin, at.params, { inBlocks, steps, rows, isBetween, learner });
  }

  resume(tree: Saved): void {
    const { origin, single, blocks } = this.options;
    const saved = openLearner(origin, this.params, tree);
    resumeOrReset(this, () => {
      this.at.reset();
      const next = saved.at("inBlocks").flag() ? blocks : single;
      next.setParams(this.params);
      next.resume(saved.at("learner").anything() as Saved);
      this.at = next;
      this.steps = saved.at("steps").count();
      this.rows = saved.at("rows").count();
      this.isBetween = saved.at("isBetween").flag();
    });
  }

  private beginBlocks(): void {
    const { single, blocks, crossing } = this.options;
    const { after, inRow } = this.pace;
    if (this.at !== single || this.steps < after) return;
    if (this.steps >= inRow * this.rows && single.handTo(blocks, crossing)) this.at = blocks;
    this.steps = 0;
    this.rows = 0;
  }
}
