import { cellNamed } from "../cells/index.js";
import { type Model, network, type Supervised } from "../learn/index.js";

/** Named cells on top of each other: each takes the output of the one below. */
export interface StackSizes {
  readonly cells: readonly string[];
  /** Input without its batch axis: [m] or [C, H, W]. */
  readonly input: readonly number[];
  /** Units of each cell; the last number serves all that follow. */
  readonly units: readonly number[];
}

export function stackOf({ cells, units, input }: StackSizes): Model<Supervised> {
  let below = input;
  const areas = cells.map((name, i) => {
    const area = cellNamed(name)({ input: below, units: units[i] ?? units[units.length - 1] });
    below = area.outputShape;
    return area;
  });
  return network<Supervised>(areas);
}
