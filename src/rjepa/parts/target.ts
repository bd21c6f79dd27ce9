import type { Cell } from "../../cells/_cell.js";
import { DataError } from "../../core/errors.js";
import { mapTree } from "../../core/tree.js";
import type { ModelParams, Moment } from "../../learn/model/model.js";
import { stopGradient } from "../../ops/stop-gradient.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import { named, unitsOf } from "./area.js";
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

/** What a prediction is compared with, by name. */
export const kindOfTarget = ({
  target,
}: Pick<Preset, "target">): Exclude<Preset["target"], object> | "ema" =>
  typeof target === "object" ? target.kind : target;

/** Which embedding of a fixation the targets of a preset are: with its past, or of its patch alone. */
export const comparedWith = ({ target }: Pick<Preset, "target">): "fresh" | "recurrent" =>
  target === "fresh" || typeof target === "object" ? "fresh" : "recurrent";

/** The target of a preset at one moment; what it computes is shared by the areas. `slow` are the parameters of an EMA. */
export function targetAt(
  preset: Preset,
  areas: readonly Cell[],
  params: ModelParams,
  now: Moment,
  slow: ModelParams | undefined,
): Target {
  const { target: kind, areas: given } = preset;
  const of = (outputs: readonly Tensor[], a: number): Tensor => unitsOf(given[a], outputs[a]);
  if (kind === "gradient") return (a, Wh, head) => embed(of(now.outputs, a), Wh, head.recurrent);
  if (kind === "recurrent")
    return (a, Wh, head) => stopGradient(embed(of(now.outputs, a), Wh, head.recurrent));
  // of constants: no derivative is recorded on the way
  const input = stopGradient(now.input);
  if (kind === "fresh") {
    const constant = mapTree(params.areas, isTensor, (t: Tensor) => stopGradient(t)) as ModelParams["areas"];
    const fresh = freshOutputs(areas, constant, input);
    return (a, Wh, head) => embed(of(fresh, a), stopGradient(Wh), head.fresh);
  }
  if (slow === undefined)
    throw new DataError("jepa: expected a sample with the slow parameters of an ema target, got none");
  const fresh = freshOutputs(areas, slow.areas, input);
  return (a, _, head) => embed(of(fresh, a), slow.readout[named("Wh", a)], head.fresh);
}
