import type { Aval } from "../../tensor/op.js";
import { storageOf } from "../../tensor/read.js";
import type { SavedPart } from "../../tensor/saved/part.js";
import type { Saved } from "../../tensor/saved/save.js";
import type { Model, ModelParams } from "../model/model.js";
import { requireParams } from "../model/require-params.js";
import type { End } from "../step/same-end.js";
import type { Past } from "../step/step.js";
import { keptSample, tensorsIn } from "./kept-sample.js";
import { endFrom, pastFrom, savedEnd, savedPast } from "./saved-learner.js";

/** The samples of a block: of steps whose losses are forgotten, and of the rest. */
export interface Steps<S> {
  readonly forgotten: readonly S[];
  readonly counted: readonly S[];
}

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
    params: params === now ? null : { ...params },
    start: savedPast(start),
    forgotten: [...steps.forgotten] as Saved[],
    counted: [...steps.counted] as Saved[],
    end: savedEnd(end),
  };
}

/** @throws CheckpointError, ShapeError where it is no block of this model */
export function blockFrom<S>(model: Model<S>, now: ModelParams, input: Aval, saved: SavedPart): Block<S> {
  const samples = (name: "forgotten" | "counted"): S[] =>
    saved
      .at(name)
      .list()
      .map((part) => keptSample(saved.who, part.anything() as S));
  return {
    params:
      saved
        .at("params")
        .maybe((part) => requireParams(saved.who, model, part.anything() as ModelParams, now)) ?? now,
    start: pastFrom(model, now, input, saved.at("start")),
    steps: { forgotten: samples("forgotten"), counted: samples("counted") },
    end: endFrom(model, now, input, saved.at("end")),
  };
}

/** Bytes of the storage in a tree. */
export function bytesOf(tree: object): number {
  const all = new Set(tensorsIn(tree).map(storageOf));
  return [...all].reduce((n, storage) => n + (storage?.bytes ?? 0), 0);
}
