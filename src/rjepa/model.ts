import type { Cell, CellParams, CellState } from "../cells/_cell.js";
import { cells } from "../cells/registry.js";
import { aDType, type DType } from "../core/dtype.js";
import { DataError, ShapeError } from "../core/errors.js";
import {
  anything,
  count,
  finite,
  having,
  type Known,
  kindOf,
  listOf,
  oneOf,
  options as optionsOf,
} from "../core/kinds.js";
import { foldIn, type Key, key as seeded } from "../core/prng.js";
import { formatShape, type Shape, sameShape, sizeOf } from "../core/shape.js";
import type { LossContext, Model, ModelParams, Moment } from "../learn/model/model.js";
import { network } from "../learn/model/network.js";
import { fanIn, linear } from "../nn/layers.js";
import { eye, full, scalar, zeros } from "../ops/create.js";
import { concat } from "../ops/join.js";
import { add, mul, square, sub } from "../ops/pointwise.js";
import { normal } from "../ops/random.js";
import { sum } from "../ops/reduce.js";
import { stopGradient } from "../ops/stop-gradient.js";
import { reshape } from "../ops/views.js";
import { requireTensor, type Tensor } from "../tensor/tensor.js";
import { aHead, aPreset, aTensor, params as paramsKind } from "./kinds.js";
import type { Preset } from "./presets.js";

/** Statistics that standardize the head's output per unit, [n]; constants for every derivative. */
export interface HeadStatistics {
  readonly mean: Tensor;
  readonly scale: Tensor;
}

/** One fixation of a batch of streams. */
export interface Fixated {
  /** Standardized patches [B, 3, S, S]. */
  readonly patch: Tensor;
  /** Displacement to the next fixation over the image diagonal, [B, 2]; `null` where there is none. */
  readonly saccade: Tensor | null;
  readonly head: HeadStatistics;
}

export interface JepaOptions {
  readonly preset: Preset;
  /** Steps T of a sequence: the loss is the mean over its T − 1 predictions. */
  readonly steps: number;
  /** Weight η of the L2 decay inside the loss, on W_G, W_h and all K. */
  readonly decay?: number;
  /** What the prediction is compared with: the embedding as a constant, or with its gradient. */
  readonly target?: "stopGradient" | "gradient";
}

/** An R-JEPA: a model of learning rules, and the readings of it that training and figures need. */
export interface Jepa {
  readonly model: Model<Fixated>;
  readonly preset: Preset;
  readonly headUnits: number;
  /** Shapes of the parameters that no area has, by name. */
  readonly readoutShapes: Readonly<Record<string, Shape>>;
  /** Initial parameters by the recipe. */
  init(key: Key, options?: { readonly dtype?: DType }): ModelParams;
  /** One fixation and parameters, for their shapes: what `plan` needs to count the loss. */
  example(options?: { readonly batch?: number; readonly dtype?: DType }): {
    readonly sample: Fixated;
    readonly params: ModelParams;
  };
  /** h = W_h r, r the standardized head output: [B, d]. */
  embed(params: ModelParams, moment: Moment, head: HeadStatistics): Tensor;
  /** ĥ(t+1) = W_G h(t) + b_G: [B, d]. */
  predict(params: ModelParams, h: Tensor): Tensor;
  /** Squared prediction error over d, per stream: [B]. */
  surprise(predicted: Tensor, h: Tensor): Tensor;
}

const keepBias = 2;
const inputBias = -2;
const gateScale = 0.1;
const driveGain = 1.2;

function areasOf(preset: Preset): Cell[] {
  const areas: Cell[] = [];
  let input: readonly number[] = [3, preset.size, preset.size];
  for (const { stride, channels } of preset.conv) {
    const area = cells.rgcPointwise({ input, units: channels, stride, activation: "tanh" });
    areas.push(area);
    input = area.outputShape;
  }
  for (const units of preset.dense) {
    const area = cells.rgc({ input, units, activation: "tanh" });
    areas.push(area);
    input = area.outputShape;
  }
  return areas;
}

/** The recipe's start: gate biases (a gate is 1 − σ), small gate weights, drives of gain 1.2, other biases zero. */
function initArea(key: Key, shapes: Cell["shapes"], dtype: DType): CellParams {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const own = foldIn(key, name);
      if (name.startsWith("K")) return [name, fanIn(own, shape, driveGain, { dtype })];
      if (name.startsWith("w")) return [name, mul(normal(own, shape, { dtype }), gateScale)];
      if (name === "gcc" || name === "ghh") return [name, full(shape, keepBias, { dtype })];
      if (name === "ghc" || name === "gch") return [name, full(shape, inputBias, { dtype })];
      return [name, zeros(shape, { dtype })];
    }),
  );
}

/** All states of all areas side by side, [B, context]: the context c(t). */
function contextOf(areas: readonly Cell[], states: readonly CellState[]): Tensor {
  const named = areas.flatMap((area, i) => area.states.map((name) => states[i][name]));
  const parts = named.map((v) => reshape(v, [v.shape[0], -1]));
  return concat(parts, 1);
}

export function jepa(options: JepaOptions): Jepa {
  const known: Known<JepaOptions> = {
    preset: aPreset,
    steps: anything,
    decay: finite,
    target: oneOf("stopGradient", "gradient"),
  };
  optionsOf("jepa", options, known, ["preset", "steps"]);
  const { preset, steps, decay = 1e-4, target = "stopGradient" } = options;
  if (!Number.isInteger(steps) || steps < 2)
    throw new DataError(
      `rjepa: a sequence needs at least 2 fixations to predict anything, got ${kindOf(steps)}`,
    );
  const areas = areasOf(preset);
  const headUnits = areas[areas.length - 1].geometry.units;
  const d = preset.embedding;
  const context = areas.reduce((n, a) => n + a.states.length * sizeOf(a.geometry.state), 0);

  const readoutShapes = { Wh: [d, headUnits], WG: [d, d], bG: [d], Wa: [2, context], ba: [2] };

  const embed: Jepa["embed"] = (params, moment, head) => {
    paramsKind("jepa", "the parameters", params);
    having({ outputs: listOf(aTensor, 1) })("jepa", "the moment", moment);
    aHead("jepa", "the head", head);
    const r = mul(sub(moment.outputs[moment.outputs.length - 1], head.mean), head.scale);
    return linear(r, params.readout.Wh);
  };
  const predict: Jepa["predict"] = (params, h) => {
    paramsKind("jepa", "the parameters", params);
    return linear(h, params.readout.WG, params.readout.bG);
  };
  const surprise: Jepa["surprise"] = (predicted, h) => mul(sum(square(sub(predicted, h)), 1), 1 / d);

  const decayed = ({ areas: below, readout }: ModelParams): Tensor =>
    [readout.WG, readout.Wh, ...below.flatMap((p) => [p.Kh, p.Kc])]
      .map((W) => sum(square(W)))
      .reduce((a, b) => add(a, b));

  const loss = ({ params, now, before, sample }: LossContext<Fixated>): Tensor => {
    paramsKind("jepa", "the parameters", params);
    const share = 1 / (steps - 1);
    const batch = now.input.shape[0];
    let total = scalar(0, now.input.dtype);
    if (sample.saccade !== null) {
      const aim = linear(stopGradient(contextOf(areas, now.states)), params.readout.Wa, params.readout.ba);
      if (!sameShape(requireTensor("jepa", sample.saccade).shape, aim.shape))
        throw new ShapeError(
          `jepa: expected saccades of shape ${formatShape(aim.shape)}, got ${formatShape(sample.saccade.shape)}`,
        );
      total = add(total, mul(sum(square(sub(aim, sample.saccade))), share / batch));
    }
    if (before === null) return total;
    const h = embed(params, now, sample.head);
    const predicted = predict(params, embed(params, before, sample.head));
    const error = surprise(predicted, target === "stopGradient" ? stopGradient(h) : h);
    return add(add(total, mul(sum(error), share / batch)), mul(decayed(params), decay * share));
  };

  const init: Jepa["init"] = (key, given) => {
    const { dtype = "float64" } = optionsOf("jepa.init", given, { dtype: aDType });
    return {
      areas: areas.map((area, i) => initArea(foldIn(key, i), area.shapes, dtype)),
      readout: {
        Wh: fanIn(foldIn(key, "Wh"), readoutShapes.Wh, 1, { dtype }),
        WG: mul(eye(d, { dtype }), 0.5),
        bG: zeros(readoutShapes.bG, { dtype }),
        Wa: zeros(readoutShapes.Wa, { dtype }),
        ba: zeros(readoutShapes.ba, { dtype }),
      },
    };
  };

  const model = network<Fixated>(areas, { input: (sample) => sample.patch, loss, pure: true });
  return {
    model,
    preset,
    headUnits,
    readoutShapes,
    embed,
    predict,
    surprise,
    init,
    example(given) {
      const { batch = 1, dtype = "float64" } = optionsOf("jepa.example", given, {
        batch: count(1),
        dtype: aDType,
      });
      const { size } = preset;
      const head = { mean: zeros([headUnits], { dtype }), scale: zeros([headUnits], { dtype }) };
      const sample = {
        patch: zeros([batch, 3, size, size], { dtype }),
        saccade: zeros([batch, 2], { dtype }),
        head,
      };
      return { sample, params: init(seeded(0), { dtype }) };
    },
  };
}
