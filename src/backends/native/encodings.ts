/** How each op becomes instructions. */
import { type Shape, stridesOf } from "../../core/shape.js";
import type { ContractAttrs, ConvAttrs, Index } from "../../device/attributes.js";
import type { Operand, Result } from "../../device/backend.js";
import { binary, others, unary } from "../../device/catalogue/pointwise.js";
import type { structural as rows } from "../../device/catalogue/structural.js";
import { HostStorage } from "../../device/host-storage.js";
import { type Instructions, maximumRank, type Stepped } from "./instruction.js";

/** Appends the op's instructions; false where no kernel takes it. */
type Encoding = (
  to: Instructions,
  name: string,
  inputs: readonly Operand[],
  attrs: never,
  out: Result,
) => boolean;

/** Strides of an operand along the axes of a shape that it broadcasts to. */
function broadcast(x: Operand, shape: Shape): Stepped {
  const lead = shape.length - x.shape.length;
  if (lead === 0 && x.shape.every((n, i) => n === shape[i])) return x;
  const strides = shape.map((_, i) => (i < lead || x.shape[i - lead] === 1 ? 0 : x.strides[i - lead]));
  return { data: x.data, offset: x.offset, strides };
}

const still: readonly number[] = [0];
const step: readonly number[] = [1];

/** An operand along the one axis that all of a contiguous result makes; null where it has no single stride there. */
function flat(x: Operand, shape: Shape): Stepped | null {
  if (x.shape.length === 0) return { data: x.data, offset: x.offset, strides: still };
  if (x.shape.length !== shape.length) return null;
  let expected = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (x.shape[i] !== shape[i] || (x.strides[i] !== expected && shape[i] !== 1)) return null;
    expected *= shape[i];
  }
  return { data: x.data, offset: x.offset, strides: step };
}

function pointwise(
  to: Instructions,
  kernel: string,
  inputs: readonly Operand[],
  out: Result,
  numbers?: readonly number[],
): boolean {
  const { data, shape } = out;
  const operands: Stepped[] = [{ data, offset: 0, strides: step }];
  for (const x of inputs) {
    const along = flat(x, shape);
    if (along === null) {
      const all = [{ data, offset: 0, strides: stridesOf(shape) }, ...inputs.map((y) => broadcast(y, shape))];
      return to.instruction(kernel, shape, all, [], numbers);
    }
    operands.push(along);
  }
  return to.instruction(kernel, [data.length], operands, [], numbers);
}

/** A copy of x, seen as x's shape, to an offset of the result. */
const copy = (
  to: Instructions,
  x: Operand,
  out: Result,
  offset: number,
  strides: readonly number[],
): boolean => to.instruction("copy", x.shape, [{ data: out.data, offset, strides }, x]);

function reduction(
  to: Instructions,
  name: string,
  [x]: readonly Operand[],
  { axes }: { axes: readonly number[] },
  out: Result,
): boolean {
  const kept = stridesOf(out.shape);
  let next = 0;
  const strides = x.shape.map((_, i) => (axes.includes(i) ? 0 : kept[next++]));
  return to.instruction(name, x.shape, [{ data: out.data, offset: 0, strides }, x]);
}

/** The list with the entry at `axis` moved to the end, or replaced there. */
const atEnd = (list: readonly number[], axis: number, last = list[axis]): number[] => [
  ...list.slice(0, axis),
  ...list.slice(axis + 1),
  last,
];

function argmax(
  to: Instructions,
  name: string,
  [x]: readonly Operand[],
  { axis }: { axis: number },
  out: Result,
): boolean {
  return to.instruction(name, atEnd(x.shape, axis), [
    { data: out.data, offset: 0, strides: [...stridesOf(out.shape), 0] },
    { data: x.data, offset: x.offset, strides: atEnd(x.strides, axis) },
  ]);
}

function cumsum(
  to: Instructions,
  name: string,
  [x]: readonly Operand[],
  { axis, reverse }: { axis: number; reverse: boolean },
  out: Result,
): boolean {
  return to.instruction(
    name,
    atEnd(x.shape, axis),
    [
      { data: out.data, offset: 0, strides: atEnd(stridesOf(out.shape), axis) },
      { data: x.data, offset: x.offset, strides: atEnd(x.strides, axis) },
    ],
    [reverse ? 1 : 0],
  );
}

/** Strides along labels: zero where an operand has no such axis. */
function labelled(labels: readonly string[], own: readonly string[], strides: readonly number[]): number[] {
  return labels.map((l) => {
    const i = own.indexOf(l);
    return i >= 0 ? strides[i] : 0;
  });
}

function contract(
  to: Instructions,
  name: string,
  [a, b]: readonly Operand[],
  { aLabels, bLabels, outLabels }: ContractAttrs,
  out: Result,
): boolean {
  const labels = [...outLabels];
  for (const l of aLabels) if (!outLabels.includes(l)) labels.push(l);
  // its plan has room for two more axes beside these
  if (labels.length > maximumRank - 2) return false;
  const shape = labels.map((l) => {
    const i = aLabels.indexOf(l);
    return i >= 0 ? a.shape[i] : b.shape[bLabels.indexOf(l)];
  });
  return to.instruction(name, shape, [
    { data: out.data, offset: 0, strides: labelled(labels, outLabels, stridesOf(out.shape)) },
    { data: a.data, offset: a.offset, strides: labelled(labels, aLabels, a.strides) },
    { data: b.data, offset: b.offset, strides: labelled(labels, bLabels, b.strides) },
  ]);
}

/** The list with the entries at the indexed axis replaced. */
const replaced = (list: readonly number[], axis: number, count: number, by: readonly number[]): number[] => [
  ...list.slice(0, axis),
  ...by,
  ...list.slice(axis + count),
];

function indexed(
  to: Instructions,
  name: string,
  [x]: readonly Operand[],
  { axis, index }: { axis: number; index: Index },
  out: Result,
): boolean {
  if (index.at.length === 0) return false;
  const width = index.shape.length;
  const none = index.shape.map(() => 0);
  const strides = stridesOf(out.shape);
  const isTake = name === "take";
  const shape = isTake ? out.shape : x.shape;
  const positions = replaced(
    shape.map(() => 0),
    axis,
    width,
    stridesOf(index.shape),
  );
  const [size, stride] = isTake ? [x.shape[axis], x.strides[axis]] : [out.shape[axis], strides[axis]];
  return to.instruction(
    name,
    shape,
    [
      { data: out.data, offset: 0, strides: isTake ? strides : replaced(strides, axis, 1, none) },
      { data: x.data, offset: x.offset, strides: isTake ? replaced(x.strides, axis, 1, none) : x.strides },
      { data: new HostStorage(index.at, "int32"), offset: 0, strides: positions },
    ],
    [axis, width, size, size === 1 ? 0 : stride],
  );
}

function concat(
  to: Instructions,
  _: string,
  parts: readonly Operand[],
  { axis }: { axis: number },
  out: Result,
): boolean {
  const strides = stridesOf(out.shape);
  let start = 0;
  for (const x of parts) {
    if (!copy(to, x, out, start * strides[axis], strides)) return false;
    start += x.shape[axis];
  }
  return true;
}

/** Image, kernel and result, in this order, from what each op takes and gives. */
function convolution(
  to: Instructions,
  name: string,
  [a, b]: readonly Operand[],
  { stride, padding, groups }: ConvAttrs,
  out: Result,
): boolean {
  const result = { ...out, offset: 0, strides: stridesOf(out.shape) };
  const views = name === "conv2d" ? [a, b, result] : name === "conv2dInput" ? [result, b, a] : [a, result, b];
  return to.instruction(
    name,
    [],
    [result, a, b].map(({ data, offset }) => ({ data, offset, strides: [] })),
    [
      ...views.flatMap((v) => [...v.shape, ...v.strides.map((s, i) => (v.shape[i] === 1 ? 0 : s))]),
      ...stride,
      ...padding,
      groups,
    ],
  );
}

const numbersOf = (attrs: unknown, names: readonly string[]): readonly number[] =>
  names.map((name) => (attrs as Readonly<Record<string, number>>)[name]);

const structural: Readonly<Record<keyof typeof rows, Encoding>> = {
  cast: (to, _, inputs, _attrs, out) =>
    pointwise(to, out.dtype === "bool" ? "castBool" : "copy", inputs, out),
  reshape: (to, _, [x], _attrs, out) => copy(to, x, out, 0, stridesOf(x.shape)),
  concat,
  take: indexed,
  put: indexed,
  sum: reduction,
  max: reduction,
  argmax,
  cumsum,
  contract,
  conv2d: convolution,
  conv2dInput: convolution,
  conv2dKernel: convolution,
};

export const encodings: ReadonlyMap<string, Encoding> = new Map<string, Encoding>([
  ...Object.keys({ ...unary, ...binary }).map((name): [string, Encoding] => [
    name,
    (to, kernel, inputs, _, out) => pointwise(to, kernel, inputs, out),
  ]),
  ...Object.entries(others).map(([name, { attributes }]): [string, Encoding] => [
    name,
    (to, kernel, inputs, attrs, out) => pointwise(to, kernel, inputs, out, numbersOf(attrs, attributes)),
  ]),
  ...Object.entries(structural),
]);
