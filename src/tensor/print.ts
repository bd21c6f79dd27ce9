import type { DType } from "../core/dtype.js";
import { DTypeError, LevelError, ShapeError } from "../core/errors.js";
import { formatShape } from "../core/shape.js";
import { item, type NestedNumbers, toArray } from "./read.js";
import { requireTensor, type Tensor, Tensor as TensorClass } from "./tensor.js";

const edge = 3;
const most = 8;

function formatNumber(x: number): string {
  if (Object.is(x, -0)) return "-0";
  if (Number.isInteger(x) && Math.abs(x) < 1e6) return `${x}`;
  const short = Number.parseFloat(x.toPrecision(5));
  const size = Math.abs(short);
  return size >= 1e6 && size < Number.POSITIVE_INFINITY ? short.toExponential() : `${short}`;
}

function formatEntry(x: number, dtype: DType): string {
  return dtype === "bool" ? `${x !== 0}` : formatNumber(x);
}

function formatNested(values: NestedNumbers, dtype: DType, indent: string): string {
  if (typeof values === "number") return formatEntry(values, dtype);
  const long = values.length > most;
  const shown = long ? [...values.slice(0, edge), null, ...values.slice(-edge)] : values;
  const parts = shown.map((v) => (v === null ? "..." : formatNested(v, dtype, `${indent} `)));
  const flat = values.every((v) => typeof v === "number");
  return flat ? `[${parts.join(", ")}]` : `[${parts.join(`,\n${indent} `)}]`;
}

/** `tensor float64 [2,2] [[1, 2], [3, 4]]`, with long axes shortened. */
export function format(t: Tensor): string {
  let bottom = requireTensor("tensor", t);
  while (bottom.value.kind === "followed") bottom = bottom.value.primal;
  const followed = t.value.kind === "followed" ? ` in ${t.value.reading.name}` : "";
  const head = `tensor ${t.dtype} ${formatShape(t.shape)}${followed}`;
  if (bottom.value.kind === "abstract") return `${head} (no data)`;
  if (t.rank === 0) return `${head} ${formatEntry(item(t), t.dtype)}`;
  const body = formatNested(toArray(t), t.dtype, "");
  return body.includes("\n") ? `${head}\n${body}` : `${head} ${body}`;
}

/**
 * What operators make of a tensor: `a > b` compares tensors of one entry, `${t}` prints. JavaScript asks for a number for
 * `a - b` and `a > b` alike, and gives a plain number for both; `+` and `==` are refused, and so is what a derivative follows,
 * which no plain number would carry on.
 */
function toPrimitive(t: Tensor, hint: string): number | string {
  requireTensor("tensor", t);
  if (hint === "string") return format(t);
  if (hint !== "number")
    throw new DTypeError(
      "tensor: expected .add(...) for + and .equal(...) for ==, got an operator on a tensor",
    );
  if (t.size !== 1)
    throw new ShapeError(
      `tensor: expected one entry to compare as a number, or a method such as .mul, .sub or .greater, got ${formatShape(t.shape)}`,
    );
  if (t.value.kind === "followed")
    throw new LevelError(
      `tensor: expected a method such as .mul, or .item() to compare, got an operator on a value of ${t.value.reading.name}: its derivative would be lost`,
    );
  return item(t);
}

Object.defineProperty(TensorClass.prototype, Symbol.toPrimitive, {
  value(this: Tensor, hint: string): number | string {
    return toPrimitive(this, hint);
  },
});
Object.defineProperty(TensorClass.prototype, "toString", {
  value(this: Tensor): string {
    return format(this);
  },
});
Object.defineProperty(TensorClass.prototype, Symbol.for("nodejs.util.inspect.custom"), {
  value(this: Tensor): string {
    return format(this);
  },
});
