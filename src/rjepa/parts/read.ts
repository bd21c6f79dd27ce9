import type { CellState } from "../../cells/_cell.js";
import { DataError } from "../../core/errors.js";
import { text } from "../../core/kinds.js";
import type { ModelParams } from "../../learn/model/model.js";
import { tensor } from "../../ops/create.js";
import { entries } from "../../tensor/read.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { CropReader, Readout } from "../figures/representation.js";
import { named } from "./area.js";
import { contextOf, contextSize } from "./context.js";
import { embed } from "./head.js";
import { inputShape, seenOf } from "./input.js";
import { aReader } from "./kinds.js";
import type { Reader } from "./reader.js";
import { comparedWith, freshOutputs } from "./target.js";

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

/**
 * An R-JEPA as what figures judge: the embedding of its top area, and the states of its dense areas as the context. Patches alone
 * are embedded as its targets are.
 */
export function representationOf(name: string, reader: Reader): CropReader {
  text("representationOf", "the name", name);
  aReader("representationOf", "the reader", reader);
  const { jepa, params, statistics } = reader;
  const alone = reader.slow ?? params;
  const { preset, model } = jepa;
  const top = jepa.predicting.length - 1;
  const { area, predictor, read } = jepa.predicting[top];
  const d = preset.embedding;
  const [Wh, WhAlone] = [params, alone].map(({ readout }) => readout[named("Wh", area)]);
  const { dtype } = Wh;
  const float = dtype === "float32" ? "float32" : "float64";
  const width = contextSize(model.areas);
  const perFrame = 3 * preset.input.crops.length * preset.input.size ** 2;
  const shape = inputShape(preset);

  const inputOf = (crops: Float32Array, frames: readonly number[]): Tensor => {
    const picked = new Float32Array(frames.length * perFrame);
    frames.forEach((f, i) => {
      picked.set(crops.subarray(f * perFrame, (f + 1) * perFrame), i * perFrame);
    });
    const seen = seenOf(preset, picked, frames.length);
    return tensor(seen, { shape: [frames.length, ...shape], dtype: float });
  };
  const recurrentOf = (outputs: readonly Tensor[], t: number): ArrayLike<number> =>
    entries(embed(read(outputs[area]), Wh, statistics.ofStep(float, t)[top].recurrent));
  const freshOf = (input: Tensor, t: number): ArrayLike<number> => {
    const outputs = freshOutputs(model.areas, alone.areas, input);
    return entries(embed(read(outputs[area]), WhAlone, statistics.ofStep(float, t)[top].fresh));
  };

  return {
    name,
    size: d,
    target: comparedWith(preset),
    read(crops, n, t, others = []): Readout {
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
              put(out.others[k].h, recurrentOf(seen.outputs, step), from, d, 1, 0);
              put(out.others[k].fresh, freshOf(stranger, step), from, d, 1, 0);
            });
          const seen = advance(reader, params, states, input);
          put(out.h, recurrentOf(seen.outputs, step), from, d, t, step);
          put(out.fresh, freshOf(input, step), from, d, t, step);
          if (out.context !== null)
            put(out.context, entries(contextOf(model.areas, seen.states)), from, width, t, step);
          states = seen.states;
        }
      }
      return out;
    },
    predict(h, saccades, rows, context) {
      const own = jepa.predictorParams(params, top);
      const given = (values: Float64Array, k: number) =>
        tensor(float === "float32" ? Float32Array.from(values) : values, { shape: [rows, k], dtype: float });
      const told = {
        saccade: given(saccades, 2),
        context: predictor.told.context === 0 ? null : given(requireContext(context), width),
      };
      return Float64Array.from(entries(predictor.apply(own, given(h, d), told)));
    },
  };
}

function requireContext(context: Float64Array | null | undefined): Float64Array {
  if (context) return context;
  throw new DataError("predict: expected the context for a predictor that is told it, got none");
}
