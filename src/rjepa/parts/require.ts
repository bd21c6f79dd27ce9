/** Whether a preset is one, as a whole: whoever makes a model of it, or saves it with a run, asks here. */
import { odd } from "../../cells/drives/_drive.js";
import { ArgumentError } from "../../core/errors.js";
import {
  count,
  exactly,
  fieldOf,
  flag,
  type Kind,
  kind,
  listOf,
  nameIn,
  notNegative,
  oneOf,
  someObject,
  text,
} from "../../core/kinds.js";
import { aFovea, type Fovea } from "../../data/fovea.js";
import type {
  ClassPreset,
  HeadPreset,
  HeadsPreset,
  PredictorPreset,
  RegularizerPreset,
  SlowTarget,
} from "./part-presets.js";
import type { AreaPreset, Preset } from "./preset.js";

const whole = count(1);
const aShare = kind("a share between 0 and 1", (v) => typeof v === "number" && v > 0 && v < 1);
const aMomentum = kind("at least 0 and below 1", (v) => typeof v === "number" && v >= 0 && v < 1);
const aRate = kind("a finite number above 0", (v) => Number.isFinite(v) && (v as number) > 0);

const isText = (value: unknown): value is string => typeof value === "string";
const refuse = (who: string, expected: string, got: string): never => {
  throw new ArgumentError(`${who}: expected ${expected}, got ${got}`);
};

const anInput: Kind = (who, what, value) => {
  exactly<Preset["input"]>({ channels: oneOf("retina", "color"), crops: listOf(whole, 1), size: whole }, [
    "crops",
    "size",
  ])(who, what, value);
  const { crops, size } = value as Fovea;
  aFovea(who, what, { crops, size });
};

/** Drives with something to say beside their kind. */
const drives: Readonly<Record<string, Kind>> = {
  linear: exactly({ kind: text, pool: flag }),
  conv: exactly({ kind: text, size: odd }),
  residual: exactly({ kind: text, blocks: whole }),
  bottleneck: exactly({ kind: text, blocks: whole }),
};

const aDrive: Kind = (who, what, value) => {
  if (isText(value)) return oneOf("linear", "conv", "stem")(who, what, value);
  someObject(who, what, value);
  const given = fieldOf(who, what, value, "kind");
  nameIn(drives)(who, `${what}.kind`, given);
  drives[given as string](who, what, value);
};

const shares = listOf(aShare, 1);
const aKeep: Kind = (who, what, value) =>
  typeof value === "object" ? shares(who, what, value) : aShare(who, what, value);

const areaFields = exactly<AreaPreset>(
  {
    drive: aDrive,
    units: whole,
    stride: whole,
    gates: oneOf("pointwise", "depthwise", "conv"),
    shared: flag,
    activation: oneOf("elu", "tanh"),
    pool: flag,
    keep: aKeep,
  },
  ["drive", "units", "keep"],
);

/** What drives an area, by its kind. */
const kindOfDrive = ({ drive }: AreaPreset): string => (isText(drive) ? drive : drive.kind);

/** What an area of some drive cannot have, since it would change nothing. */
const withoutEffect: Readonly<Record<string, readonly (keyof AreaPreset)[]>> = {
  linear: ["stride", "gates", "pool"],
  stem: ["stride"],
};

const anArea: Kind = (who, what, value) => {
  areaFields(who, what, value);
  const area = value as AreaPreset;
  const drive = kindOfDrive(area);
  for (const name of withoutEffect[drive] ?? [])
    if (area[name] !== undefined)
      refuse(who, `${what} without ${name}, of which a ${drive} drive has no use`, `${area[name]}`);
  const groups = typeof area.keep === "number" ? 1 : area.keep.length;
  if (groups > area.units)
    refuse(who, `at most ${area.units} shares in ${what}.keep, one for each unit`, `${groups}`);
};

const aPredictor: Kind = (who, what, value) => {
  exactly<PredictorPreset>({ kind: oneOf("linear", "mlp"), saccade: flag, context: flag, hidden: whole }, [
    "kind",
  ])(who, what, value);
  const { kind: given, hidden } = value as PredictorPreset;
  if (given === "mlp") whole(who, `${what}.hidden`, hidden);
  else if (hidden !== undefined)
    refuse(who, `${what} without hidden, of which a linear one has no use`, `${hidden}`);
};

const slowTarget = exactly<SlowTarget>({ kind: oneOf("ema"), momentum: aMomentum }, ["kind", "momentum"]);
const aTarget: Kind = (who, what, value) => {
  if (typeof value === "object" && value !== null) slowTarget(who, what, value);
  else
    kind("recurrent, fresh, gradient or an ema", (v) =>
      ["recurrent", "fresh", "gradient"].includes(v as string),
    )(who, what, value);
};

const aHead = { rate: aRate, gradient: flag };
const someHeads = exactly<HeadsPreset>({
  saccade: exactly<HeadPreset>(aHead),
  class: exactly<ClassPreset>({ ...aHead, classes: count(2), from: oneOf("embedding", "context") }, [
    "classes",
  ]),
});

const fields = exactly<Preset>(
  {
    name: text,
    input: anInput,
    areas: listOf(anArea, 1),
    embedding: whole,
    objective: oneOf("top", "areas"),
    target: aTarget,
    head: oneOf("batch", "running"),
    predictor: aPredictor,
    regularizer: exactly<RegularizerPreset>({ variance: notNegative, covariance: notNegative }),
    heads: someHeads,
    recurrent: flag,
  },
  ["name", "input", "areas", "embedding", "objective", "target", "predictor"],
);

/** Parts of a preset that read the context. */
const readersOf = ({ predictor, heads = {} }: Preset): string[] => [
  ...(predictor.context === true ? ["predictor.context"] : []),
  ...(heads.saccade === undefined ? [] : ["heads.saccade"]),
  ...(heads.class?.from === "context" ? ["heads.class"] : []),
];

/** A preset, all of it. @throws ArgumentError that says what is wrong with which part */
export function requirePreset(who: string, value: unknown): Preset {
  fields(who, "the preset", value);
  const preset = value as Preset;
  const [reader] = readersOf(preset);
  if (reader !== undefined && !preset.areas.some((area) => kindOfDrive(area) === "linear"))
    refuse(who, `a preset with a linear drive, whose states ${reader} reads as the context`, "none");
  return preset;
}

/** @throws ArgumentError where there are too few streams in parallel for what a preset computes over them */
export function requireStreams(
  who: string,
  { head = "batch", regularizer = {} }: Preset,
  streams: number,
): void {
  if (streams > 1) return;
  const { variance = 0, covariance = 0 } = regularizer;
  const reason =
    variance > 0 || covariance > 0
      ? "a regularizer, which is of variances over them"
      : head === "batch"
        ? "a head with the mean of the batch (head: running learns from one)"
        : null;
  if (reason !== null) refuse(who, `at least 2 streams for ${reason}`, `${streams}`);
}

/** @throws ArgumentError where a preset has a head for labels that a data set does not have */
export function requireLabels(
  who: string,
  { heads = {} }: Preset,
  labels: readonly string[] | undefined,
): void {
  if (heads.class === undefined) return;
  const { classes } = heads.class;
  const found = labels?.length ?? 0;
  if (found !== classes)
    refuse(
      who,
      `data with ${classes} labels for heads.class`,
      found === 0 ? "data without labels" : `${found}`,
    );
}
