import { ShapeError } from "./errors.js";

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

export function formatShape(shape: Shape): string {
  return `[${shape.join(",")}]`;
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

/** An axis counted from the front; negative axes count from the back. */
export function normalizeAxis(who: string, axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || at < 0 || at >= rank)
    throw new ShapeError(`${who}: axis must lie in [${-rank}, ${rank - 1}], got ${axis}`);
  return at;
}

/** Distinct axes counted from the front, ascending; `undefined` means all of them. */
export function normalizeAxes(
  who: string,
  axes: number | readonly number[] | undefined,
  rank: number,
): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, i) => i);
  const list = (typeof axes === "number" ? [axes] : axes).map((a) => normalizeAxis(who, a, rank));
  if (new Set(list).size !== list.length)
    throw new ShapeError(`${who}: axes must be distinct, got [${list}]`);
  return list.sort((a, b) => a - b);
}

export function checkShape(who: string, shape: Shape): Shape {
  for (const d of shape)
    if (!Number.isInteger(d) || d < 0)
      throw new ShapeError(`${who}: sizes must be integers >= 0, got ${formatShape(shape)}`);
  return shape;
}
