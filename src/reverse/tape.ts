import { applyMaps, transposeMaps } from "../ops/linear.js";
import { add } from "../ops/pointwise.js";
import { apply } from "../tensor/apply.js";
import { nextLevel } from "../tensor/level.js";
import type { Linearization, Op, Site } from "../tensor/op.js";
import { Tensor } from "../tensor/tensor.js";
import type { Trace } from "../tensor/trace.js";

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
}

/** Records a computation as its linear maps. One record serves both directions: transposed last to first, or pushed. */
export class Tape implements Trace {
  readonly level = nextLevel();
  open = true;
  readonly nodes: TapeNode[] = [];
  private readonly explain: boolean;

  constructor(
    readonly name: string,
    options: TapeOptions = {},
  ) {
    this.explain = options.explain ?? false;
  }

  /** A value to differentiate with respect to. */
  leaf(primal: Tensor): Tensor {
    return this.record({ op: null, site: null, parents: [], output: primal, maps: [], called: null });
  }

  /** The node of a value; -1 where this tape does not know it. */
  indexOf(t: Tensor): number {
    return t.value.kind === "traced" && t.value.trace === this ? (t.value.note as number) : -1;
  }

  primal(t: Tensor): Tensor {
    return t.value.kind === "traced" && t.value.trace === this ? t.value.primal : t;
  }

  process(op: Op<unknown>, inputs: readonly Tensor[], attrs: unknown): Tensor {
    const primals = inputs.map((t) => this.primal(t));
    const output = apply(op, primals, attrs);
    if (op.linearize === null) return output;
    const called = this.explain ? callSite(new Error().stack) : null;
    const parents = inputs.map((t) => this.indexOf(t));
    return this.record({ op, site: { inputs: primals, output, attrs }, parents, output, maps: [], called });
  }

  /** The linear maps from input `i` of a node to its output. */
  maps(node: TapeNode, i: number): Linearization {
    let found = node.maps[i];
    if (found === undefined) {
      found = node.op?.linearize?.(node.site as Site<unknown>, i) ?? null;
      node.maps[i] = found;
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
        const maps = this.maps(node, i);
        if (maps === null) continue;
        accumulate(cotangents, parent, transposeMaps(maps, ct));
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
        const maps = this.maps(node, i);
        if (maps !== null) accumulate(tangents, at, applyMaps(maps, t));
      }
    }
  }

  private record(node: TapeNode): Tensor {
    const index = this.nodes.push(node) - 1;
    const { shape, dtype } = node.output;
    return new Tensor(shape, dtype, { kind: "traced", trace: this, primal: node.output, note: index });
  }
}

/** Adds a term to what is known of a node. */
export function accumulate(into: Map<number, Tensor>, at: number, term: Tensor): void {
  const known = into.get(at);
  into.set(at, known === undefined ? term : add(known, term));
}

/** The folder of the package, where the place of this file is known. */
const home = import.meta.url
  ? new URL("../../", import.meta.url).pathname.replace(/^\/(?=[A-Za-z]:)/, "").replaceAll("%20", " ")
  : "";
/** Stack frames of the library's own machinery, in its sources or as built; a user's folder may be called `ops` as well. */
const machinery = new RegExp(
  `${home.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?:src|dist)/(?:(?:ops|tensor|reverse|forward)/|(?:[^/]+/)*_)[^/]+\\.[jt]s`,
);

/** The first stack frame outside the library's own machinery: the line of the user's cell. */
function callSite(stack: string | undefined): string | null {
  const frames = (stack ?? "")
    .split("\n")
    .slice(1)
    .map((line) => line.replaceAll("\\", "/").replaceAll("%20", " "));
  const frame = frames.find((line) => line.includes(":") && !machinery.test(line));
  const place = frame?.match(/([^/()\s]+\/[^/()\s]+\.[cm]?[jt]s):(\d+):\d+/);
  return place ? `${place[1]}:${place[2]}` : null;
}
