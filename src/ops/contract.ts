import { requireFloat, sameDType } from "../core/dtype.js";
import { ArgumentError, ShapeError } from "../core/errors.js";
import { kindOf, quote } from "../core/kinds.js";
import { broadcastShapes, formatShape } from "../core/shape.js";
import type { ContractAttrs } from "../device/attributes.js";
import { apply } from "../tensor/apply.js";
import { contraction } from "../tensor/linear-map.js";
import type { Op } from "../tensor/op.js";
import { requireTensor, type Tensor } from "../tensor/tensor.js";
import { sum } from "./reduce.js";
import { broadcastTo, permute, reshape, slice } from "./views.js";

const op: Op<ContractAttrs> = {
  name: "contract",
  infer: ([a, b], { aLabels, bLabels, outLabels }) => {
    for (let i = 0; i < bLabels.length; i++) {
      const j = aLabels.indexOf(bLabels[i]);
      if (j >= 0 && a.shape[j] !== b.shape[i])
        throw new ShapeError(
          `einsum: axis "${bLabels[i]}" must have one size, got ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
        );
    }
    return {
      shape: outLabels.map((l) => {
        const i = aLabels.indexOf(l);
        return i >= 0 ? a.shape[i] : b.shape[bLabels.indexOf(l)];
      }),
      dtype: requireFloat("einsum", sameDType("einsum", [a.dtype, b.dtype])),
    };
  },
  linearize: ({ inputs: [a, b], attrs: { aLabels, bLabels, outLabels } }, i) => [
    i === 0 ? contraction(b, aLabels, bLabels, outLabels) : contraction(a, bLabels, aLabels, outLabels),
  ],
};

/** Sum of products over the labels that the result lacks; the public form is `einsum`. */
export function contract(
  a: Tensor,
  b: Tensor,
  aLabels: readonly string[],
  bLabels: readonly string[],
  outLabels: readonly string[],
): Tensor {
  return apply(op, [a, b], { aLabels, bLabels, outLabels });
}

/** Sums out the labels that stand in one operand only. */
function drop(x: Tensor, labels: readonly string[], needed: ReadonlySet<string>): [Tensor, string[]] {
  const lone = labels.flatMap((label, i) => (needed.has(label) ? [] : [i]));
  return [lone.length ? sum(x, lone) : x, labels.filter((label) => needed.has(label))];
}

/** The diagonal over axes that share a label. */
function diagonal(x: Tensor, labels: readonly string[]): [Tensor, string[]] {
  const twice = labels.findIndex((label, i) => labels.indexOf(label) !== i);
  if (twice < 0) return [x, [...labels]];
  const first = labels.indexOf(labels[twice]);
  const n = x.shape[twice];
  if (x.shape[first] !== n)
    throw new ShapeError(`einsum: axis "${labels[twice]}" must have one size, got ${formatShape(x.shape)}`);
  const rest = labels.map((_, i) => i).filter((i) => i !== first && i !== twice);
  const outer = rest.map((i) => x.shape[i]);
  const square = reshape(permute(x, [...rest, first, twice]), [...outer, n * n]);
  const strided = slice(square, [...outer.map(() => null), [0, n * n, n + 1]]);
  return diagonal(strided, [...rest.map((i) => labels[i]), labels[twice]]);
}

/**
 * Einstein summation: `einsum("bi,oi->bo", x, w)`. One letter per axis; letters missing on the right are summed,
 * a letter twice in one operand takes the diagonal. Operands are contracted from left to right.
 * @throws ShapeError when letters and shapes do not fit
 */
export function einsum(spec: string, ...operands: readonly Tensor[]): Tensor {
  if (typeof spec !== "string")
    throw new ArgumentError(`einsum: expected letters such as "bi,oi->bo", got ${kindOf(spec)}`);
  for (const x of operands) requireTensor("einsum", x);
  const match = /^([a-zA-Z]*(?:,[a-zA-Z]*)*)->([a-zA-Z]*)$/.exec(spec.replaceAll(" ", ""));
  if (!match) throw new ShapeError(`einsum: expected letters such as "bi,oi->bo", got ${quote(spec)}`);
  const inputs = match[1].split(",").map((s) => [...s]);
  const out = [...match[2]];
  if (inputs.length !== operands.length)
    throw new ShapeError(`einsum: ${quote(spec)} names ${inputs.length} operands, got ${operands.length}`);
  inputs.forEach((labels, i) => {
    if (labels.length !== operands[i].rank)
      throw new ShapeError(
        `einsum: ${quote(labels.join(""))} needs rank ${labels.length}, got ${formatShape(operands[i].shape)}`,
      );
  });
  const bad = out.find(
    (label, i) => out.indexOf(label) !== i || !inputs.some((labels) => labels.includes(label)),
  );
  if (bad !== undefined)
    throw new ShapeError(
      `einsum: "${bad}" must stand once on the right and somewhere on the left of ${quote(spec)}`,
    );
  let [x, labels] = diagonal(operands[0], inputs[0]);
  for (let i = 1; i < operands.length; i++) {
    const [y, yLabels] = diagonal(operands[i], inputs[i]);
    const later = new Set([...inputs.slice(i + 1).flat(), ...out]);
    const [a, aLabels] = drop(x, labels, new Set([...later, ...yLabels]));
    const [b, bLabels] = drop(y, yLabels, new Set([...later, ...labels]));
    const result =
      i === operands.length - 1
        ? out
        : [...new Set([...aLabels, ...bLabels])].filter((label) => later.has(label));
    x = contract(a, b, aLabels, bLabels, result);
    labels = [...result];
  }
  const [y, left] = drop(x, labels, new Set(out));
  return permute(
    y,
    out.map((label) => left.indexOf(label)),
  );
}

/** Two matrices need no batch and no names of their own: a small product is over before these were made. */
const ofMatrices: ContractAttrs = { aLabels: ["m", "k"], bLabels: ["k", "n"], outLabels: ["m", "n"] };

/**
 * Matrix product over the last two axes with broadcasting over the others, as NumPy's: [.., m, k] x [.., k, n];
 * a vector operand counts as a row or a column.
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  requireTensor("matmul", a);
  requireTensor("matmul", b);
  if (a.rank === 0 || b.rank === 0)
    throw new ShapeError(
      `matmul: expected rank at least 1, got ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    );
  if (a.shape[a.rank - 1] !== b.shape[Math.max(0, b.rank - 2)])
    throw new ShapeError(
      `matmul: inner sizes must agree, got ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    );
  if (a.rank === 2 && b.rank === 2) return apply(op, [a, b], ofMatrices);
  const aCore = a.rank === 1 ? ["k"] : ["m", "k"];
  const bCore = b.rank === 1 ? ["k"] : ["k", "n"];
  const batch = broadcastShapes("matmul", [a.shape.slice(0, -aCore.length), b.shape.slice(0, -bCore.length)]);
  const names = batch.map((_, i) => `${i}`);
  const spread = (x: Tensor, core: readonly string[]): [Tensor, string[]] => {
    const own = x.rank - core.length;
    const target = [...batch.slice(batch.length - own), ...x.shape.slice(own)];
    return [broadcastTo(x, target), [...names.slice(batch.length - own), ...core]];
  };
  const [x, xLabels] = spread(a, aCore);
  const [y, yLabels] = spread(b, bCore);
  const out = [...names, ...(a.rank === 1 ? [] : ["m"]), ...(b.rank === 1 ? [] : ["n"])];
  return contract(x, y, xLabels, yLabels, out);
}

function pairwise(who: string, spec: string, a: Tensor, b: Tensor): Tensor {
  for (const x of [a, b])
    if (requireTensor(who, x).rank !== 1)
      throw new ShapeError(
        `${who}: expected two vectors, got ${formatShape(a.shape)} and ${formatShape(requireTensor(who, b).shape)}`,
      );
  return einsum(spec, a, b);
}

/** Inner product of two vectors. */
export const dot = (a: Tensor, b: Tensor): Tensor => pairwise("dot", "i,i->", a, b);

/** Outer product of two vectors, [n, m]. */
export const outer = (a: Tensor, b: Tensor): Tensor => pairwise("outer", "i,j->ij", a, b);
