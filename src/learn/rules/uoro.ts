import { foldIn, type Key, key, uniform } from "../../core/prng.js";
import { tensor, zerosLike } from "../../ops/create.js";
import { mul } from "../../ops/pointwise.js";
import { entries } from "../../tensor/read.js";
import type { SavedPart } from "../../tensor/saved/part.js";
import type { Saved } from "../../tensor/saved/save.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { HeadErrors, Influence, StateErrors } from "../influence/influence.js";
import { ForwardLearner } from "../learners/forward-learner.js";
import { originOf } from "../learners/saved-learner.js";
import type { Model, ModelParams } from "../model/model.js";
import { isDifferentiable, startStates } from "../model/states.js";
import { blocksOf, type GradientSum, HeadSums, type NamedBlock, plus } from "../step/gradient-sum.js";
import { type ByNode, pushStates, transposeArea } from "../step/linear-step.js";
import type { AreaRecord, StepRecord } from "../step/step.js";
import type { Rule } from "./_rule.js";
import { inPlace } from "./rfp.js";

/** By area and state; `null` for integers and booleans. */
type States = readonly (readonly (Tensor | null)[])[];

/** M ≈ s̃ ⊗ θ̃: one vector over all states of all streams, one over all parameters. */
class RankOneInfluence implements Influence {
  private states: States;
  private params: (Tensor | null)[];
  private readonly sums = new HeadSums();
  private steps = 0;

  constructor(
    private readonly zero: States,
    private readonly blocks: readonly NamedBlock[],
    private readonly key: Key,
  ) {
    this.states = zero;
    this.params = blocks.map(() => null);
  }

  get bytes(): number {
    const held = [...this.states.flat(), ...this.params];
    return held.reduce((n, t) => n + (t ? entries(t).byteLength : 0), 0);
  }

  advance(record: StepRecord, errors: HeadErrors): void {
    errors.before.forEach((of, head) => void this.gather(of, this.sums.of(head)));
    const carried = this.push(record);
    const signs = this.signs();
    const immediate = pull(record, signs);
    // scales that make both parts of each factor equally large, which makes the variance small
    const [fromOld, fromNew] = [
      balance(norm(this.params), norm(carried.flat())),
      balance(norm(immediate), norm(signs.flat())),
    ];
    this.states = carried.map((area, b) =>
      area.map((s, k) => plus(scaled(s, fromOld), scaled(signs[b][k], fromNew))),
    );
    this.params = this.params.map((old, k) =>
      plus(scaled(old, 1 / fromOld), scaled(immediate[k], 1 / fromNew)),
    );
    errors.after.forEach((of, head) => void this.gather(of, this.sums.of(head)));
  }

  gradient(block: number, head: number): Tensor | null {
    return this.sums.of(head).get(block);
  }

  clearGradient(): void {
    this.sums.clear();
  }

  clear(): void {
    this.states = this.zero;
    this.params = this.blocks.map(() => null);
    this.sums.clear();
  }

  save(): Saved {
    return {
      states: this.states,
      params: Object.fromEntries(this.blocks.map(({ path }, k) => [path, this.params[k]])),
      sums: this.sums.save(this.blocks),
      drawn: this.steps,
    };
  }

  resume(saved: SavedPart): void {
    const { zero, blocks } = this;
    const areas = saved.at("states").list(zero.length);
    this.states = areas.map((area, b) =>
      area.list(zero[b].length).map((part, k) => {
        const like = zero[b][k];
        return like === null ? part.maybe((of) => of.refuse("null")) : part.tensor(like);
      }),
    );
    const named = saved.at("params").branches(blocks.map(({ path }) => path));
    this.params = named.map((part, k) => part.maybe((of) => of.tensor(blocks[k])));
    this.sums.resume(blocks, saved.at("sums"));
    this.steps = saved.at("drawn").count();
  }

  /** G += (e·s̃) θ̃. */
  private gather(errors: readonly StateErrors[], sum: GradientSum): void {
    let along = 0;
    errors.forEach((area, b) =>
      area.forEach((e, k) => {
        const s = this.states[b][k];
        if (e !== null && s !== null) along += dot(entries(e), entries(s));
      }),
    );
    if (along === 0) return;
    this.params.forEach((p, k) => {
      if (p !== null) sum.add(k, mul(p, along));
    });
  }

  private push(record: StepRecord): States {
    const tangents: ByNode = new Map();
    each(record.areas, "previous", this.states, (node, t) => tangents.set(node, t));
    pushStates(record, tangents);
    return record.areas.map(({ current }, b) =>
      current.map((node, k) => tangents.get(node) ?? this.zero[b][k]),
    );
  }

  /** Independent signs, one for each state of each stream. */
  private signs(): States {
    const step = foldIn(this.key, this.steps++);
    return this.zero.map((area, b) =>
      area.map((zero, k) => {
        if (zero === null) return null;
        const { shape, size, dtype } = zero;
        const values = uniform(foldIn(foldIn(step, b), k), size).map((u) => (u < 0.5 ? -1 : 1));
        return tensor(values, { shape, dtype });
      }),
    );
  }
}

/** νᵀ ∂next/∂θ per parameter block. */
function pull(record: StepRecord, signs: States): (Tensor | null)[] {
  const cotangents: ByNode = new Map();
  each(record.areas, "current", signs, (node, t) => cotangents.set(node, t));
  for (let b = record.areas.length - 1; b >= 0; b--) transposeArea(record, b, cotangents);
  return record.parameters.map((node) => cotangents.get(node) ?? null);
}

/** What is said of each state that has derivatives. */
function each(
  areas: readonly AreaRecord[],
  which: "previous" | "current",
  said: States,
  f: (node: number, t: Tensor) => void,
): void {
  areas.forEach((area, b) => {
    area[which].forEach((node, k) => {
      const t = said[b][k];
      if (t !== null && node >= 0) f(node, t);
    });
  });
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

const norm = (tensors: readonly (Tensor | null)[]): number =>
  Math.sqrt(tensors.reduce((n, t) => n + (t ? dot(entries(t), entries(t)) : 0), 0));

const balance = (parameters: number, states: number): number =>
  parameters > 0 && states > 0 ? Math.sqrt(parameters / states) : 1;

const scaled = (t: Tensor | null, by: number): Tensor | null => t && mul(t, by);

function rankOne<S>(model: Model<S>, params: ModelParams, input: Tensor, seed: number): Influence {
  const zero = startStates(model, params, input).map((states) =>
    Object.values(states).map((t) => (isDifferentiable(t) ? zerosLike(t) : null)),
  );
  return new RankOneInfluence(zero, blocksOf(params), key(seed));
}

/**
 * Unbiased online recurrent optimization (Tallec & Ollivier 2017): the influence as a random product of two vectors,
 * whose mean over the signs is the influence itself. All streams of a batch share the two.
 */
export const rule: Rule = {
  name: "uoro",
  summary: "unbiased; the influence as one random outer product",
  exactness: "unbiased",
  start: (model, params, { seed = 0 } = {}) =>
    new ForwardLearner(model, params, {
      origin: originOf("uoro", { seed }),
      order: inPlace,
      credit: "exact",
      byOps: "uoro draws random numbers and reads factors on the way",
      influence: (of, from, input) => rankOne(of, from, input, seed),
    }),
};
