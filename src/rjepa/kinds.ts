import {
  anything,
  callable,
  count,
  finite,
  having,
  instanceOf,
  type Kind,
  kind,
  listOf,
  number,
  plainObject,
  text,
} from "../core/kinds.js";
import { side } from "../data/kinds.js";
import { aModel } from "../learn/model/kinds.js";
import { requireTensor } from "../tensor/tensor.js";

const most = 2 ** 16;
export const aTensor: Kind = (who, _, value) => {
  requireTensor(who, value);
};
const numbers = instanceOf(Float64Array);

export const aPreset: Kind = having({
  name: text,
  size: side,
  conv: listOf(having({ stride: count(1, most), channels: count(1, most) })),
  dense: listOf(count(1, most), 1),
  embedding: count(1, most),
});

/** An R-JEPA, as `jepa` makes one. */
export const aJepa: Kind = having({
  model: aModel,
  preset: aPreset,
  headUnits: count(1),
  init: callable,
  embed: callable,
  predict: callable,
  surprise: callable,
});
export const params: Kind = having({ areas: listOf(plainObject, 1), readout: plainObject });
export const aHead: Kind = having({ mean: aTensor, scale: aTensor });

const three = listOf(finite, 3);
export const channelKind: Kind = having({ mean: three, deviation: three });
export const aReader: Kind = having({ jepa: aJepa, params, head: aHead, channels: channelKind });
export const aRunningHead: Kind = having({ update: callable, statistics: aHead });
export const aStart: Kind = having({ jepa: aJepa, params, head: aRunningHead, channels: channelKind });
export const someSamples: Kind = listOf(having({ patch: aTensor, saccade: anything, head: aHead }), 1);
/** Embeddings whose arrays hold what their sizes say. */
export const someEmbeddings: Kind = (who, what, value) => {
  having({ sequences: count(1), steps: count(2), d: count(1), h: numbers, loss: numbers, swapped: numbers })(
    who,
    what,
    value,
  );
  const {
    sequences: n,
    steps,
    d,
    h,
    loss,
    swapped,
  } = value as Record<string, never> & {
    sequences: number;
    steps: number;
    d: number;
    h: Float64Array;
    loss: Float64Array;
    swapped: Float64Array;
  };
  kind(
    `embeddings [${n},${steps},${d}], losses [${n},${steps}] and ${n} swapped ones`,
    () => h.length === n * steps * d && loss.length === n * steps && swapped.length === n,
  )(who, what, value);
};

const figures: Kind = having({
  ...Object.fromEntries(
    ["ratio", "copy", "refit", "swap", "acc", "rankMe", "variance", "contextGain"].map((name) => [
      name,
      number,
    ]),
  ),
  lossByStep: listOf(number),
});
const pair = having({ train: number, test: number });
const planned = having({ planned: number });

/** What a run found. */
export const aSummary: Kind = having({
  preset: text,
  rule: text,
  credit: text,
  control: text,
  seed: number,
  parameters: number,
  sequences: pair,
  images: pair,
  fixations: number,
  seconds: number,
  fixationsPerSecond: number,
  gradient: having({ worst: number }),
  memory: having({
    rfp: having({ planned: number, measured: number }),
    rtrl: planned,
    bptt: having({ planned: number, steps: number }),
  }),
  before: figures,
  after: figures,
  problems: listOf(having({ file: text, reason: text })),
});

/** A finished run, as far as it is saved. */
export const anExperiment: Kind = having({
  summary: having({ preset: text }),
  trained: having({ params, head: aRunningHead }),
  start: having({ channels: channelKind }),
  embeddings: having({ after: having({ steps: count(1) }) }),
});
