import type { Cell } from "../../cells/_cell.js";
import { mapTree } from "../../core/tree.js";
import type { ModelParams, Moment } from "../../learn/model/model.js";
import { stopGradient } from "../../ops/stop-gradient.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import { unitsOf } from "./area.js";
import { embed, type HeadStatistics } from "./head.js";
import type { Preset } from "./preset.js";

/** What target parts are asked for: the embedding of this fixation in an area that a prediction is compared with, [B, d]. */
export type Target = (area: number, Wh: Tensor, head: HeadStatistics) => Tensor;

/** Outputs of each area from the zero state, bottom to top, of one input [B, C, P, P]. */
export function freshOutputs(areas: readonly Cell[], params: ModelParams["areas"], input: Tensor): Tensor[] {
  const outputs: Tensor[] = [];
  let below = input;
  areas.forEach((area, a) => {
    const zero = area.zeroState(input.shape[0], { dtype: input.dtype });
    below = area.output(params[a], area.next(params[a], zero, below), below);
    outputs.push(below);
  });
  return outputs;
}

/** The target of a preset at one moment; what it computes is shared by the areas. */
export function targetAt(preset: Preset, areas: readonly Cell[], params: ModelParams, now: Moment): Target {
  const { target: kind, areas: given } = preset;
  const of = (outputs: readonly Tensor[], a: number): Tensor => unitsOf(given[a], outputs[a]);
  if (kind === "gradient") return (a, Wh, head) => embed(of(now.outputs, a), Wh, head.recurrent);
  if (kind === "recurrent")
    return (a, Wh, head) => stopGradient(embed(of(now.outputs, a), Wh, head.recurrent));
  // of constants: no derivative is recorded on the way
  const constant = mapTree(params.areas, isTensor, (t: Tensor) => stopGradient(t)) as ModelParams["areas"];
  const fresh = freshOutputs(areas, constant, now.input);
  return (a, Wh, head) => embed(of(fresh, a), stopGradient(Wh), head.fresh);
}
