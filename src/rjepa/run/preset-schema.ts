import { count, flag, type Kind, kind, oneOf, text } from "../../core/kinds.js";
import { mostPixels } from "../../data/kinds.js";
import { requirePreset } from "../parts/require.js";
import { byKind, type Field, leaf, listOfParts, optional, record } from "./schema.js";

/** Sides of an area's kernels and blocks of a stage: more are slips of the hand. */
const few = count(1, 64);
const drives = {
  linear: { pool: optional(leaf(flag)) },
  conv: { size: optional(leaf(few)) },
  stem: {},
  residual: { blocks: optional(leaf(few)) },
  bottleneck: { blocks: optional(leaf(few)) },
};
const driveName = oneOf(...Object.keys(drives));
const driveParts = byKind(drives, driveName);
/** A name alone has nothing more to say. */
const drive: Field = (who, path, given) =>
  typeof given === "string" ? leaf(driveName)(who, path, given) : driveParts(who, path, given);

const aShare = kind("a share between 0 and 1", (v) => typeof v === "number" && v > 0 && v < 1);
const shares = listOfParts(leaf(aShare));
const keep: Field = (who, path, given) =>
  Array.isArray(given) ? shares(who, path, given) : leaf(aShare)(who, path, given);

const aKindOfGates = oneOf("pointwise", "depthwise", "conv");
const everyArea = {
  drive,
  units: leaf(count(1)),
  stride: optional(leaf(few)),
  gates: optional(leaf(aKindOfGates)),
  shared: leaf(flag, false),
  activation: leaf(oneOf("elu", "tanh"), "tanh"),
  pool: optional(leaf(flag)),
  keep,
};
/** What is left out of areas whose units lie on a plane; others have no use for it. */
const ofPlanes = { stride: 1, gates: "pointwise", pool: false };

const area: Field = (who, path, given) => {
  const found = record(everyArea)(who, path, given) as Record<string, unknown>;
  const of = typeof found.drive === "string" ? found.drive : (found.drive as { readonly kind: string }).kind;
  if (of === "linear") return found;
  const { stride, ...rest } = ofPlanes;
  return record(everyArea)(who, path, { ...rest, ...(of === "stem" ? {} : { stride }), ...found });
};

const aCrop: Kind = count(1, mostPixels);
const positive = kind("a positive number", (v) => Number.isFinite(v) && (v as number) > 0);
const notNegative = kind("a number of at least 0", (v) => Number.isFinite(v) && (v as number) >= 0);
const momentum = kind("a share of at least 0 and below 1", (v) => typeof v === "number" && v >= 0 && v < 1);

const slowTarget = record({ kind: leaf(oneOf("ema")), momentum: leaf(momentum) });
const target: Field = (who, path, given) =>
  typeof given === "object" && given !== null
    ? slowTarget(who, path, given)
    : leaf(oneOf("recurrent", "fresh", "gradient"))(who, path, given);

const head = { rate: leaf(positive, 10), gradient: leaf(flag, false) };

const parts = record({
  name: leaf(text),
  input: record({
    channels: leaf(oneOf("retina", "color"), "retina"),
    crops: listOfParts(leaf(aCrop)),
    size: leaf(count(1, 512)),
  }),
  areas: listOfParts(area),
  embedding: leaf(count(1)),
  objective: leaf(oneOf("top", "areas")),
  target,
  head: leaf(oneOf("batch", "running"), "batch"),
  predictor: record({
    kind: leaf(oneOf("linear", "mlp")),
    saccade: leaf(flag, false),
    context: leaf(flag, false),
    hidden: optional(leaf(count(1))),
  }),
  regularizer: optional(record({ variance: leaf(notNegative, 0), covariance: leaf(notNegative, 0) })),
  heads: optional(
    record({
      saccade: optional(record(head)),
      class: optional(
        record({ ...head, classes: leaf(count(2)), from: leaf(oneOf("embedding", "context"), "embedding") }),
      ),
    }),
  ),
  recurrent: leaf(flag, true),
});

/** A preset, ours or one's own: its parts, and whether they go together. */
export const presetField: Field = (who, path, given) =>
  requirePreset(`${who}: ${path}`, parts(who, path, given));
