import { isFloat } from "../core/dtype.js";
import { ArgumentError, DTypeError, OnwardError, ShapeError } from "../core/errors.js";
import { kindOf } from "../core/kinds.js";
import { requireFunction } from "../core/require-function.js";
import { formatShape, sameShape } from "../core/shape.js";
import { linearMapsOf } from "../forward/linear-rule.js";
import { zerosLike } from "../ops/create.js";
import { heard, primalOf } from "../tensor/apply.js";
import { belowLevel, requireOpen } from "../tensor/level.js";
import type { Linearization, Op, Site } from "../tensor/op.js";
import type { Reading } from "../tensor/reading.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";

/** The tangent of f(...primals) along tangents: linear in the tangents, made of public ops. */
export type JvpRule<A extends readonly Tensor[] = readonly Tensor[]> = (
  primals: Readonly<A>,
  tangents: Readonly<A>,
) => Tensor;

/** A function from tensors to one tensor. */
type TensorFunction = (...args: Tensor[]) => Tensor;

/**
 * `f` with a derivative of its own, for every reading. The rule is read as the linear maps that it is made of, so that an
 * elementwise one keeps what ties it has, and reverse mode transposes it. `f` takes and gives tensors. Values that `f` reads
 * besides its arguments keep the derivative that the ops of `f` give them.
 * @throws ArgumentError where the rule is not linear in its tangents, naming the op; ShapeError or DTypeError where its
 * result is not a tangent of the value
 */
export function customJvp<A extends Tensor[]>(
  f: (...args: A) => Tensor,
  rule: JvpRule<A>,
): (...args: A) => Tensor;
export function customJvp(f: TensorFunction, rule: JvpRule): TensorFunction {
  requireFunction("customJvp", f);
  requireFunction("customJvp", rule);
  const name = f.name || "the function";
  const value: TensorFunction = (...args) => {
    const out: unknown = f(...args);
    if (!isTensor(out))
      throw new DTypeError(`customJvp: expected ${name} to give one tensor, got ${kindOf(out)}`);
    return out;
  };
  const op: Op<number> = {
    name: f.name || "customJvp",
    infer: () => {
      throw new OnwardError("customJvp: the shape follows from evaluating the function");
    },
    linearize: (site, i) => linearize(name, rule, site, i),
  };
  return (...args) => {
    if (args.length < f.length)
      throw new ArgumentError(
        `customJvp: expected ${f.length} tensors as arguments of ${name}, got ${args.length}`,
      );
    args.forEach((t: unknown, i) => {
      if (!isTensor(t))
        throw new DTypeError(`customJvp: expected tensors as arguments of ${name}, got ${kindOf(t)} at ${i}`);
    });
    return followed(op as Op<unknown>, value, args.map(heard), heard(value(...args.map(primalOf))));
  };
}

/**
 * One level after the other, from the top. What `f` has read besides its arguments may be followed as well: `plain`, its
 * value at plain arguments, tells by which levels. At such a level the value depends on it as the ops of `f` say.
 */
function followed(op: Op<unknown>, f: TensorFunction, args: readonly Tensor[], plain: Tensor): Tensor {
  let top: Reading | null = null;
  for (const { value } of [...args, plain])
    if (value.kind === "followed" && (top === null || value.reading.level > top.level))
      top = value.reading as Reading;
  if (top === null) return plain;
  requireOpen(top, op.name);
  const lower = (t: Tensor): Tensor =>
    t.value.kind === "followed" && t.value.reading === top ? t.value.primal : t;
  const lowered = args.map(lower);
  const { level } = top;
  const output = belowLevel(level, () => followed(op, f, lowered.map(heard), heard(lower(plain))));
  if (lower(plain) === plain) return top.follow(op, args, args.length, output);
  const besides = lowered.every((t) => t.value.kind !== "followed") ? plain : f(...lowered);
  return top.follow(op, [...args, besides], args.length, output);
}

/** The maps of the rule at the level that asks, by argument `i`; values of that level are constants to it. */
function linearize(name: string, rule: JvpRule, site: Site<number>, i: number): Linearization {
  const { inputs, output, attrs: count, level } = site;
  // after the arguments comes the value as it depends on what `f` has read besides
  if (i === count) return [];
  const primals = inputs.slice(0, count);
  const along = primals.map((x) => (isFloat(x.dtype) ? x : null));
  const checked = (tangents: readonly (Tensor | null)[]): Tensor => {
    const t: unknown = rule(
      primals,
      tangents.map((tangent, j) => tangent ?? zerosLike(primals[j])),
    );
    const wanted = `${output.dtype} ${formatShape(output.shape)}`;
    if (!isTensor(t))
      throw new DTypeError(`customJvp: expected the rule of ${name} to give ${wanted}, got ${kindOf(t)}`);
    const got = `customJvp: expected the rule of ${name} to give ${wanted}, got ${t.dtype} ${formatShape(t.shape)}`;
    if (t.dtype !== output.dtype) throw new DTypeError(got);
    if (!sameShape(t.shape, output.shape)) throw new ShapeError(got);
    return t;
  };
  return belowLevel(level, () => linearMapsOf(name, checked, along, i));
}
