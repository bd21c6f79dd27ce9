import type { CellState } from "../../cells/_cell.js";
import { retina } from "../../data/retina.js";
import type { ModelParams } from "../../learn/model/model.js";
import { tensor } from "../../ops/create.js";
import { concat } from "../../ops/join.js";
import { reshape } from "../../ops/views.js";
import { entries } from "../../tensor/read.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Readout, Representation } from "../figures/representation.js";
import { inputShape } from "./area.js";
import type { Jepa } from "./compose.js";
import { embed } from "./head.js";
import type { RunningStatistics } from "./statistics.js";
import { freshOutputs } from "./target.js";

/** A model as it can be read: its parts, parameters and what standardizes its outputs. */
export interface Reader {
  readonly jepa: Jepa;
  readonly params: ModelParams;
  readonly statistics: RunningStatistics;
}

const chunk = 64;

/** One step on values alone: new states and outputs of every area, bottom to top. */
export function advance(
  { jepa: { model } }: Pick<Reader, "jepa">,
  params: ModelParams,
  states: readonly CellState[],
  input: Tensor,
): { readonly states: readonly CellState[]; readonly outputs: readonly Tensor[] } {
  const next: CellState[] = [];
  const outputs: Tensor[] = [];
  let below = input;
  model.areas.forEach((cell, a) => {
    next.push(cell.next(params.areas[a], states[a], below));
    below = cell.output(params.areas[a], next[a], below);
    outputs.push(below);
  });
  return { states: next, outputs };
}

/** An R-JEPA as what figures judge: the embedding of its top area, and the states of its dense areas as the context. */
export function representationOf(name: string, reader: Reader): Representation {
  const { jepa, params, statistics } = reader;
  const { preset, model } = jepa;
  const top = jepa.predicting.length - 1;
  const { area, predictor, read } = jepa.predicting[top];
  const d = preset.embedding;
  const Wh = params.readout[`Wh${area + 1}`];
  const { dtype } = Wh;
  const float = dtype === "float32" ? "float32" : "float64";
  const dense = model.areas.map((_, a) => a).filter((a) => model.areas[a].outputShape.length === 1);
  const perFrame = 3 * preset.input.crops.length * preset.input.size ** 2;
  const shape = inputShape(preset);

  const inputOf = (crops: Float32Array, frames: readonly number[]): Tensor => {
    const picked = new Float32Array(frames.length * perFrame);
    frames.forEach((f, i) => {
      picked.set(crops.subarray(f * perFrame, (f + 1) * perFrame), i * perFrame);
    });
    const seen = retina(picked, frames.length, preset.input.crops.length, preset.input.size);
    return tensor(seen, { shape: [frames.length, ...shape], dtype: float });
  };
  const topOf = (outputs: readonly Tensor[], by: "recurrent" | "fresh", t: number): ArrayLike<number> =>
    entries(embed(read(outputs[area]), Wh, statistics.ofStep(float, t)[top][by]));
  const contextOf = (states: readonly CellState[]): ArrayLike<number> =>
    entries(
      concat(
        dense.flatMap((a) =>
          model.areas[a].states.map((s) => reshape(states[a][s], [states[a][s].shape[0], -1])),
        ),
        1,
      ),
    );

  return {
    name,
    size: d,
    target: preset.target === "fresh" ? "fresh" : "recurrent",
    read(crops, n, t, others = []): Readout {
      const width = dense.reduce((sum, a) => sum + 2 * preset.areas[a].units, 0);
      const out = {
        h: new Float64Array(n * t * d),
        fresh: new Float64Array(n * t * d),
        context: width > 0 ? new Float64Array(n * t * width) : null,
        others: others.map(() => ({ h: new Float64Array(n * d), fresh: new Float64Array(n * d) })),
      };
      /** Rows [B, k] of some sequences at one of `steps` steps. */
      const put = (
        to: Float64Array,
        rows: ArrayLike<number>,
        from: number,
        k: number,
        steps: number,
        step: number,
      ) => {
        for (let i = 0; i < rows.length; i++)
          to[((from + Math.floor(i / k)) * steps + step) * k + (i % k)] = rows[i];
      };
      for (let from = 0; from < n; from += chunk) {
        const some = Array.from({ length: Math.min(chunk, n - from) }, (_, i) => from + i);
        let states: readonly CellState[] = model.areas.map((cell) =>
          cell.zeroState(some.length, { dtype: float }),
        );
        for (let step = 0; step < t; step++) {
          const input = inputOf(
            crops,
            some.map((i) => i * t + step),
          );
          if (step === t - 1)
            others.forEach((other, k) => {
              const stranger = inputOf(other, some);
              const seen = advance(reader, params, states, stranger);
              put(out.others[k].h, topOf(seen.outputs, "recurrent", step), from, d, 1, 0);
              put(
                out.others[k].fresh,
                topOf(freshOutputs(model.areas, params.areas, stranger), "fresh", step),
                from,
                d,
                1,
                0,
              );
            });
          const seen = advance(reader, params, states, input);
          put(out.h, topOf(seen.outputs, "recurrent", step), from, d, t, step);
          put(
            out.fresh,
            topOf(freshOutputs(model.areas, params.areas, input), "fresh", step),
            from,
            d,
            t,
            step,
          );
          if (out.context !== null) put(out.context, contextOf(seen.states), from, width, t, step);
          states = seen.states;
        }
      }
      return out;
    },
    predict(h, saccades, rows) {
      const own = jepa.predictorParams(params, top);
      const given = (values: Float64Array, k: number) =>
        tensor(float === "float32" ? Float32Array.from(values) : values, { shape: [rows, k], dtype: float });
      return Float64Array.from(entries(predictor.apply(own, given(h, d), given(saccades, 2))));
    },
  };
}
