import { ShapeError } from "../../core/errors.js";
import type { Aval } from "../../tensor/op.js";
import { storageOf } from "../../tensor/read.js";
import type { SavedPart } from "../../tensor/saved/part.js";
import type { Saved } from "../../tensor/saved/save.js";
import type { Model, ModelParams } from "../model/model.js";
import { requireParams } from "../model/require-params.js";
import type { Timestep } from "../step/heads.js";
import type { End, Taken } from "../step/same-end.js";
import type { Past } from "../step/step.js";
import { allKept, keptSample, tensorsIn } from "./kept-sample.js";
import { endFrom, pastFrom, savedEnd, savedPast } from "./saved-learner.js";

/** The steps of a block: those whose losses are forgotten, and the rest. */
export interface Steps<S> {
  readonly forgotten: readonly Timestep<S>[];
  readonly counted: readonly Timestep<S>[];
}

/** All of them, in their order. */
export const stepsOf = <S>({ forgotten, counted }: Steps<S>): readonly Timestep<S>[] => [
  ...forgotten,
  ...counted,
];

/** Each step as a block of its own. */
export const oneByOne = <S>({ forgotten, counted }: Steps<S>): readonly Steps<S>[] => [
  ...forgotten.map((step) => ({ forgotten: [step], counted: [] })),
  ...counted.map((step) => ({ forgotten: [], counted: [step] })),
];

/** A block of steps, and where they ended. */
export interface Block<S> {
  readonly params: ModelParams;
  readonly start: Past;
  readonly steps: Steps<S>;
  readonly end: End;
}

/** A block as it is saved: its parameters only where they are not those of now. */
export function savedBlock<S>({ params, start, steps, end }: Block<S>, now: ModelParams): Saved {
  return {
    params: savedParams(params, now),
    start: savedPast(start),
    forgotten: savedSteps(steps.forgotten),
    counted: savedSteps(steps.counted),
    end: savedEnd(end),
  };
}

/** @param window steps that a block has at most @throws CheckpointError, ShapeError where it is no block of this model */
export function blockFrom<S>(
  model: Model<S>,
  now: ModelParams,
  input: Aval,
  window: number,
  saved: SavedPart,
): Block<S> {
  const forgotten = stepsFrom<S>(saved.at("forgotten"), 0, window);
  const least = forgotten.length === 0 ? 1 : 0;
  return {
    params: paramsFrom(model, now, saved.at("params")),
    start: pastFrom(model, now, input, saved.at("start")),
    steps: { forgotten, counted: stepsFrom<S>(saved.at("counted"), least, window - forgotten.length) },
    end: endFrom(model, now, input, saved.at("end")),
  };
}

/** Steps that were taken one after the other; of one whose sample cannot be kept, why. */
export interface Span<S> {
  readonly params: ModelParams;
  readonly start: Past;
  readonly steps: readonly (Timestep<S> | ShapeError)[];
}

/** The steps with all their samples. @throws ShapeError where one could not be kept */
export const takenOf = <S>(span: Span<S> | null): Taken<S> | null =>
  span && { ...span, steps: allKept(span.steps) };

/** Steps as they are saved; `null` where a sample could not be kept. */
export function savedSpan<S>(span: Span<S> | null, now: ModelParams): Saved {
  if (span === null || span.steps.some((step) => step instanceof ShapeError)) return null;
  const { params, start, steps } = span;
  return {
    params: savedParams(params, now),
    start: savedPast(start),
    steps: savedSteps(steps as readonly Timestep<S>[]),
  };
}

export const spanFrom = <S>(model: Model<S>, now: ModelParams, input: Aval, saved: SavedPart): Span<S> => ({
  params: paramsFrom(model, now, saved.at("params")),
  start: pastFrom(model, now, input, saved.at("start")),
  steps: stepsFrom(saved.at("steps"), 1),
});

export const savedSteps = <S>(steps: readonly Timestep<S>[]): Saved =>
  steps.map(({ sample, heads }) => ({ sample: sample as Saved, heads }));

/** @throws CheckpointError for fewer or more than there can be @throws ShapeError for what is no sample of tensors and constants */
export function stepsFrom<S>(saved: SavedPart, least = 0, most = Number.POSITIVE_INFINITY): Timestep<S>[] {
  const found = saved.list();
  if (found.length < least || found.length > most)
    saved.refuse(`a list of ${least} to ${most} steps`, `${found.length}`);
  return found.map((part) => ({
    sample: keptSample(saved.who, part.at("sample").anything() as S),
    heads: part.at("heads").maybe((heads) => heads.list().map((name) => name.text())),
  }));
}

const savedParams = (params: ModelParams, now: ModelParams): Saved => (params === now ? null : { ...params });

const paramsFrom = <S>(model: Model<S>, now: ModelParams, saved: SavedPart): ModelParams =>
  saved.maybe((part) => requireParams(saved.who, model, part.anything() as ModelParams, now)) ?? now;

/** Bytes of the storage in a tree. */
export function bytesOf(tree: object): number {
  const all = new Set(tensorsIn(tree).map(storageOf));
  return [...all].reduce((n, storage) => n + (storage?.bytes ?? 0), 0);
}
