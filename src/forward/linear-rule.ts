/** A derivative that a user wrote as a function of tangents, turned into the linear maps that it is made of. */
import { isFloat } from "../core/dtype.js";
import { ArgumentError } from "../core/errors.js";
import { abstractTensor, apply } from "../tensor/apply.js";
import { nextLevel } from "../tensor/level.js";
import type { LinearMap, PathStep } from "../tensor/linear-map.js";
import type { Aval, Linearization, Op, Site } from "../tensor/op.js";
import { allZero } from "../tensor/read.js";
import type { Reading } from "../tensor/reading.js";
import { Tensor } from "../tensor/tensor.js";
import { notingZeros } from "../tensor/watch/zeros.js";

/** A rule that its tangent goes through otherwise than linearly; caught where that only answers a question. */
class Bent extends ArgumentError {
  override readonly name = "ArgumentError";
}

/** One value that depends on tangents. */
interface Node extends PathStep {
  readonly op: string;
}

/** Follows tangents, as shapes without data, through the ops of a rule, and keeps the linear maps of each. */
class TangentReading implements Reading {
  readonly level = nextLevel();
  readonly name = "customJvp";
  open = true;
  readonly nodes: Node[] = [];
  /** The op whose own rule is being read: it may not look at tangents. */
  private reading: string | null = null;

  constructor(
    private readonly rule: string,
    private readonly isZero: (t: Tensor) => boolean,
  ) {}

  leaf(aval: Aval): Tensor {
    return this.add({ op: "", terms: [] }, abstractTensor(aval));
  }

  indexOf(t: Tensor): number {
    return t.value.kind === "followed" && t.value.reading === this ? (t.value.note as number) : -1;
  }

  process(op: Op<unknown>, inputs: readonly Tensor[], attrs: unknown): Tensor {
    return this.follow(op, inputs, attrs, apply(op, inputs.map(abstractTensor), attrs));
  }

  follow(op: Op<unknown>, inputs: readonly Tensor[], attrs: unknown, value: Tensor): Tensor {
    if (this.reading !== null) throw this.bent(this.reading);
    const output = this.add({ op: op.name, terms: [] }, abstractTensor(value));
    const site: Site<unknown> = { inputs, output, attrs, level: this.level };
    const terms: { from: number; maps: readonly LinearMap[] }[] = [];
    inputs.forEach((t, j) => {
      const from = this.indexOf(t);
      if (from < 0) this.requireNoShare(op, site, j);
      else terms.push({ from, maps: this.mapsOf(op, site, j) ?? this.refuse(op) });
    });
    this.nodes[this.indexOf(output)] = { op: op.name, terms };
    return output;
  }

  bent(op: string): Bent {
    return new Bent(
      `customJvp: expected the rule of ${this.rule} to be linear in its tangents, got ${op} of one`,
    );
  }

  private refuse(op: Op<unknown>): never {
    throw this.bent(op.name);
  }

  private mapsOf(op: Op<unknown>, site: Site<unknown>, j: number): Linearization {
    const before = this.reading;
    this.reading = op.name;
    try {
      const maps = op.linearize?.(site, j) ?? null;
      if (maps?.some((map) => this.looks(map, site.inputs[j]))) this.refuse(op);
      return maps;
    } finally {
      this.reading = before;
    }
  }

  /** Whether a map is made of tangents; one that is given by how it acts is asked to. */
  private looks(map: LinearMap, of: Tensor): boolean {
    if (map.kind === "scale") return this.indexOf(map.by) >= 0;
    if (map.kind === "contract") return this.indexOf(map.with) >= 0;
    if (map.kind === "stencil") return this.indexOf(map.forward(abstractTensor(of))) >= 0;
    return false;
  }

  /** What does not depend on tangents may scale what does, but not be added to it, unless it is zero. */
  private requireNoShare(op: Op<unknown>, site: Site<unknown>, j: number): void {
    const t = site.inputs[j];
    if (!isFloat(t.dtype) || this.isZero(t) || !this.adds(op, site, j) || allZero(t)) return;
    throw new Bent(
      `customJvp: expected the rule of ${this.rule} to be linear in its tangents, got ${op.name} of one and of a value that is neither a tangent nor zero`,
    );
  }

  private adds(op: Op<unknown>, site: Site<unknown>, j: number): boolean {
    const mine = site.inputs.map((t) => (this.indexOf(t) < 0 ? "-" : "t")).join("");
    const before = sharing.get(op) ?? new Map<string, boolean>();
    sharing.set(op, before);
    const key = `${mine}${j}`;
    const found = before.get(key) ?? this.findOut(op, site, j);
    before.set(key, found);
    return found;
  }

  private findOut(op: Op<unknown>, site: Site<unknown>, j: number): boolean {
    const inputs = site.inputs.map((t) => (this.indexOf(t) < 0 ? abstractTensor(t) : t));
    try {
      return this.mapsOf(op, { ...site, inputs }, j) !== null;
    } catch (error) {
      if (error instanceof Bent) return false;
      throw error;
    }
  }

  private add(node: Node, value: Tensor): Tensor {
    const note = this.nodes.push(node) - 1;
    return new Tensor(value.shape, value.dtype, { kind: "followed", reading: this, primal: value, note });
  }
}

/** By op, and by which inputs are tangents: whether an input has a share in the result of its own. */
const sharing = new WeakMap<Op<unknown>, Map<string, boolean>>();

/**
 * The maps from tangent `i` to the result of `rule`; `null` where it has no part in it. `along` tells the shapes of all
 * tangents, `null` for arguments that have none, which are passed as zeros.
 * @throws ArgumentError where the rule is not linear in its tangents, naming the op
 */
export function linearMapsOf(
  name: string,
  rule: (tangents: readonly (Tensor | null)[]) => Tensor,
  along: readonly (Aval | null)[],
  i: number,
): Linearization {
  return notingZeros((isZero) => {
    const reading = new TangentReading(name, isZero);
    try {
      const result = rule(along.map((aval) => aval && reading.leaf(aval)));
      const at = reading.indexOf(result);
      const leaf = along.slice(0, i).filter((aval) => aval !== null).length;
      if (at >= 0) return pathsBetween(reading.nodes, leaf, at);
      if (isZero(result) || allZero(result)) return null;
      throw new ArgumentError(
        `customJvp: expected the rule of ${name} to be linear in its tangents, got a result that is not zero and has none in it`,
      );
    } finally {
      reading.open = false;
    }
  });
}

/** What lies on the way from one node to another: maps one after the other where there is one way only. */
function pathsBetween(nodes: readonly Node[], from: number, to: number): Linearization {
  const reached = new Set([from]);
  // nodes come after what they are made of
  const parts = nodes.map(({ terms }, k) => {
    const found = terms.filter((t) => reached.has(t.from));
    if (found.length > 0) reached.add(k);
    return found;
  });
  if (!reached.has(to)) return null;
  const needed = new Set([to]);
  for (let k = to; k > from; k--) if (needed.has(k)) for (const t of parts[k]) needed.add(t.from);
  const order = [...needed].sort((a, b) => a - b);
  const steps = order.slice(1).map((k) => ({
    terms: parts[k].map(({ from: at, maps }) => ({ from: order.indexOf(at), maps })),
  }));
  const isLine = steps.every(({ terms }, k) => terms.length === 1 && terms[0].from === k);
  return isLine ? steps.flatMap(({ terms }) => terms[0].maps) : [{ kind: "paths", steps }];
}
