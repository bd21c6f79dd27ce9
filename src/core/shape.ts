import { mostEntries } from "./dtype.js";
import { ShapeError } from "./errors.js";
import { isArray, kindOf } from "./kinds.js";

/** Sizes of the axes, outermost first; `[]` is a scalar. */
export type Shape = readonly number[];

export function sizeOf(shape: Shape): number {
  let n = 1;
  for (const d of shape) n *= d;
  return n;
}

/** Row-major strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= shape[i];
  }
  return strides;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Most axes of a tensor, as in NumPy. */
export const mostAxes = 64;

/** Such as `[2,3]`; what is longer than any shape may be is cut, and what is no number is told by its kind. */
export function formatShape(shape: Shape): string {
  const sizes = shape.length <= mostAxes ? shape : shape.slice(0, 3);
  const told = sizes.every((n) => typeof n === "number") ? sizes.join(",") : sizes.map(kindOf).join(",");
  return sizes === shape ? `[${told}]` : `[${told},...] of ${shape.length} axes`;
}

/** NumPy's broadcasting rule: align at the last axis; sizes agree or one of them is 1. */
export function broadcastShapes(who: string, shapes: readonly Shape[]): Shape {
  const first = shapes[0];
  if (shapes.every((s) => sameShape(s, first))) return first;
  const rank = Math.max(...shapes.map((s) => s.length));
  const out = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    for (let i = 0; i < shape.length; i++) {
      const at = rank - shape.length + i;
      if (shape[i] === 1) continue;
      if (out[at] !== 1 && out[at] !== shape[i])
        throw new ShapeError(
          `${who}: shapes must broadcast (sizes agree or are 1, aligned at the last axis), got ${shapes.map(formatShape).join(" and ")}`,
        );
      out[at] = shape[i];
    }
  }
  return out;
}

/** An axis counted from the front; negative axes count from the back. @throws ShapeError */
export function normalizeAxis(who: string, axis: number, rank: number): number {
  const at = Number.isInteger(axis) ? (axis < 0 ? axis + rank : axis) : -1;
  if (at < 0 || at >= rank)
    throw new ShapeError(
      rank === 0
        ? `${who}: a scalar has no axis, got ${kindOf(axis)}`
        : `${who}: axis must lie in [${-rank}, ${rank - 1}], got ${kindOf(axis)}`,
    );
  return at;
}

/** Distinct axes counted from the front, ascending; `undefined` means all of them. @throws ShapeError */
export function normalizeAxes(
  who: string,
  axes: number | readonly number[] | undefined,
  rank: number,
): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, i) => i);
  if (typeof axes === "number") return [normalizeAxis(who, axes, rank)];
  if (!isArray(axes))
    throw new ShapeError(`${who}: expected an axis or an array of axes, got ${kindOf(axes)}`);
  if (axes.length > rank)
    throw new ShapeError(`${who}: expected at most ${rank} distinct axes, got ${axes.length}`);
  const list: number[] = [];
  for (let i = 0; i < axes.length; i++) list.push(normalizeAxis(who, axes[i], rank));
  if (new Set(list).size !== list.length)
    throw new ShapeError(`${who}: axes must be distinct, got ${formatShape(list)}`);
  return list.sort((a, b) => a - b);
}

/** A shape of one's own, that its giver cannot change. @throws ShapeError for what is none */
export function checkShape(who: string, shape: Shape): Shape {
  if (!isArray(shape)) throw new ShapeError(`${who}: expected a shape such as [2,3], got ${kindOf(shape)}`);
  if (shape.length > mostAxes)
    throw new ShapeError(`${who}: expected at most ${mostAxes} axes, got ${shape.length}`);
  const own = new Array<number>(shape.length);
  for (let i = 0; i < own.length; i++) {
    own[i] = shape[i];
    if (!Number.isInteger(own[i]) || own[i] < 0 || own[i] > mostEntries)
      throw new ShapeError(
        `${who}: sizes must be integers >= 0 and <= ${mostEntries}, got ${kindOf(own[i])} on axis ${i}`,
      );
  }
  return own;
}

/** Whether entries lie in their order without gaps, by a look that allocates nothing. */
export function isRowMajor(strides: readonly number[], shape: Shape): boolean {
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (strides[i] !== step && shape[i] > 1) return false;
    step *= shape[i];
  }
  return true;
}
