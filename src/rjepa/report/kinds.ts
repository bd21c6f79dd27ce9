import {
  count,
  finite,
  having,
  type Kind,
  kind,
  listOf,
  number,
  someObject,
  text,
} from "../../core/kinds.js";
import { side } from "../../data/kinds.js";

const numbers = listOf(number);
const figures = having(
  Object.fromEntries(
    ["ratio", "copy", "refit", "swap", "acc", "rankMe", "variance", "contextGain", "contextGainError"].map(
      (name) => [name, number],
    ),
  ),
);
const bytes = having({ planned: number });

/** What a report shows. */
export const reportData: Kind = having({
  title: text,
  preset: text,
  rule: text,
  credit: text,
  seed: number,
  source: text,
  counts: having({ images: number, sequences: number, steps: number, parameters: number }),
  seconds: number,
  fixationsPerSecond: number,
  gradient: having({ worst: number, blocks: someObject }),
  memory: having({
    rfp: having({ planned: number, measured: number }),
    rtrl: bytes,
    bptt: having({ planned: number, steps: count(1, 2 ** 20) }),
  }),
  figures: having({ before: figures, after: figures }),
  lossCurve: listOf(having({ fixation: finite, loss: number })),
  lossByStep: having({ before: numbers, after: numbers }),
  trajectories: listOf(having({ sequence: finite, step: finite, x: number, y: number })),
  explainedVariance: listOf(number, 2),
  spectrum: having({ before: numbers, after: numbers }),
  strip: having({
    width: side,
    height: side,
    rgb: kind("a Uint8Array", (v) => v instanceof Uint8Array),
    fixations: listOf(listOf(finite, 2)),
    patches: having({ size: side, data: kind("a Float32Array", (v) => v instanceof Float32Array) }),
  }),
});
