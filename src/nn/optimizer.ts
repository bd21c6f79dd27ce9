import { allocate, isFloat, type TypedArray } from "../core/dtype.js";
import { ArgumentError, DTypeError, ShapeError } from "../core/errors.js";
import { callable, either, finite, type Known, number, options as optionsOf } from "../core/kinds.js";
import { pairLeaves } from "../core/pair-leaves.js";
import { formatShape, type Shape, sameShape } from "../core/shape.js";
import { fillTree, leavesOf } from "../core/tree.js";
import { at } from "../core/tree-path.js";
import { fromData } from "../tensor/apply.js";
import { entries } from "../tensor/read.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";

/** Turns gradients into new parameters. Both are trees of float tensors, paired by path, whatever the order of their keys. */
export interface Optimizer {
  /**
   * The parameters one step further, a tree like them; the arguments are left as they are.
   * @throws ShapeError, DTypeError where the gradient has other paths or shapes, or an optimizer with a state of its own
   * is given other parameters than before; nothing is changed then
   */
  update<P>(params: P, gradient: P): P;
}

/** A constant, or a value per update counted from 0. */
export type Schedule = number | ((update: number) => number);

/** @throws ArgumentError where a schedule gives no number */
function valueAt(who: string, schedule: Schedule, update: number): number {
  if (typeof schedule === "number") return schedule;
  const value = schedule(update);
  number(who, "the rate of the schedule", value);
  return value;
}

/** How one tensor's entries change: writes the new values of `x` into `out`. */
type Rule<M> = (x: TypedArray, g: TypedArray, out: TypedArray, memory: M, rate: number) => void;

export interface RateOptions {
  readonly rate: Schedule;
  /** A factor on the rate for a parameter, by its path such as `readout.WG`. */
  readonly scale?: (path: string) => number;
}

const rating: Known<RateOptions> = {
  rate: either("a number or a function", finite, callable),
  scale: callable,
};

/** Entries of one tensor: what is kept of it from update to update. */
interface Kept<M> {
  readonly shape: Shape;
  readonly memory: M;
}

function optimizer<M>(
  name: string,
  { rate, scale }: RateOptions,
  /** What is kept for a tensor of so many entries; absent where nothing is. */
  remember: ((size: number) => M) | null,
  begin: () => void,
  rule: Rule<M>,
): Optimizer {
  let updates = 0;
  let kept: ReadonlyMap<string, Kept<M>> | null = null;
  return {
    update<P>(params: P, gradient: P): P {
      const words = { who: name, reference: "parameters", other: "the gradient" };
      const pairs = pairLeaves<Tensor>(words, params, gradient, isTensor);
      for (const { path, value, other } of pairs) {
        if (!isFloat(value.dtype) || !isFloat(other.dtype))
          throw new DTypeError(
            `${name}: expected float tensors, got parameters of ${value.dtype} and a gradient of ${other.dtype}${at(path)}`,
          );
        if (!sameShape(value.shape, other.shape))
          throw new ShapeError(
            `${name}: the gradient${at(path)} must be ${formatShape(value.shape)}, got ${formatShape(other.shape)}`,
          );
      }
      const memories = remember && (kept ? requireKept(name, kept, pairs) : memoriesOf(pairs, remember));
      const numbers = pairs.map(
        ({ value, other }) => [numbersOf(name, value), numbersOf(name, other)] as const,
      );
      const now = valueAt(name, rate, updates);
      const rates = pairs.map(({ path }) => {
        const factor = scale?.(path) ?? 1;
        number(name, "the scale of a rate", factor);
        return now * factor;
      });
      // from here on nothing fails: an update is taken as a whole or not at all
      kept = memories;
      updates++;
      begin();
      const next = pairs.map(({ path, value }, i) => {
        const out = allocate(value.dtype, value.size);
        const [x, g] = numbers[i];
        rule(x, g, out, kept?.get(path)?.memory as M, rates[i]);
        return fromData(out, value.shape, value.dtype);
      });
      return fillTree(params, isTensor, next) as P;
    },
  };
}

/** @throws ArgumentError for a value that a transformation follows: what is made of its numbers would have no derivative */
function numbersOf(who: string, t: Tensor): TypedArray {
  if (t.value.kind === "traced")
    throw new ArgumentError(
      `${who}: expected tensors outside of a transformation, got one that ${t.value.trace.name} follows; write the update with ops to differentiate through it`,
    );
  return entries(t);
}

/** Parameters as an optimizer sees them: by path. */
type Named = readonly { readonly path: string; readonly value: Tensor }[];

const memoriesOf = <M>(params: Named, remember: (size: number) => M): ReadonlyMap<string, Kept<M>> =>
  new Map(params.map(({ path, value }) => [path, { shape: value.shape, memory: remember(value.size) }]));

/** Requires the parameters of the updates before: moments of one are nothing to another. */
function requireKept<M>(
  name: string,
  kept: ReadonlyMap<string, Kept<M>>,
  params: Named,
): ReadonlyMap<string, Kept<M>> {
  const use = "use an optimizer per set of parameters";
  for (const { path, value } of params) {
    const known = kept.get(path);
    if (!known || !sameShape(known.shape, value.shape))
      throw new ShapeError(
        `${name}: expected the parameters of the updates before, got ${formatShape(value.shape)} instead of ${known ? formatShape(known.shape) : "nothing"}${at(path)}; ${use}`,
      );
  }
  if (params.length < kept.size) {
    const given = new Set(params.map(({ path }) => path));
    const missing = [...kept.keys()].find((path) => !given.has(path)) as string;
    throw new ShapeError(
      `${name}: expected the parameters of the updates before, got nothing${at(missing)}; ${use}`,
    );
  }
  return kept;
}

/** Gradient descent: x − rate · g. */
export function sgd(options: RateOptions): Optimizer {
  optionsOf("sgd", options, rating, ["rate"]);
  return optimizer(
    "sgd",
    options,
    null,
    () => {},
    (x, g, out, _, rate) => {
      for (let i = 0; i < x.length; i++) out[i] = x[i] - rate * g[i];
    },
  );
}

export interface AdamOptions extends RateOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
}

/** Adam (Kingma & Ba 2015), with bias correction. Weight decay belongs into the loss. */
export function adam(given: AdamOptions): Optimizer {
  const known: Known<AdamOptions> = { ...rating, beta1: number, beta2: number, epsilon: finite };
  const {
    beta1 = 0.9,
    beta2 = 0.999,
    epsilon = 1e-8,
    ...options
  } = optionsOf("adam", given, known, ["rate"]);
  if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1))
    throw new ArgumentError(`adam: beta1 and beta2 must lie in [0, 1), got ${beta1} and ${beta2}`);
  let count = 0;
  return optimizer(
    "adam",
    options,
    (size) => ({ m: new Float64Array(size), v: new Float64Array(size) }),
    () => count++,
    (x, g, out, { m, v }, rate) => {
      const [c1, c2] = [1 - beta1 ** count, 1 - beta2 ** count];
      for (let i = 0; i < x.length; i++) {
        m[i] = beta1 * m[i] + (1 - beta1) * g[i];
        v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i];
        out[i] = x[i] - (rate * (m[i] / c1)) / (Math.sqrt(v[i] / c2) + epsilon);
      }
    },
  );
}

/** Linear warm-up over `warmup` updates, then a half cosine down to zero at `total`. */
export function warmupCosine(peak: number, warmup: number, total: number): Schedule {
  finite("warmupCosine", "the peak", peak);
  finite("warmupCosine", "the warm-up", warmup);
  finite("warmupCosine", "the total", total);
  return (update) => {
    number("warmupCosine", "the update", update);
    if (update < warmup) return (peak * (update + 1)) / warmup;
    const progress = Math.min(1, (update - warmup) / Math.max(1, total - warmup));
    return peak * 0.5 * (1 + Math.cos(Math.PI * progress));
  };
}

/** The gradient scaled down so that its Euclidean norm over all tensors is at most `limit`, and that norm before. */
export function clipByNorm<P>(gradient: P, limit: number): { readonly gradient: P; readonly norm: number } {
  number("clipByNorm", "the limit", limit);
  const leaves = leavesOf<Tensor>(gradient, isTensor, "clipByNorm");
  let sum = 0;
  for (const { value } of leaves) for (const g of numbersOf("clipByNorm", value)) sum += g * g;
  const norm = Math.sqrt(sum);
  if (!(norm > limit)) return { gradient, norm };
  const factor = limit / norm;
  const scaled = leaves.map(({ value }) => {
    const out = allocate(value.dtype, value.size);
    entries(value).forEach((g, i) => {
      out[i] = g * factor;
    });
    return fromData(out, value.shape, value.dtype);
  });
  return { gradient: fillTree(gradient, isTensor, scaled) as P, norm };
}
