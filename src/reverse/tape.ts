import { callSite } from "../core/call-site.js";
import { applyMaps, transposeMaps } from "../ops/linear.js";
import { add } from "../ops/pointwise.js";
import { apply } from "../tensor/apply.js";
import { nextLevel } from "../tensor/level.js";
import type { Linearization, Op, Site } from "../tensor/op.js";
import type { Reading } from "../tensor/reading.js";
import { Tensor } from "../tensor/tensor.js";
import { type Watcher, watch } from "../tensor/watch/watch.js";

/** One recorded op: where its inputs came from, and its linear maps, formed when first asked for. */
export interface TapeNode {
  readonly op: Op<unknown> | null;
  readonly site: Site<unknown> | null;
  /** Index of each input's node; -1 for a constant. */
  readonly parents: readonly number[];
  readonly output: Tensor;
  readonly maps: (Linearization | undefined)[];
  /** Where the op was called, when the tape explains itself. */
  readonly called: string | null;
}

export interface TapeOptions {
  /** Notes the source line of each op. */
  readonly explain?: boolean;
  /** Forms linear maps anew each time they are asked for: for long records that are read once. */
  readonly transient?: boolean;
}

/** Records a computation as its linear maps. One record serves both directions: transposed last to first, or pushed. */
export class Tape implements Reading {
  readonly level = nextLevel();
  open = true;
  readonly nodes: TapeNode[] = [];
  private readonly explain: boolean;
  private readonly transient: boolean;

  constructor(
    readonly name: string,
    options: TapeOptions = {},
  ) {
    this.explain = options.explain ?? false;
    this.transient = options.transient ?? false;
  }

  /** A value to differentiate with respect to. */
  leaf(primal: Tensor): Tensor {
    return this.record({ op: null, site: null, parents: [], output: primal, maps: [], called: null });
  }

  /** The node of a value; -1 where this tape does not know it. */
  indexOf(t: Tensor): number {
    return t.value.kind === "followed" && t.value.reading === this ? (t.value.note as number) : -1;
  }

  primal(t: Tensor): Tensor {
    return t.value.kind === "followed" && t.value.reading === this ? t.value.primal : t;
  }

  process(op: Op<unknown>, inputs: readonly Tensor[], attrs: unknown): Tensor {
    const primals = inputs.map((t) => this.primal(t));
    return this.note(op, inputs, primals, attrs, apply(op, primals, attrs));
  }

  follow(op: Op<unknown>, inputs: readonly Tensor[], attrs: unknown, output: Tensor): Tensor {
    return this.note(
      op,
      inputs,
      inputs.map((t) => this.primal(t)),
      attrs,
      output,
    );
  }

  /** The linear maps from input `i` of a node to its output. */
  maps(node: TapeNode, i: number): Linearization {
    let found = node.maps[i];
    if (found === undefined) {
      found = node.op?.linearize?.(node.site as Site<unknown>, i) ?? null;
      if (!this.transient) node.maps[i] = found;
    }
    return found;
  }

  /**
   * Transposes nodes `from` down to `to` (included). `cotangents` maps node indices to what is known so far, and is
   * added to; entries of inner nodes are dropped once used, those of leaves stay. Nodes in `constant` take none.
   */
  pullback(cotangents: Map<number, Tensor>, from: number, to = 0, constant?: ReadonlySet<number>): void {
    for (let at = from; at >= to; at--) {
      const node = this.nodes[at];
      if (node.op === null) continue;
      const ct = cotangents.get(at);
      if (ct === undefined) continue;
      cotangents.delete(at);
      for (let i = 0; i < node.parents.length; i++) {
        const parent = node.parents[i];
        if (parent < 0 || constant?.has(parent)) continue;
        if (watch.by === null) this.pull(node, i, ct, cotangents);
        else
          this.watched(watch.by, "reverse derivative", node, ct, cotangents, parent, () =>
            this.pull(node, i, ct, cotangents),
          );
      }
    }
  }

  /** Pushes dense tangents through nodes `from` up to `to` (excluded); `tangents` maps node indices to what is known. */
  pushforward(tangents: Map<number, Tensor>, from = 0, to = this.nodes.length): void {
    for (let at = from; at < to; at++) {
      const node = this.nodes[at];
      for (let i = 0; i < node.parents.length; i++) {
        const t = tangents.get(node.parents[i]);
        if (t === undefined) continue;
        if (watch.by === null) this.push(node, i, t, tangents, at);
        else
          this.watched(watch.by, "forward derivative", node, t, tangents, at, () =>
            this.push(node, i, t, tangents, at),
          );
      }
    }
  }

  private pull(node: TapeNode, i: number, ct: Tensor, cotangents: Map<number, Tensor>): void {
    const maps = this.maps(node, i);
    if (maps !== null) accumulate(cotangents, node.parents[i], transposeMaps(maps, ct));
  }

  private push(node: TapeNode, i: number, t: Tensor, tangents: Map<number, Tensor>, at: number): void {
    const maps = this.maps(node, i);
    if (maps !== null) accumulate(tangents, at, applyMaps(maps, t));
  }

  /** Runs a step that carries `t` through a node into `known.get(into)`, under the eyes of who watches. */
  private watched(
    by: Watcher,
    reading: string,
    { op, site, called }: TapeNode,
    t: Tensor,
    known: ReadonlyMap<number, Tensor>,
    into: number,
    step: () => void,
  ): void {
    if (op === null || site === null) {
      step();
      return;
    }
    const result = (): Tensor[] => [known.get(into)].filter((x) => x !== undefined);
    const given = [...site.inputs, site.output, t, ...result()];
    by.derived({ reading, op: op.name, inputs: site.inputs, given, called }, step, result);
  }

  private note(
    op: Op<unknown>,
    inputs: readonly Tensor[],
    primals: readonly Tensor[],
    attrs: unknown,
    output: Tensor,
  ): Tensor {
    if (op.linearize === null) return output;
    const called = this.explain || watch.by !== null ? callSite() : null;
    const parents = inputs.map((t) => this.indexOf(t));
    const site = { inputs: primals, output, attrs, level: this.level };
    return this.record({ op, site, parents, output, maps: [], called });
  }

  private record(node: TapeNode): Tensor {
    const index = this.nodes.push(node) - 1;
    const { shape, dtype } = node.output;
    return new Tensor(shape, dtype, { kind: "followed", reading: this, primal: node.output, note: index });
  }
}

/** Adds a term to what is known of a node. */
export function accumulate(into: Map<number, Tensor>, at: number, term: Tensor): void {
  const known = into.get(at);
  into.set(at, known === undefined ? term : add(known, term));
}
