import { RuleError } from "../../../core/errors.js";
import { sizeOf } from "../../../core/shape.js";
import { type Axis, align, type Factor } from "../../../forward/factor.js";
import { settle } from "../../../forward/settle.js";
import type { Term } from "../../../forward/term.js";
import { full, zeros } from "../../../ops/create.js";
import { concat } from "../../../ops/join.js";
import { broadcastTo, reshape } from "../../../ops/views.js";
import { entries } from "../../../tensor/read.js";
import type { SavedPart } from "../../../tensor/saved/part.js";
import type { Saved } from "../../../tensor/saved/save.js";
import type { Tensor } from "../../../tensor/tensor.js";
import type { Contribution } from "../../influence/push.js";
import type { Block } from "../../influence/sources.js";

/** ∂next/∂θ of a block as one outer product per stream: rows[b, z, r] column[b, c], θ's axes split into r and c. */
export interface OuterProduct {
  /** By area: [B, K, R] with K entries in all states of a stream that have derivatives, or `null` where it is zero. */
  readonly rows: readonly (Tensor | null)[];
  /** [B, C]. */
  readonly column: Tensor;
  readonly rowAxes: readonly Axis[];
  readonly columnAxes: readonly Axis[];
}

/** A new state that has derivatives, and what it depends on. */
export interface StateTerms {
  readonly state: Tensor;
  readonly list: readonly Contribution[];
}

/**
 * Splits the immediate derivative by a parameter block: lazy terms keep the input apart from what it is scaled by.
 * @throws RuleError where the block meets more than one input, so that no single product holds them
 */
export function splitImmediate(
  rule: string,
  block: Block,
  index: number,
  areas: readonly (readonly StateTerms[])[],
  batch: number,
): OuterProduct {
  const refuse = (): never => {
    throw new RuleError(
      `${rule}: expected a parameter that meets one input as an outer product, got ${block.path}; use rfp, uoro or snap`,
    );
  };
  const termsOf = (list: readonly Contribution[]): readonly Term[] =>
    list.flatMap(({ source, tangent }) =>
      source.kind === "block" && source.block === index ? tangent.terms : [],
    );
  const all = areas.flatMap((area) => area.flatMap(({ list }) => termsOf(list)));
  const known = (term: Term): Factor | null => (term.base?.kind === "dense" ? term.base : null);
  const columnAxes = block.axes.filter((a) => all.some((term) => known(term)?.axes.includes(a)));
  const rowAxes = block.axes.filter((a) => !columnAxes.includes(a));
  let column: Tensor | null = null;
  for (const term of all) {
    const base = known(term);
    const along = [term.axes[0], ...columnAxes];
    if (base?.axes.some((a) => !along.includes(a))) refuse();
    if (term.coefficient?.axes.some((a) => columnAxes.includes(a))) refuse();
    const x = base ? align(base, along) : null;
    const sizes = [batch, ...columnAxes.map((a) => a.size)];
    const here = x
      ? reshape(broadcastTo(x, sizes), [batch, sizeOf(sizes.slice(1))])
      : full([batch, sizeOf(sizes.slice(1))], 1, { dtype: block.dtype });
    if (column !== null && !sameEntries(column, here)) refuse();
    column = here;
  }
  const rows = areas.map((area) => {
    if (!area.some(({ list }) => termsOf(list).length)) return null;
    const parts = area.map(({ list, state: { shape, dtype, size } }) => {
      const terms = termsOf(list).map((term) => ({ ...term, base: null }));
      const settled = settle({ params: rowAxes, dtype, terms }, shape, rowAxes, dtype).dense();
      return reshape(settled, [batch, size / batch, sizeOf(rowAxes.map((a) => a.size))]);
    });
    return concat(parts, 1);
  });
  const empty = zeros([batch, sizeOf(columnAxes.map((a) => a.size))], { dtype: block.dtype });
  return { rows, column: column ?? empty, rowAxes, columnAxes };
}

function sameEntries(a: Tensor, b: Tensor): boolean {
  if (a === b) return true;
  const [x, y] = [entries(a), entries(b)];
  for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) return false;
  return true;
}

/** A product with its axes by their places in the block. */
export function savedProduct({ axes }: Block, product: OuterProduct | null): Saved {
  if (product === null) return null;
  const { rows, column, rowAxes, columnAxes } = product;
  const placesOf = (some: readonly Axis[]): number[] => some.map((a) => axes.indexOf(a));
  return { rows, column, rowAxes: placesOf(rowAxes), columnAxes: placesOf(columnAxes) };
}

/** @throws CheckpointError for what is no product of the block */
export function productFrom({ axes, dtype }: Block, saved: SavedPart): OuterProduct {
  const axesOf = (part: SavedPart): Axis[] =>
    part.list().map((place) => axes[place.count()] ?? place.refuse("an axis of the parameter"));
  const [rowAxes, columnAxes] = [axesOf(saved.at("rowAxes")), axesOf(saved.at("columnAxes"))];
  const column = saved.at("column").tensor();
  const [batch] = column.shape;
  const size = (some: readonly Axis[]): number => sizeOf(some.map((a) => a.size));
  saved.at("column").tensor({ shape: [batch, size(columnAxes)], dtype });
  const rows = saved
    .at("rows")
    .list()
    .map((area) =>
      area.maybe((of) => {
        const found = of.tensor();
        return of.tensor({ shape: [batch, found.shape[1], size(rowAxes)], dtype: found.dtype });
      }),
    );
  return { rows, column, rowAxes, columnAxes };
}
