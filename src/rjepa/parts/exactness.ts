import { type Known, oneOf, options as optionsOf, text } from "../../core/kinds.js";
import { pairLeaves } from "../../core/pair-leaves.js";
import { relativeError } from "../../core/relative-error.js";
import { mapTree } from "../../core/tree.js";
import type { Learner } from "../../learn/learners/learner.js";
import type { ModelParams } from "../../learn/model/model.js";
import { ruleNamed } from "../../learn/named.js";
import { plan } from "../../learn/plan/plan.js";
import type { RuleOptions } from "../../learn/rules/_rule.js";
import { cast } from "../../ops/cast.js";
import { slice } from "../../ops/views.js";
import { entries } from "../../tensor/read.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import type { Batch, Fixated } from "./compose.js";
import { aReader, requireBatch } from "./kinds.js";
import type { Reader } from "./reader.js";
import { requireStreams } from "./require.js";

/** Bytes that rules need: of influence for `rfp` and `rtrl`, of the record of `steps` fixations for `bptt`. */
export interface MemoryOfRules {
  readonly rfp: { readonly planned: number };
  readonly rtrl: { readonly planned: number };
  readonly bptt: { readonly planned: number; readonly steps: number };
}

/** How far a rule's gradient is from that of backpropagation through time, and what rules have to hold, in float64. */
export interface Exactness {
  readonly rule: string;
  readonly credit: NonNullable<RuleOptions["credit"]>;
  /** Streams and fixations that it was compared on. */
  readonly batch: number;
  readonly steps: number;
  /** The largest relative difference of any parameter block; 0 of none. */
  readonly worst: number;
  /** max|a − b| / max|b| of each parameter block, none where the rule would hold too much to be tried; of one that is nearly zero, over a ten-thousandth of the whole gradient's largest entry. */
  readonly blocks: Readonly<Record<string, number>>;
  readonly memory: MemoryOfRules;
}

export interface ExactnessOptions {
  /** With its setting, such as `rfp(8)`. */
  readonly rule: string;
  readonly credit?: RuleOptions["credit"];
}

const known: Known<ExactnessOptions> = { rule: text, credit: oneOf("exact", "local") };

/** Streams that are compared at the most: two, since one alone may have no mean over streams. */
const most = 2;
/** What a rule may hold to be tried, in bytes. */
const room = 2 ** 30;

/** A block this much smaller than the whole gradient counts as zero but for rounding. */
const small = 1e-4;

const largest = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((most, v) => Math.max(most, Math.abs(v)), 0);

/** The first streams of something. */
const few = <T>(tree: T, streams: number): T =>
  mapTree(tree, isTensor, (t: Tensor) => slice(t, [[0, streams], ...t.shape.slice(1).map(() => null)])) as T;

const wide = <T>(tree: T): T =>
  mapTree(tree, isTensor, (t: Tensor) => (t.dtype === "float32" ? cast(t, "float64") : t)) as T;

/**
 * Compares the gradient of a rule on the first two streams of a batch, or the only one, with that of backpropagation through time, block by block. A
 * rule other than `rfp` is what it is: then `rfp` is compared.
 */
export function exactnessOf(reader: Reader, given: Batch, options: ExactnessOptions): Exactness {
  aReader("exactnessOf", "the reader", reader);
  const { jepa, slow, statistics } = reader;
  const batch = requireBatch("exactnessOf", jepa, given);
  const streams = Math.min(most, batch[0].input.shape[0]);
  requireStreams("exactnessOf", jepa.preset, streams);
  const { rule, credit = "exact" } = optionsOf("exactnessOf", options, known, ["rule"]);
  ruleNamed(rule);
  const compared = rule.startsWith("rfp") ? rule : "rfp";
  const params = wide(reader.params);
  const heads = statistics.ofBatch("float64");
  const samples = batch.map(
    (sample): Fixated => ({
      ...wide(few(sample, streams)),
      heads,
      ...(slow == null ? {} : { slow: wide(slow) }),
    }),
  );
  const { bytes } = plan(jepa.model, { sample: samples[0], params, steps: batch.length });
  const planned = credit === "local" ? bytes.rfpLocal : bytes.rfpExact;
  const memory = {
    rfp: { planned },
    rtrl: { planned: bytes.rtrl },
    bptt: { planned: bytes.bptt, steps: batch.length },
  };
  const found = { rule: compared, credit, batch: streams, steps: batch.length, memory };
  if (planned > room) return { ...found, worst: 0, blocks: {} };
  const [own, reference] = [
    ruleNamed(compared).start(jepa.model, params, { credit }),
    ruleNamed("bptt").start(jepa.model, params),
  ].map((learner) => gradientOf(learner, samples));
  const words = { who: "exactness", reference: "the gradient of bptt", other: `that of ${compared}` };
  const pairs = pairLeaves<Tensor>(words, reference, own, isTensor).map(
    ({ path, value, other }) => [path, entries(value), entries(other)] as const,
  );
  // what stands below a mean over streams has no derivative but for rounding, of which no share is right
  const floor = small * Math.max(...pairs.map(([, value]) => largest(value)));
  const blocks = Object.fromEntries(
    pairs.map(([path, value, other]) => {
      const size = largest(value);
      const error = relativeError(other, value);
      // of a block of zeros it is absolute
      return [path, size > 0 ? (error * size) / Math.max(size, floor) : error / (floor || 1)];
    }),
  );
  return { ...found, worst: Math.max(...Object.values(blocks)), blocks };
}

function gradientOf(learner: Learner<Fixated>, samples: readonly Fixated[]): ModelParams {
  for (const sample of samples) learner.step(sample);
  return learner.gradient();
}
