import { allocate, isFloat, type TypedArray } from "../../core/dtype.js";
import { ArgumentError, DTypeError } from "../../core/errors.js";
import { kind } from "../../core/kinds.js";
import { fillTree, leavesOf } from "../../core/tree.js";
import { at } from "../../core/tree-path.js";
import { fromData } from "../../tensor/apply.js";
import { entries } from "../../tensor/read.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";

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

/** @throws ArgumentError for a value that a transformation follows: what is made of its numbers would have no derivative */
function numbersOf(who: string, t: Tensor): TypedArray {
  if (t.value.kind === "traced")
    throw new ArgumentError(
      `${who}: expected tensors outside of a transformation, got one that ${t.value.trace.name} follows; write the update with ops to differentiate through it`,
    );
  return entries(t);
}
