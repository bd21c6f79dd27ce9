/** Cells with one mistake each, as users make them. */
import {
  type CellDefinition,
  type CellKind,
  type CellState,
  defineCell,
  drive,
} from "../../src/cells/index.js";
import {
  add,
  cast,
  customJvp,
  div,
  floor,
  log,
  mean,
  mul,
  relu,
  reshape,
  scalar,
  sigmoid,
  sqrt,
  square,
  stopGradient,
  sub,
  type Tensor,
  tanh,
  tensor,
} from "../../src/index.js";
import { entries } from "../../src/tensor/read.js";

type Params = Readonly<Record<string, Tensor>>;
const leak = (p: Params, h: Tensor, u: Tensor): Tensor => add(mul(sigmoid(p.a), h), tanh(u));

/** A right cell of one state, with some of it exchanged. */
function cell(name: string, changes: Partial<CellDefinition>): CellKind {
  return defineCell({
    name,
    equations: "h' = σ(a)⊙h + tanh(W x)",
    locality: "unit",
    states: ["h"],
    shapes: ({ input, units: n }) => ({ W: [n, ...input], a: [n] }),
    next: (p, { h }, x) => ({ h: leak(p, h, drive(x, p.W)) }),
    output: (_, { h }) => h,
    ...changes,
  });
}

export const right = cell("right", {});

const steep = customJvp(
  (v: Tensor) => tanh(v),
  ([v], [t]) => mul(mul(sub(1, square(tanh(v))), t), 1.01),
);
export const wrongJvp = cell("wrongJvp", {
  next: (p, { h }, x) => ({ h: add(mul(sigmoid(p.a), h), steep(drive(x, p.W))) }),
});

const slipped = customJvp(
  (v: Tensor) => tanh(v),
  ([v], [t]) => mul(sub(1, tanh(v)), t),
);
/** The example of docs/testing.md. */
export const mine = cell("mine", {
  next: (p, { h }, x) => ({ h: add(mul(sigmoid(p.a), h), slipped(drive(x, p.W))) }),
});

export const hiddenPath = cell("hiddenPath", {
  next: (p, { h }, x) => ({ h: add(mul(sigmoid(p.a), stopGradient(h)), tanh(drive(x, p.W))) }),
});

/** Normalized over the batch. */
export const batchNorm = cell("batchNorm", {
  next: (p, { h }, x) => {
    const u = drive(x, p.W);
    const centered = sub(u, mean(u, 0, { keepDims: true }));
    const width = sqrt(add(mean(square(centered), 0, { keepDims: true }), 0.1));
    return { h: leak(p, h, div(centered, width)) };
  },
});

export const noisy = cell("noisy", {
  next: (p, { h }, x) => ({ h: add(leak(p, h, drive(x, p.W)), 0.1 * Math.random()) }),
});

let earlier: Tensor | null = null;
/** Reads the input of the call before. */
export const remembering = cell("remembering", {
  next: (p, { h }, x) => {
    const u = drive(earlier !== null && earlier.shape[1] === x.shape[1] ? earlier : x, p.W);
    earlier = tensor(Float64Array.from(entries(x).slice(0, x.shape[1])), { shape: [1, x.shape[1]] });
    return { h: leak(p, h, u) };
  },
});

let gate: Tensor | null = null;
/** Keeps a gate of `next` for `output`. */
export const gateKept = cell("gateKept", {
  next: (p, { h }, x) => {
    gate = sigmoid(drive(x, p.W));
    return { h: leak(p, h, drive(x, p.W)) };
  },
  output: (_, { h }) => mul(gate as Tensor, h),
});

/** Computes the gate once and for all, at the first call. */
export const gateCached = (): CellKind => {
  let cached: Tensor | null = null;
  return cell("gateCached", {
    next: (p, { h }, x) => {
      cached ??= sigmoid(p.a);
      return { h: add(mul(cached, h), tanh(drive(x, p.W))) };
    },
  });
};

export const idle = cell("idle", {
  shapes: ({ input, units: n }) => ({ W: [n, ...input], a: [n], spare: [n] }),
});

export const tallState = cell("tallState", {
  next: (p, { h }, x) => ({ h: reshape(leak(p, h, drive(x, p.W)), [...h.shape, 1]) }),
});

export const misnamed = cell("misnamed", {
  next: (p, { h }, x) => ({ c: leak(p, h, drive(x, p.W)) }),
});

export const tooMany = cell("tooMany", {
  next: (p, { h }, x) => ({ h: leak(p, h, drive(x, p.W)), last: h }),
});

/** A right cell of three states, one of them a count of steps, some of it exchanged. */
const counting = (name: string, changes: Partial<CellDefinition>): CellKind =>
  cell(name, {
    equations: "h' = σ(a)⊙h + tanh(W x + m); m' = m/2 + mean x; n' = n + 1",
    states: { h: {}, m: { shape: [1] }, n: { shape: [], dtype: "int32" } },
    next: (p, s, x) => counted(p, s, x),
    output: (_, { h, m }) => add(h, m),
    ...changes,
  });
const counted = (p: Params, { h, m, n }: CellState, x: Tensor): CellState => ({
  n: add(n, scalar(1, "int32")),
  m: add(mul(0.5, m), mean(x, 1, { keepDims: true })),
  h: leak(p, h, add(drive(x, p.W), m)),
});

export const rightCounting = counting("rightCounting", { pure: true });

/** Takes states as they come. */
export const byOrder = counting("byOrder", {
  next: (p, s, x) => {
    const [h, m, n] = Object.values(s);
    return counted(p, { h, m, n }, x);
  },
});

export const floatCount = counting("floatCount", {
  next: (p, s, x) => ({ ...counted(p, s, x), n: cast(s.n, "float64") }),
});

export const wideState = counting("wideState", {
  next: (p, s, x) => ({ ...counted(p, s, x), m: add(s.m, s.h) }),
});

let calls = 0;
/** Says that it is pure, and anneals a gain of its own. */
export const drifting = cell("drifting", {
  pure: true,
  next: (p, { h }, x) => ({ h: mul(leak(p, h, drive(x, p.W)), 1 - 0.01 * Math.floor(calls++ / 25)) }),
});

export const nothing = cell("nothing", { next: () => undefined as unknown as CellState });

export const numberState = cell("numberState", { next: () => ({ h: 1 }) as unknown as CellState });

export const meanOutput = cell("meanOutput", { output: (_, { h }) => mean(h, 1) });

export const negativeLog = cell("negativeLog", {
  next: (p, { h }, x) => ({ h: log(leak(p, h, drive(x, p.W))) }),
});

/** Saves memory by updating the old state in place. */
export const inPlace = cell("inPlace", {
  next: (p, { h }, x) => {
    const fresh = leak(p, h, drive(x, p.W));
    if (h.value.kind === "dense") entries(h).set(entries(fresh));
    return { h: fresh };
  },
});

export const throwing = cell("throwing", {
  next: (p, { h }, x) => ({ h: add(leak(p, h, drive(x, p.W)), reshape(p.a, [p.a.size + 1])) }),
});

export const randomStart = cell("randomStart", {
  initial: { W: (_, n) => Float64Array.from({ length: n }, () => Math.random()) },
});

export const evenOnly = cell("evenOnly", {
  shapes: ({ input, units: n }) => {
    if (n % 2 === 1) throw new TypeError("units must be even");
    return { W: [n, ...input], a: [n] };
  },
});

/** Right, with corners where states often are. */
export const corners = cell("corners", {
  next: (p, { h }, x) => ({ h: relu(add(mul(sigmoid(p.a), h), drive(x, p.W))) }),
  output: (_, { h }) => relu(h),
});

/** Right, and sharply bent near zero. */
export const sharp = cell("sharp", {
  next: (p, { h }, x) => ({ h: add(mul(sigmoid(p.a), h), mul(0.1, square(drive(x, p.W)))) }),
  output: (_, { h }) => sqrt(h),
});

/** Jumps everywhere. */
export const sawtooth = cell("sawtooth", {
  next: (p, { h }, x) => {
    const u = mul(1e4, add(mul(p.a, h), drive(x, p.W)));
    return { h: sub(u, floor(u)) };
  },
});
