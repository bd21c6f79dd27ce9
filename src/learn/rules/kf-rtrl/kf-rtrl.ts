import { foldIn, type Key, key, uniform } from "../../../core/prng.js";
import { einsum, matmul } from "../../../ops/contract.js";
import { tensor, zeros } from "../../../ops/create.js";
import { concat } from "../../../ops/join.js";
import { add, mul, square } from "../../../ops/pointwise.js";
import { sum } from "../../../ops/reduce.js";
import { permute, reshape } from "../../../ops/views.js";
import { entries } from "../../../tensor/read.js";
import type { SavedPart } from "../../../tensor/saved/part.js";
import type { Saved } from "../../../tensor/saved/save.js";
import type { Tensor } from "../../../tensor/tensor.js";
import type { HeadErrors, Influence, StateErrors } from "../../influence/influence.js";
import { floatStates, StepJacobian } from "../../influence/jacobians.js";
import { namesOf, type Sources } from "../../influence/sources.js";
import { ForwardLearner } from "../../learners/forward-learner.js";
import { originOf } from "../../learners/saved-learner.js";
import type { Model, ModelParams } from "../../model/model.js";
import { stateShapes } from "../../model/states.js";
import { type GradientSum, HeadSums, plus } from "../../step/gradient-sum.js";
import type { StepRecord } from "../../step/step.js";
import type { Rule } from "../_rule.js";
import { inPlace } from "../rfp.js";
import { type OuterProduct, productFrom, savedProduct, splitImmediate } from "./outer-product.js";

type Rows = readonly (Tensor | null)[];
type States = ReturnType<typeof floatStates>;

/** M ≈ rows ⊗ column for each parameter block and stream. */
class KroneckerInfluence implements Influence {
  private products: (OuterProduct | null)[];
  private readonly sums = new HeadSums();
  private steps = 0;

  constructor(
    private readonly sources: Sources,
    private readonly key: Key,
  ) {
    this.products = sources.blocks.map(() => null);
  }

  get bytes(): number {
    const held = this.products.flatMap((p) => (p ? [...p.rows, p.column] : []));
    return held.reduce((n, t) => n + (t ? entries(t).byteLength : 0), 0);
  }

  advance(record: StepRecord, errors: HeadErrors): void {
    const states = record.areas.map((_, b) => floatStates(record, b));
    const batch = record.moment.input.shape[0];
    errors.before.forEach((of, head) => void this.gather(states, of, this.sums.of(head)));
    const jacobian = new StepJacobian(record, this.sources);
    const own = states.map((of, b) => (of.length > 0 ? jacobian.own(b) : null));
    const below = record.areas.map((_, b) => jacobian.fromBelow(b));
    const terms = states.map((of, b) =>
      of.map(({ state, t }) => ({ state: t, list: jacobian.contributions[b][state] })),
    );
    const step = foldIn(this.key, this.steps++);
    this.products = this.sources.blocks.map((block, k) => {
      if (block.area === null) return null;
      const split = splitImmediate("kfRtrl", block, k, terms, batch);
      const fresh = { ...split, rows: climb(below, split.rows) };
      const old = this.products[k];
      if (old === null) return fresh;
      const moved = old.rows.map((rows, b) => rows && own[b] && matmul(own[b], rows));
      // drawn by name: the order of parameters tells nothing
      const signs = uniform(foldIn(step, block.path), 2 * batch).map((u) => (u < 0.5 ? -1 : 1));
      return mix({ ...old, rows: climb(below, moved) }, fresh, signs);
    });
    errors.after.forEach((of, head) => void this.gather(states, of, this.sums.of(head)));
  }

  gradient(block: number, head: number): Tensor | null {
    return this.sums.of(head).get(block);
  }

  clearGradient(): void {
    this.sums.clear();
  }

  clear(): void {
    this.products = this.sources.blocks.map(() => null);
    this.sums.clear();
  }

  save(): Saved {
    const { blocks } = this.sources;
    return {
      products: Object.fromEntries(
        blocks.map((block, k) => [block.path, savedProduct(block, this.products[k])]),
      ),
      sums: this.sums.save(blocks),
      drawn: this.steps,
    };
  }

  resume(saved: SavedPart): void {
    const { blocks } = this.sources;
    const named = saved.at("products").branches(blocks.map(({ path }) => path));
    this.products = named.map((part, k) => part.maybe((of) => productFrom(blocks[k], of)));
    this.sums.resume(blocks, saved.at("sums"));
    this.steps = saved.at("drawn").count();
  }

  /** G += Σ_b (e·rows)[b] ⊗ column[b]. */
  private gather(states: readonly States[], errors: readonly StateErrors[], sum: GradientSum): void {
    const vectors = errors.map((of, b) => flatErrors(states[b], of));
    this.products.forEach((product, k) => {
      if (product === null) return;
      const { axes } = this.sources.blocks[k];
      let along: Tensor | null = null;
      product.rows.forEach((rows, b) => {
        const e = vectors[b];
        if (rows === null || e === null) return;
        const part = einsum("bz,bzr->br", e, rows);
        along = along === null ? part : add(along, part);
      });
      if (along === null) return;
      const order = [...product.rowAxes, ...product.columnAxes];
      const gradient = reshape(
        einsum("br,bc->rc", along, product.column),
        order.map((a) => a.size),
      );
      sum.add(
        k,
        permute(
          gradient,
          axes.map((a) => order.indexOf(a)),
        ),
      );
    });
  }
}

/** Rows of each area, and what reaches it through the new states of all areas below. */
function climb(below: readonly Rows[], rows: Rows): Rows {
  const out: (Tensor | null)[] = [];
  rows.forEach((here, b) => {
    const reached = below[b].map((map, a) => {
      const lower = out[a];
      return map && lower && matmul(map, lower);
    });
    out.push(reached.reduce(plus, here));
  });
  return out;
}

/** The sum of two outer products as one, right in the mean over the signs; scaled so that its variance is least. */
function mix(old: OuterProduct, fresh: OuterProduct, signs: Float64Array): OuterProduct {
  const batch = old.column.shape[0];
  const [a, b] = [old, fresh].map((product, i) => {
    const [rows, column] = [norms(product.rows, batch), norms([product.column], batch)];
    const balance = rows.map((r, s) => (r > 0 && column[s] > 0 ? Math.sqrt(r / column[s]) : 1));
    const part = signs.subarray(i * batch, (i + 1) * batch);
    return {
      rows: product.rows.map(
        (t) =>
          t &&
          perStream(
            t,
            balance.map((p, s) => part[s] / p),
          ),
      ),
      column: perStream(
        product.column,
        balance.map((p, s) => part[s] * p),
      ),
    };
  });
  const rows = a.rows.map((x, i) => plus(x, b.rows[i]));
  return { ...fresh, rows, column: add(a.column, b.column) };
}

function norms(parts: Rows, batch: number): Float64Array {
  const total = new Float64Array(batch);
  for (const part of parts) {
    if (part === null) continue;
    entries(sum(square(reshape(part, [batch, part.size / batch])), 1)).forEach((v, s) => {
      total[s] += v;
    });
  }
  return total.map(Math.sqrt);
}

function perStream(x: Tensor, by: Float64Array): Tensor {
  return mul(x, tensor(by, { shape: [by.length, ...x.shape.slice(1).map(() => 1)], dtype: x.dtype }));
}

/** Errors of all states of an area that have any, [B, K]; `null` where all are zero. */
function flatErrors(states: States, errors: StateErrors): Tensor | null {
  if (errors.every((e) => e === null)) return null;
  return concat(
    states.map(({ state, t: { shape, size, dtype } }) => {
      const flat = [shape[0], size / shape[0]];
      const e = errors[state];
      return e ? reshape(e, flat) : zeros(flat, { dtype });
    }),
    1,
  );
}

function kronecker<S>(model: Model<S>, params: ModelParams, input: Tensor, seed: number): Influence {
  return new KroneckerInfluence(namesOf(model, params, stateShapes(model, params, input)), key(seed));
}

/**
 * Kronecker-factored RTRL (Mujika, Meier & Steger 2018): the influence of each parameter block as a random outer product
 * of what the block meets, such as the input of a matrix, and how the states answer. Its mean over the signs is the
 * influence; its variance is smaller than that of `uoro`, for n times the memory. Each stream has products of its own.
 * Convolution kernels meet many inputs at once, so models with them are refused.
 */
export const rule: Rule = {
  name: "kfRtrl",
  summary: "unbiased; the influence of each block as one random Kronecker product",
  exactness: "unbiased",
  start: (model, params, { seed = 0 } = {}) =>
    new ForwardLearner(model, params, {
      origin: originOf("kfRtrl", { seed }),
      order: inPlace,
      credit: "exact",
      byOps: "kfRtrl draws random numbers and reads factors on the way",
      influence: (of, from, input) => kronecker(of, from, input, seed),
    }),
};
