import { apply } from "../tensor/apply.js";
import { nextLevel } from "../tensor/level.js";
import type { LinearMap } from "../tensor/linear-map.js";
import type { Op, Site } from "../tensor/op.js";
import type { Reading } from "../tensor/reading.js";
import { Tensor } from "../tensor/tensor.js";
import { type Watcher, watch } from "../tensor/watch/watch.js";

/** What a forward reading carries beside each value: any type that linear maps act on and that adds. */
export interface TangentAlgebra<T> {
  applyMaps(maps: readonly LinearMap[], tangent: T, site: string): T;
  add(a: T, b: T): T;
  /** The tensors that a tangent is made of. */
  tensors(tangent: T): readonly Tensor[];
  /** Names the reading in messages. */
  readonly reading: string;
}

interface Part<T> {
  readonly primal: Tensor;
  readonly tangent: T | null;
}

/** The forward reading: every value travels with a tangent, and each op's linear maps act on it at once. */
export class ForwardReading<T> implements Reading {
  readonly level = nextLevel();
  open = true;

  constructor(
    readonly name: string,
    private readonly algebra: TangentAlgebra<T>,
  ) {}

  /** A value with its tangent. */
  join(primal: Tensor, tangent: T): Tensor {
    return new Tensor(primal.shape, primal.dtype, { kind: "followed", reading: this, primal, note: tangent });
  }

  /** The value and its tangent; `null` where nothing at this level reaches it. */
  split(t: Tensor): Part<T> {
    if (t.value.kind === "followed" && t.value.reading === this)
      return { primal: t.value.primal, tangent: t.value.note as T };
    return { primal: t, tangent: null };
  }

  process(op: Op<unknown>, inputs: readonly Tensor[], attrs: unknown): Tensor {
    const parts = inputs.map((t) => this.split(t));
    const primals = parts.map((p) => p.primal);
    return this.note(op, parts, {
      inputs: primals,
      output: apply(op, primals, attrs),
      attrs,
      level: this.level,
    });
  }

  follow(op: Op<unknown>, inputs: readonly Tensor[], attrs: unknown, output: Tensor): Tensor {
    const parts = inputs.map((t) => this.split(t));
    return this.note(op, parts, { inputs: parts.map((p) => p.primal), output, attrs, level: this.level });
  }

  private note(op: Op<unknown>, parts: readonly Part<T>[], site: Site<unknown>): Tensor {
    const { output } = site;
    if (op.linearize === null) return output;
    let total: T | null = null;
    for (let i = 0; i < parts.length; i++) {
      const { tangent } = parts[i];
      if (tangent === null) continue;
      total =
        watch.by === null
          ? this.extend(total, op, site, i, tangent)
          : this.watched(watch.by, total, op, site, i, tangent);
    }
    return total === null ? output : this.join(output, total);
  }

  carried(note: unknown): readonly Tensor[] {
    return this.algebra.tensors(note as T);
  }

  /** Adds what input `i` contributes to the output's tangent. */
  private extend(total: T | null, op: Op<unknown>, site: Site<unknown>, i: number, tangent: T): T | null {
    const maps = op.linearize?.(site, i) ?? null;
    if (maps === null) return total;
    const term = this.algebra.applyMaps(maps, tangent, op.name);
    return total === null ? term : this.algebra.add(total, term);
  }

  private watched(
    by: Watcher,
    total: T | null,
    op: Op<unknown>,
    site: Site<unknown>,
    i: number,
    tangent: T,
  ): T | null {
    const tensors = (t: T | null): readonly Tensor[] => (t === null ? [] : this.algebra.tensors(t));
    const given = [...site.inputs, site.output, ...tensors(tangent), ...tensors(total)];
    return by.derived(
      { reading: this.algebra.reading, op: op.name, inputs: site.inputs, given, called: null },
      () => this.extend(total, op, site, i, tangent),
      tensors,
    );
  }
}
