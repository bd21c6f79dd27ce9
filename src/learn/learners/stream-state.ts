import { ArgumentError } from "../../core/errors.js";
import { fillTree, leavesOf } from "../../core/tree.js";
import { zerosLike } from "../../ops/create.js";
import { abstractTensor } from "../../tensor/apply.js";
import type { Aval } from "../../tensor/op.js";
import { type SavedPart, savedForm } from "../../tensor/saved/part.js";
import type { Saved } from "../../tensor/saved/save.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import type { Held } from "../influence/influence.js";
import { inputOf } from "../model/kinds.js";
import type { Model, ModelParams } from "../model/model.js";
import { requireParams } from "../model/require-params.js";
import { startStates } from "../model/states.js";
import { fitOf } from "../model/stream.js";
import { blocksOf, gradientBytes, HeadSums, plus } from "../step/gradient-sum.js";
import type { Past } from "../step/step.js";
import { Doubt } from "./doubt.js";
import { Heads } from "./heads.js";
import { pastFrom, savedPast } from "./saved-learner.js";

/** Recordings of the steps that a learner replays. */
interface Recordings {
  /** Forgets them: what they change lies on new storage. */
  clear(): void;
  /** Makes steps op by op from now on. */
  distrust(reason: string): void;
}

/**
 * Where learners that run forward stand in their stream: parameters, the step before, what is held of the past for inputs of
 * one form, and the gradient so far. H is what is held: the influence, or what takes it across blocks of steps.
 */
export class StreamState<S, H extends Held> {
  params: ModelParams;
  past: Past | null = null;
  /** What losses say of parameters that they read themselves. */
  direct = new HeadSums();
  heads: Heads;
  readonly doubt: Doubt;
  private kept: { readonly held: H; readonly form: Aval; readonly fit: string } | null = null;

  /** @param make what is held, of nothing, for inputs of this shape and dtype */
  constructor(
    readonly rule: string,
    readonly model: Model<S>,
    params: ModelParams,
    private readonly make: (model: Model<S>, params: ModelParams, input: Tensor) => H,
    private readonly recordings: Recordings,
  ) {
    this.params = requireParams(rule, model, params);
    this.heads = new Heads(rule);
    this.doubt = new Doubt(() =>
      recordings.distrust("the model was found to compute otherwise from the same arguments"),
    );
  }

  /** What is held; `null` before the first step. */
  get held(): H | null {
    return this.kept?.held ?? null;
  }

  /** What is held. @throws ArgumentError before the first step */
  get ready(): H {
    if (this.kept !== null) return this.kept.held;
    throw new ArgumentError(`${this.rule}: expected at least one step before the gradient is asked for`);
  }

  /** Bytes that a replayed step may hold for its results: little beside a process, or beside what is held of the past. */
  get workspace(): number {
    return Math.max(2 ** 24, this.ready.bytes / 2);
  }

  /** The past that a step starts from: zero states for the sample's batch, where it is the first. */
  before(sample: S): Past {
    if (this.past !== null) return this.past;
    const { model, params } = this;
    const input = inputOf(model, sample);
    const states = startStates(model, params, input);
    this.fitTo(input);
    return { states, input: null };
  }

  /** What was gathered of some heads. */
  gradient(heads: readonly number[], direct = this.direct): ModelParams {
    const { params, ready } = this;
    const values = leavesOf<Tensor>(params, isTensor).map(({ value }, k) => {
      const parts = heads.map((head) => plus(direct.of(head).get(k), ready.gradient(k, head)));
      return parts.reduce(plus, null) ?? zerosLike(value);
    });
    return fillTree(params, isTensor, values) as ModelParams;
  }

  clearGradient(): void {
    this.direct.clear();
    this.held?.clearGradient();
  }

  reset(): void {
    this.past = null;
    this.doubt.clear();
    this.direct.clear();
    this.held?.clear();
  }

  /** Bytes of what is held, and of a gradient for each head but the first. */
  get bytes(): number {
    return (this.held?.bytes ?? 0) + (this.heads.count - 1) * gradientBytes(this.params);
  }

  /** Parameters that may take the place of these. @throws ShapeError, ArgumentError, DTypeError */
  accept(params: ModelParams): ModelParams {
    return requireParams(this.rule, this.model, params, this.params, this.past !== null);
  }

  /** Takes the place of another, with all that it knows; it is left with nothing. */
  take<G extends Held>(other: StreamState<S, G>, as: (held: G) => H): void {
    other.doubt.check();
    this.params = other.params;
    this.past = other.past;
    this.direct = other.direct;
    this.heads = other.heads;
    this.kept = other.kept && { ...other.kept, held: as(other.kept.held) };
    this.recordings.clear();
    other.kept = null;
    other.direct = new HeadSums();
    other.heads = new Heads(other.rule);
    other.reset();
  }

  save(): Saved {
    this.doubt.check();
    return {
      past: savedPast(this.past),
      inputs: this.kept && savedForm(this.kept.form),
      heads: this.heads.save(),
      held: this.held?.save() ?? null,
      direct: this.direct.save(blocksOf(this.params)),
    };
  }

  resume(saved: SavedPart): void {
    this.reset();
    this.heads.resume(saved.at("heads"));
    const form = saved.at("inputs").maybe((part) => part.form());
    this.kept = null;
    if (form !== null) {
      this.fitTo(abstractTensor(form));
      this.ready.resume(saved.at("held"));
    }
    this.direct.resume(blocksOf(this.params), saved.at("direct"));
    this.past = saved
      .at("past")
      .maybe((part) => pastFrom(this.model, this.params, form ?? part.refuse("null"), part));
  }

  /** Has what is held fit inputs of this form. */
  private fitTo(input: Tensor): void {
    const fit = fitOf(this.params, input);
    if (this.kept?.fit !== fit) {
      const { shape, dtype } = input;
      this.kept = { held: this.make(this.model, this.params, input), form: { shape, dtype }, fit };
      this.recordings.clear();
    }
  }
}
