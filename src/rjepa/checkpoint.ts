import { checksum } from "../core/checksum.js";
import type { DType } from "../core/dtype.js";
import { CheckpointError } from "../core/errors.js";
import { formatShape, type Shape, sameShape, sizeOf } from "../core/shape.js";
import { mapTree } from "../core/tree.js";
import type { ModelParams } from "../learn/model/model.js";
import { tensor } from "../ops/create.js";
import { entries } from "../tensor/read.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import type { Reader } from "./embed.js";
import type { Experiment } from "./experiment.js";
import { anExperiment } from "./kinds.js";
import { type Jepa, jepa } from "./model.js";
import { presetNamed, presets } from "./presets.js";
import type { ChannelStatistics } from "./samples.js";

/** With a checksum over all else; files of the first format have none. */
const format = "onward-rjepa-2";
const firstFormat = "onward-rjepa-1";
const members = ["format", "preset", "steps", "channels", "head", "params"];

/** JSON knows no sign of zero. */
type Written = number | "-0";

interface Packed {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly data: readonly Written[];
}

/** More than any sequence has. */
const mostSteps = 1e6;

function pack(t: Tensor, path: string): Packed {
  const data = Array.from(entries(t), (v): Written => {
    if (!Number.isFinite(v))
      throw new CheckpointError(`saveModel: expected finite numbers in ${path}, got ${v}`);
    return Object.is(v, -0) ? "-0" : v;
  });
  return { shape: t.shape, dtype: t.dtype, data };
}

/**
 * A trained model as JSON: sizes, parameters and the statistics that inputs and head are standardized with.
 * @throws CheckpointError for a number that is not finite
 */
export function saveModel(experiment: Experiment): string {
  anExperiment("saveModel", "the experiment", experiment);
  const { summary, trained, start, embeddings } = experiment;
  const { mean, scale } = trained.head.statistics;
  const content = {
    format,
    preset: summary.preset,
    steps: embeddings.after.steps,
    channels: start.channels,
    head: { mean: pack(mean, "head.mean"), scale: pack(scale, "head.scale") },
    params: mapTree(trained.params, isTensor, (t, path) => pack(t, `params.${path}`)),
  };
  return JSON.stringify({ ...content, checksum: checksum(JSON.stringify(content)) });
}

/**
 * Reads a model back, ready to embed sequences. Names, shapes, dtypes and numbers are held against the model that the file
 * names, and its content against its checksum; members and their order are those of `saveModel`.
 * @throws CheckpointError for a file that is not one of ours, or is damaged
 */
export function loadModel(text: string): Reader {
  const content = membersOf(parse(text), "the file", null);
  const { format: found, preset, steps } = content;
  if (found !== format && found !== firstFormat)
    throw new CheckpointError(`loadModel: expected format ${format}, got ${inWords(found)}`);
  membersOf(content, "the file", found === format ? [...members, "checksum"] : members);
  if (typeof preset !== "string" || !Object.hasOwn(presets, preset))
    throw new CheckpointError(
      `loadModel: expected one of the presets ${Object.keys(presets).join(", ")}, got ${inWords(preset)}`,
    );
  if (!Number.isInteger(steps) || Number(steps) < 2 || Number(steps) > mostSteps)
    throw new CheckpointError(`loadModel: expected steps from 2 to ${mostSteps}, got ${inWords(steps)}`);
  const model = jepa({ preset: presetNamed(preset), steps: Number(steps) });
  const reader = { jepa: model, ...unpackAll(model, content) };
  if (found === format) {
    const { checksum: kept, ...rest } = content;
    const now = checksum(JSON.stringify(rest));
    if (kept !== now)
      throw new CheckpointError(`loadModel: expected content of the checksum ${inWords(kept)}, got ${now}`);
  }
  return reader;
}

function parse(text: unknown): unknown {
  try {
    if (typeof text === "string") return JSON.parse(text);
  } catch {
    // said below
  }
  throw new CheckpointError("loadModel: expected the JSON of a saved model");
}

function unpackAll(model: Jepa, content: Record<string, unknown>): Omit<Reader, "jepa"> {
  const params = membersOf(content.params, "params", ["areas", "readout"]);
  const { areas } = model.model;
  const given = params.areas;
  if (!Array.isArray(given) || given.length !== areas.length)
    throw new CheckpointError(
      `loadModel: expected params.areas of ${areas.length} areas, got ${Array.isArray(given) ? given.length : inWords(given)}`,
    );
  const first = Reflect.get(Object(given[0]), Object.keys(areas[0].shapes)[0]);
  const dtype: unknown = Reflect.get(Object(first), "dtype");
  if (dtype !== "float64" && dtype !== "float32")
    throw new CheckpointError(`loadModel: expected parameters of float64 or float32, got ${inWords(dtype)}`);
  const head = unpackGroup(content.head, "head", { mean: [model.headUnits], scale: [model.headUnits] });
  positive(entries(head.scale), "head.scale");
  const unpacked: ModelParams = {
    areas: areas.map(({ shapes }, i) => unpackGroup(given[i], `params.areas.${i}`, shapes, dtype)),
    readout: unpackGroup(params.readout, "params.readout", model.readoutShapes, dtype),
  };
  return {
    params: unpacked,
    head: { mean: head.mean, scale: head.scale },
    channels: channelsOf(content.channels),
  };
}

/** Tensors by name: these names, these shapes, one dtype. */
function unpackGroup(
  value: unknown,
  path: string,
  shapes: Readonly<Record<string, Shape>>,
  dtype: DType = "float64",
): Record<string, Tensor> {
  const group = membersOf(value, path, Object.keys(shapes));
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [
      name,
      unpack(group[name], `${path}.${name}`, shape, dtype),
    ]),
  );
}

function unpack(value: unknown, path: string, shape: Shape, dtype: DType): Tensor {
  const { data, ...said } = membersOf(value, path, ["shape", "dtype", "data"]);
  if (!Array.isArray(said.shape) || !sameShape(said.shape, shape))
    throw new CheckpointError(
      `loadModel: expected shape ${formatShape(shape)} for ${path}, got ${inWords(said.shape)}`,
    );
  if (said.dtype !== dtype)
    throw new CheckpointError(`loadModel: expected ${dtype} for ${path}, got ${inWords(said.dtype)}`);
  const numbers = numbersOf(data, sizeOf(shape), path);
  if (dtype === "float32" && numbers.some((v) => Math.fround(v) !== v))
    throw new CheckpointError(`loadModel: expected numbers of float32 in ${path}, got one of more digits`);
  return tensor(numbers, { shape, dtype });
}

function numbersOf(data: unknown, count: number, path: string): number[] {
  if (!Array.isArray(data) || data.length !== count)
    throw new CheckpointError(
      `loadModel: expected ${count} numbers in ${path}, got ${Array.isArray(data) ? data.length : inWords(data)}`,
    );
  return data.map((v: unknown, i) => {
    if (v === "-0") return -0;
    if (typeof v !== "number" || !Number.isFinite(v))
      throw new CheckpointError(`loadModel: expected numbers in ${path}, got ${inWords(v)} at ${i}`);
    return v;
  });
}

function channelsOf(value: unknown): ChannelStatistics {
  const { mean, deviation } = membersOf(value, "channels", ["mean", "deviation"]);
  const found = {
    mean: numbersOf(mean, 3, "channels.mean"),
    deviation: numbersOf(deviation, 3, "channels.deviation"),
  };
  positive(found.deviation, "channels.deviation");
  return found;
}

function positive(values: ArrayLike<number>, path: string): void {
  const bad = Array.from(values).find((v) => !(v > 0));
  if (bad !== undefined)
    throw new CheckpointError(`loadModel: expected positive numbers in ${path}, got ${bad}`);
}

/** An object of exactly these members, whatever their order; `null` takes any. */
function membersOf(value: unknown, path: string, names: readonly string[] | null): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new CheckpointError(`loadModel: expected an object for ${path}, got ${inWords(value)}`);
  const missing = names?.find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined)
    throw new CheckpointError(`loadModel: expected ${missing} in ${path}, got an incomplete file`);
  const strange = names && Object.keys(value).find((name) => !names.includes(name));
  if (strange !== null && strange !== undefined)
    throw new CheckpointError(`loadModel: expected ${names?.join(", ")} in ${path}, got ${inWords(strange)}`);
  return value as Record<string, unknown>;
}

/** What came, in a few words. */
function inWords(value: unknown): string {
  if (Array.isArray(value))
    return value.length <= 8 && value.every(Number.isFinite) ? `[${value}]` : "a list";
  if (typeof value === "object" && value !== null) return "an object";
  const text = typeof value === "string" ? JSON.stringify(value) : `${String(value)}`;
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`;
}
