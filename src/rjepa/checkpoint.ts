import type { DType } from "../core/dtype.js";
import { CheckpointError } from "../core/errors.js";
import { kindOf, nameOf } from "../core/kinds.js";
import { sizeOf } from "../core/shape.js";
import { mapTree } from "../core/tree.js";
import type { ModelParams } from "../learn/model.js";
import { tensor } from "../ops/create.js";
import { entries } from "../tensor/read.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import type { Reader } from "./embed.js";
import type { Experiment } from "./experiment.js";
import { anExperiment } from "./kinds.js";
import { jepa } from "./model.js";
import { presetNamed } from "./presets.js";

const format = "onward-rjepa-1";

interface Packed {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly data: readonly number[];
}

const pack = (t: Tensor): Packed => ({ shape: t.shape, dtype: t.dtype, data: Array.from(entries(t)) });
const isPacked = (node: unknown): node is Packed =>
  typeof node === "object" && node !== null && "data" in node && "shape" in node && "dtype" in node;

/** A trained model as JSON: sizes, parameters and the statistics that inputs and head are standardized with. */
export function saveModel(experiment: Experiment): string {
  anExperiment("saveModel", "the experiment", experiment);
  const { summary, trained, start, embeddings } = experiment;
  const { mean, scale } = trained.head.statistics;
  return JSON.stringify({
    format,
    preset: summary.preset,
    steps: embeddings.after.steps,
    channels: start.channels,
    head: { mean: pack(mean), scale: pack(scale) },
    params: mapTree(trained.params, isTensor, pack),
  });
}

/** Reads a model back, ready to embed sequences. @throws CheckpointError for a file that is not one of ours */
export function loadModel(text: string): Reader {
  if (typeof text !== "string")
    throw new CheckpointError(`loadModel: expected the JSON of a saved model, got ${kindOf(text)}`);
  let content: Record<string, unknown>;
  try {
    content = JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw new CheckpointError("loadModel: expected the JSON of a saved model");
  }
  if (content?.format !== format)
    throw new CheckpointError(`loadModel: expected format ${format}, got ${nameOf(content?.format)}`);
  const unpack = (p: Packed): Tensor => {
    if (p.data.length !== sizeOf(p.shape))
      throw new CheckpointError(
        `loadModel: expected ${sizeOf(p.shape)} numbers in a tensor, got ${p.data.length}`,
      );
    return tensor([...p.data], { shape: p.shape, dtype: p.dtype });
  };
  const { head, params, channels } = mapTree(
    { head: content.head, params: content.params },
    isPacked,
    unpack,
  ) as Omit<Reader, "jepa"> & { channels: undefined };
  if (!head || !params || channels !== undefined)
    throw new CheckpointError("loadModel: expected parameters and head statistics, got an incomplete file");
  return {
    jepa: jepa({ preset: presetNamed(String(content.preset)), steps: Number(content.steps) }),
    params: params as ModelParams,
    head,
    channels: content.channels as Reader["channels"],
  };
}
