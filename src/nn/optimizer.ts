import { allocate, isFloat, type TypedArray } from "../core/dtype.js";
import { ArgumentError, DTypeError, ShapeError } from "../core/errors.js";
import {
  callable,
  count,
  either,
  finite,
  type Known,
  kind,
  number,
  options as optionsOf,
} from "../core/kinds.js";
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

/** @throws ArgumentError where a schedule gives no finite number */
function valueAt(who: string, schedule: Schedule, update: number): number {
  if (typeof schedule === "number") return schedule;
  const value = schedule(update);
  finite(who, "the rate of the schedule", value);
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

/** What is kept of one tensor from update to update. */
interface Kept<M> {
  readonly path: string;
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
  /** Whether an entry of a gradient is one that the rule can take. */
  takes: ((g: number) => boolean) | null = null,
): Optimizer {
  let updates = 0;
  let kept: readonly Kept<M>[] | null = null;
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
      if (takes !== null) numbers.forEach(([, g], i) => requireTaken(name, g, pairs[i].path, takes));
      const now = valueAt(name, rate, updates);
      const rates = pairs.map(({ path }) => {
        const factor = scale?.(path) ?? 1;
        finite(name, "the scale of a rate", factor);
        return now * factor;
      });
      // from here on nothing fails: an update is taken as a whole or not at all
      kept = memories;
      updates++;
      begin();
      const next = pairs.map(({ value }, i) => {
        const out = allocate(value.dtype, value.size);
        const [x, g] = numbers[i];
        rule(x, g, out, memories?.[i].memory as M, rates[i]);
        return fromData(out, value.shape, value.dtype);
      });
      return fillTree(params, isTensor, next) as P;
    },
  };
}

/** @throws ArgumentError for a finite entry that a rule cannot take */
function requireTaken(who: string, g: TypedArray, path: string, takes: (g: number) => boolean): void {
  for (const v of g)
    if (!takes(v))
      throw new ArgumentError(
        `${who}: expected a gradient whose squares are finite, got ${v}${at(path)}; clip it first, by clipByNorm`,
      );
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

const memoriesOf = <M>(params: Named, remember: (size: number) => M): readonly Kept<M>[] =>
  params.map(({ path, value }) => ({ path, shape: value.shape, memory: remember(value.size) }));

/** What is kept of these parameters, in their order. They must be those of before: moments of one are nothing to another. */
function requireKept<M>(name: string, kept: readonly Kept<M>[], params: Named): readonly Kept<M>[] {
  const fits = (k: Kept<M>, i: number): boolean =>
    i < params.length && k.path === params[i].path && sameShape(k.shape, params[i].value.shape);
  if (kept.length === params.length && kept.every(fits)) return kept;
  const wanted = `${name}: expected the parameters of the updates before`;
  const advice = "use an optimizer per set of parameters";
  const known = new Map(kept.map((k) => [k.path, k]));
  const found = params.map(({ path, value: { shape } }) => {
    const own = known.get(path);
    if (own && sameShape(own.shape, shape)) return own;
    const instead = own ? formatShape(own.shape) : "nothing";
    throw new ShapeError(`${wanted}, got ${formatShape(shape)} instead of ${instead}${at(path)}; ${advice}`);
  });
  if (found.length === kept.length) return found;
  const given = new Set(params.map(({ path }) => path));
  const missing = kept.find(({ path }) => !given.has(path)) as Kept<M>;
  throw new ShapeError(`${wanted}, got nothing${at(missing.path)}; ${advice}`);
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

const positive = kind("a finite number above 0", (v) => Number.isFinite(v) && (v as number) > 0);

export interface AdamOptions extends RateOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  /** Added to the root of the mean square; above 0, since 0 / 0 is no step. */
  readonly epsilon?: number;
}

/**
 * Adam (Kingma & Ba 2015), with bias correction. Weight decay belongs into the loss.
 * @throws ArgumentError, at an update, for a gradient whose square is beyond float64
 */
export function adam(given: AdamOptions): Optimizer {
  const known: Known<AdamOptions> = { ...rating, beta1: number, beta2: number, epsilon: positive };
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
    // an infinite mean of squares would hold the parameter still for good
    (g) => !Number.isFinite(g) || g * g < Number.POSITIVE_INFINITY,
  );
}

/** Linear warm-up over `warmup` updates, then a half cosine down to zero at `total`, whole numbers both, `warmup` at most `total`. */
export function warmupCosine(peak: number, warmup: number, total: number): Schedule {
  finite("warmupCosine", "the peak", peak);
  count(0)("warmupCosine", "the total", total);
  count(0, total)("warmupCosine", "the warm-up", warmup);
  return (update) => {
    number("warmupCosine", "the update", update);
    if (update < warmup) return (peak * (update + 1)) / warmup;
    const progress = Math.min(1, (update - warmup) / Math.max(1, total - warmup));
    return peak * 0.5 * (1 + Math.cos(Math.PI * progress));
  };
}

const notNegative = kind("a number of at least 0", (v) => typeof v === "number" && v >= 0);
/** Below its square a sum of squares has lost digits, or all. */
const tiny = 2 ** -500;

/** The Euclidean norm of all entries, whatever their size. */
function normOf(arrays: readonly TypedArray[]): number {
  let [sum, largest] = [0, 0];
  for (const array of arrays)
    for (const g of array) {
      sum += g * g;
      if (Math.abs(g) > largest) largest = Math.abs(g);
    }
  if ((sum < Number.POSITIVE_INFINITY && largest > tiny) || Number.isNaN(sum) || largest === 0)
    return Math.sqrt(sum);
  if (largest === Number.POSITIVE_INFINITY) return largest;
  let scaled = 0;
  for (const array of arrays) for (const g of array) scaled += (g / largest) ** 2;
  return largest * Math.sqrt(scaled);
}

/**
 * The gradient, of float tensors, scaled down so that its Euclidean norm over all tensors is at most `limit`, and that norm
 * before. Where it is not finite, the gradient is handed back as it is. @throws DTypeError, ArgumentError
 */
export function clipByNorm<P>(gradient: P, limit: number): { readonly gradient: P; readonly norm: number } {
  notNegative("clipByNorm", "the limit", limit);
  const leaves = leavesOf<Tensor>(gradient, isTensor, "clipByNorm");
  for (const { path, value } of leaves)
    if (!isFloat(value.dtype))
      throw new DTypeError(`clipByNorm: expected float tensors, got ${value.dtype}${at(path)}`);
  const numbers = leaves.map(({ value }) => numbersOf("clipByNorm", value));
  const norm = normOf(numbers);
  if (!(norm > limit && norm < Number.POSITIVE_INFINITY)) return { gradient, norm };
  const scaled = leaves.map(({ value }, k) => {
    const out = allocate(value.dtype, value.size);
    numbers[k].forEach((g, i) => {
      out[i] = (g / norm) * limit;
    });
    return fromData(out, value.shape, value.dtype);
  });
  return { gradient: fillTree(gradient, isTensor, scaled) as P, norm };
}
