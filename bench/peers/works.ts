/** What is measured: for each row what Onward computes, who else computes it, and what the ratio is meant to be. */
import type { Target } from "./results.js";

/** A work of a competitor: its name there, and its sizes. */
export interface Task {
  readonly competitor: string;
  readonly work: string;
  readonly sizes: readonly number[];
}

export interface Work {
  readonly name: string;
  readonly threads: number;
  readonly backend: "native" | "own" | "js";
  readonly onward: Task;
  readonly peers: Readonly<Record<string, Task>>;
  readonly target?: Target;
}

/** Competitors by the names that tables use, where these say more than the competitor. */
const competitors: Readonly<Record<string, string>> = { OpenBLAS: "c", C: "c", "C + OpenBLAS": "c" };

interface Options {
  readonly threads?: number;
  readonly backend?: Work["backend"];
  readonly target?: readonly [peer: string, ratio: number];
  /** Peers that do the same under another name. */
  readonly variants?: Readonly<Record<string, Task>>;
}

/** A row whose peers know the work under the same name. */
function row(
  name: string,
  [work, ...sizes]: readonly [string, ...number[]],
  peers: readonly string[],
  { threads = 1, backend = "native", target, variants = {} }: Options = {},
): Work {
  const same = peers.map((p) => [p, { competitor: competitors[p] ?? p, work, sizes }] as const);
  return {
    name,
    threads,
    backend,
    onward: { competitor: `onward ${backend}`, work, sizes },
    peers: { ...Object.fromEntries(same), ...variants },
    ...(target ? { target: { peer: target[0], ratio: target[1] } } : {}),
  };
}

const torch = (work: string, ...sizes: number[]): Task => ({ competitor: "torch", work, sizes });
const native = (work: string, ...sizes: number[]): Task => ({ competitor: "onward native", work, sizes });

const products = [64, 128, 256, 512, 1024].flatMap((n) => {
  const everyone = ["OpenBLAS", "torch", "tfjs-cpu", "tfjs-wasm", "jax-js"];
  const rows = [
    row(`matmul ${n}`, ["matmul", n], everyone, { target: ["OpenBLAS", n === 64 ? 1.4 : 1.1] }),
    row(`matmul ${n}`, ["matmul", n], ["OpenBLAS"], { backend: "own", target: ["OpenBLAS", 2] }),
  ];
  if (n <= 256)
    rows.push(row(`matmul ${n}`, ["matmul", n], ["tfjs-cpu"], { backend: "js", target: ["tfjs-cpu", 0.35] }));
  return rows;
});

/** RFP beside TBPTT: a repetition is a window of 32 steps. */
const windows = [256, 1024].flatMap((n) =>
  [1, 16].flatMap((batch) => {
    const sizes = [n, batch, 32] as const;
    const variants = {
      "onward tbptt(32)": native("tbptt", ...sizes),
      "torch tbptt(32)": torch("tbptt", ...sizes),
    };
    const title = `step mingru ${n}x${n}, batch ${batch}`;
    return [
      row(`rfp ${title}`, ["rfp", ...sizes], [], { variants }),
      row(`rfp window 32 ${title}`, ["rfp, window", ...sizes], [], {
        variants,
        target: ["torch tbptt(32)", 0.5],
      }),
    ];
  }),
);

/** Every area of R-JEPA tiny learns for itself: steps, and all of a sequence at once. */
const tiny = [1, 8].flatMap((batch) => {
  const title = `R-JEPA tiny areas, ${batch === 1 ? "one stream" : `batch ${batch}`}, per fixation`;
  const variants = {
    "torch BPTT": torch("rjepa areas", 8, batch),
    "onward bptt": native("rjepa areas, bptt", 8, batch),
  };
  return [
    row(title, ["rjepa areas", 8, batch], [], { target: ["torch BPTT", 1.5], variants }),
    row(`${title}, window 8`, ["rjepa areas, window", 8, batch], [], {
      target: ["torch BPTT", 1.5],
      variants,
    }),
  ];
});

export const works: readonly Work[] = [
  row("trace step 256x128", ["trace", 256, 128], ["C"], { target: ["C", 1.15] }),
  row("trace step 256x128, replayed", ["trace, replayed", 256, 128], [], {
    target: ["C", 1.15],
    variants: { C: { competitor: "c", work: "trace", sizes: [256, 128] } },
  }),
  row("trace step 2048x2048", ["trace", 2048, 2048], ["C"], { target: ["C", 1.15] }),
  row("trace step 2048x2048", ["trace", 2048, 2048], ["C"], { target: ["C", 1.15], threads: 2 }),
  row("online step mingru 256x128", ["online", 256, 128], ["torch", "C"], {
    target: ["torch", 0.2],
    variants: { "torch in place": torch("online, in place", 256, 128) },
  }),
  ...products,
  row("matmul 1024", ["matmul", 1024], ["OpenBLAS", "torch"], { threads: 2, target: ["OpenBLAS", 1.1] }),
  row("conv 3x3 32 to 64, 32x32, batch 8", ["conv", 8, 32, 64, 32], ["tfjs-wasm"], {
    target: ["torch channels-last", 1.3],
    variants: {
      "torch channels-last": torch("conv", 8, 32, 64, 32),
      "torch NCHW": torch("conv, channels first", 8, 32, 64, 32),
    },
  }),
  row(
    "MLP 784-256-10 gradient, batch 64",
    ["mlp", 64, 784, 256, 10],
    ["torch", "C + OpenBLAS", "tfjs-cpu", "tfjs-wasm", "jax-js"],
    { target: ["torch", 1] },
  ),
  row("MLP 784-256-10 gradient, batch 64, compiled", ["mlp, compiled", 64, 784, 256, 10], [], {
    target: ["torch", 1],
    variants: {
      torch: torch("mlp", 64, 784, 256, 10),
      "C + OpenBLAS": { competitor: "c", work: "mlp", sizes: [64, 784, 256, 10] },
      "jax-js": { competitor: "jax-js", work: "mlp", sizes: [64, 784, 256, 10] },
    },
  }),
  row("add of 16", ["add", 16], ["torch", "tfjs-wasm", "jax-js"], { target: ["torch", 1] }),
  row("RTRL step vanilla 64x32", ["rtrl", 64, 32], ["C + OpenBLAS", "torch"], {
    target: ["C + OpenBLAS", 1.15],
  }),
  ...windows,
  row("R-JEPA nano exact, one stream, per fixation", ["rjepa", 8], [], {
    variants: { "torch BPTT": torch("rjepa", 8), "onward bptt": native("rjepa, bptt", 8) },
  }),
  row("R-JEPA nano exact, window 8, one stream, per fixation", ["rjepa, window", 8], [], {
    target: ["torch BPTT", 1],
    variants: { "torch BPTT": torch("rjepa", 8), "onward bptt": native("rjepa, bptt", 8) },
  }),
  ...tiny,
  row("first gradient in a fresh process", ["first"], ["bare node", "jax-js", "tfjs-cpu", "torch"], {
    target: ["bare node", 1.5],
  }),
];
