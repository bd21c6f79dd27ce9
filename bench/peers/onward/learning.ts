/** Learning rules on one area, and the kernel under them. */
import { type CellKind, cells } from "../../../src/cells/index.js";
import { BackendError } from "../../../src/core/errors.js";
import { key } from "../../../src/core/prng.js";
import { backend } from "../../../src/device/backend.js";
import { HostStorage, hostZeros } from "../../../src/device/host-storage.js";
import type { Strided, TraceStep } from "../../../src/device/trace-step.js";
import { network, rfp, rtrl, tbptt } from "../../../src/learn/index.js";
import type { Learner } from "../../../src/learn/learners/learner.js";
import type { Supervised } from "../../../src/learn/model/network.js";
import type { RuleOptions } from "../../../src/learn/rules/_rule.js";
import { zeros } from "../../../src/ops/create.js";
import type { Prepared } from "../serve.mjs";
import { checksum, wave } from "../wave.mjs";
import { filled, given, gradientChecks } from "./given.js";

/** Inputs that take turns, and steps whose numbers are compared. */
const [samples, checked] = [16, 5];

/** S = a S + d x in place, G += e S: one state, one own term, one of the input. */
function traceStep(rows: number, inner: number): TraceStep {
  const perRow = (seed: number, scale = 1): Strided => ({
    data: new HostStorage(wave(rows, seed, scale), "float32"),
    offset: 0,
    rowStrides: [1],
    boundStrides: [],
  });
  const data = new HostStorage(wave(inner, 1), "float32");
  const x = { data, offset: 0, rowStrides: [0], boundStrides: [], constantInner: false };
  const whole = { into: 0, rows: [rows], outOffset: 0, outStrides: [inner], bound: [] };
  return {
    traces: [hostZeros("float32", rows * inner)],
    rows: [rows],
    inner,
    traceOffset: 0,
    traceStrides: [inner],
    terms: [
      { ...whole, coefficient: perRow(2, 0.9), base: null, own: 0 },
      { ...whole, coefficient: perRow(3), base: x, own: null },
    ],
    before: null,
    after: { vectors: [perRow(4)] },
    gradient: hostZeros("float32", rows * inner),
    gradientOffset: 0,
    gradientStrides: [inner],
    started: true,
  };
}

/** Steps on a stream of inputs [batch, m] with zero targets, so that the loss is |h|² / 2. */
function streamed(
  kind: CellKind,
  [units, input, batch]: readonly number[],
  start: (...from: Parameters<typeof rfp<Supervised>>) => Learner<Supervised>,
  options: RuleOptions & { readonly window?: number } = {},
  steps = 1,
): Prepared {
  const model = network([kind({ input, units })]);
  const learner = start(model, filled(model.init(key(1), { dtype: "float32" })), options);
  const target = zeros([batch, units], { dtype: "float32" });
  const stream = Array.from({ length: samples }, (_, k) => ({
    input: given([batch, input], 10 + k),
    target,
  }));
  let at = 0;
  const step = (): number => learner.step(stream[at++ % samples]).loss;
  return {
    steps,
    run:
      steps === 1
        ? step
        : () => {
            for (let i = 0; i < steps; i++) step();
            learner.gradient();
          },
    check() {
      const losses = Array.from({ length: steps === 1 ? checked : steps }, step);
      return [checksum(losses), ...gradientChecks(learner.gradient())];
    },
  };
}

function traced(step: TraceStep, run: () => void): Prepared {
  return {
    run,
    check() {
      for (let i = 0; i < checked; i++) run();
      return [checksum(step.traces[0].host()), checksum(step.gradient?.host() ?? [])];
    },
  };
}

export const works: Record<string, (...sizes: number[]) => Prepared> = {
  trace(rows, inner) {
    const step = traceStep(rows, inner);
    return traced(step, () => backend().traceStep(step));
  },
  // as learners make their steps, once these have been recorded
  "trace, replayed"(rows, inner) {
    const step = traceStep(rows, inner);
    const replay = backend().record?.([{ kind: "trace", step }]);
    if (!replay) throw new BackendError("bench: expected a backend that records, got none", "no-record");
    return traced(step, () => replay.run());
  },
  online: (n, m) => streamed(cells.mingru, [n, m, 1], rfp),
  rtrl: (n, m) => streamed(cells.vanilla, [n, m, 1], rtrl),
  // the gradient is asked for as often as by TBPTT, so that the sums are the same
  rfp: (n, batch, every) => streamed(cells.mingru, [n, n, batch], rfp, {}, every),
  "rfp, window": (n, batch, window) => streamed(cells.mingru, [n, n, batch], rfp, { window }, window),
  tbptt: (n, batch, window) =>
    streamed(cells.mingru, [n, n, batch], (model, params) => tbptt(model, params, { window }), {}, window),
};
