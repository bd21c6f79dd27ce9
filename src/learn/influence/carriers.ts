/** Which ops carry a state on without bending it, told by their maps: found on shapes, once for all steps. */
import { RuleError } from "../../core/errors.js";
import { apply } from "../../tensor/apply.js";
import { nextLevel } from "../../tensor/level.js";
import type { LinearMap } from "../../tensor/linear-map.js";
import type { Op } from "../../tensor/op.js";
import type { Reading } from "../../tensor/reading.js";
import { Tensor } from "../../tensor/tensor.js";
import type { Model, ModelParams } from "../model/model.js";
import type { Carriers } from "./paths.js";
import { ancestors } from "./push.js";
import { recordShapes } from "./structure.js";

const nameOf = (area: number, state: number): string => `${area}.${state}`;

/**
 * Marks every value with the old states that it depends on within their own unit, through comparisons too. What comes
 * through a matrix, a sum or a convolution is an input from elsewhere, and loses its mark.
 */
class Marks implements Reading {
  readonly level = nextLevel();
  readonly name = "marks";
  open = true;

  mark(primal: Tensor, names: ReadonlySet<string>): Tensor {
    return new Tensor(primal.shape, primal.dtype, { kind: "followed", reading: this, primal, note: names });
  }

  of({ value }: Tensor): ReadonlySet<string> {
    return value.kind === "followed" && value.reading === this
      ? (value.note as ReadonlySet<string>)
      : new Set();
  }

  process(op: Op<unknown>, inputs: readonly Tensor[], attrs: unknown): Tensor {
    return this.follow(
      op,
      inputs,
      attrs,
      apply(
        op,
        inputs.map((t) => this.primal(t)),
        attrs,
      ),
    );
  }

  follow(op: Op<unknown>, inputs: readonly Tensor[], attrs: unknown, output: Tensor): Tensor {
    const site = { inputs: inputs.map((t) => this.primal(t)), output, attrs, level: this.level };
    const names = new Set<string>();
    inputs.forEach((t, i) => {
      const mine = this.of(t);
      if (mine.size === 0) return;
      const maps = op.linearize?.(site, i) ?? null;
      if (maps === null ? isPointwise(t, output) : maps.every(staysWithin))
        for (const n of mine) names.add(n);
    });
    return names.size > 0 ? this.mark(output, names) : output;
  }

  /** The states that a map's numbers depend on. */
  in(map: LinearMap): readonly string[] {
    if (map.kind === "scale") return [...this.of(map.by)];
    if (map.kind === "contract") return [...this.of(map.with)];
    if (map.kind === "paths")
      return map.steps.flatMap((s) => s.terms.flatMap((t) => t.maps.flatMap((m) => this.in(m))));
    return [];
  }

  private primal(t: Tensor): Tensor {
    return t.value.kind === "followed" && t.value.reading === this ? t.value.primal : t;
  }
}

const within: ReadonlySet<LinearMap["kind"]> = new Set(["scale", "broadcast", "reshape", "permute", "cast"]);

function staysWithin(map: LinearMap): boolean {
  if (map.kind === "contract") return map.inLabels.every((label) => map.outLabels.includes(label));
  if (map.kind === "paths") return map.steps.every((s) => s.terms.every((t) => t.maps.every(staysWithin)));
  return within.has(map.kind);
}

/** Of an op without a derivative, such as a comparison. */
function isPointwise({ shape }: Tensor, { shape: out }: Tensor): boolean {
  const lead = out.length - shape.length;
  return lead >= 0 && shape.every((n, i) => n === 1 || n === out[lead + i]);
}

export function carriersOf<S>(rule: string, model: Model<S>, params: ModelParams, input: Tensor): Carriers {
  const marks = new Marks();
  const { record } = recordShapes(model, params, input, {
    mark: (t, area, state) => marks.mark(t, new Set([nameOf(area, state)])),
  });
  const { tape, areas } = record;
  const last = areas[areas.length - 1].end;
  const needed = ancestors(record, last);
  const bent = tape.nodes.slice(0, last).flatMap((node, at) => {
    if (node.op === null || !needed[at]) return [];
    const by = node.parents.map((parent, i) =>
      parent < 0 ? new Set<string>() : new Set((tape.maps(node, i) ?? []).flatMap((map) => marks.in(map))),
    );
    return [{ op: node.op.name, by }];
  });
  return {
    carries(place, op, i, area, state) {
      if (bent[place]?.op !== op)
        throw new RuleError(
          `${rule}: expected a step that calls the same ops as on shapes, got ${op} in place of ${bent[place]?.op ?? "none"}`,
        );
      return !bent[place].by[i].has(nameOf(area, state));
    },
  };
}
