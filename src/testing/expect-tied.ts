import type { Cell, CellSizes, Locality } from "../cells/_cell.js";
import { bytesPerElement, isFloat } from "../core/dtype.js";
import { ArgumentError } from "../core/errors.js";
import { anything, type Known, nameOf as nameOfValue, options as optionsOf } from "../core/kinds.js";
import { formatShape, sizeOf } from "../core/shape.js";
import { network } from "../learn/model/network.js";
import { type PlanRow, plan } from "../learn/plan/plan.js";
import { attempt } from "./attempt.js";
import { type CellSubject, isKind, nameOf, requireCell, requireSubject } from "./cell-case.js";
import { requireInit, zeroStateOf } from "./cell-contract.js";
import { TieError } from "./errors.js";
import { isWithin, localityOf } from "./locality.js";

export interface ExpectTiedOptions {
  /** What the influence must be tied by; default: what the cell declares. */
  readonly locality?: Locality;
  /** Sizes for a kind of cell; default: 4 units, input 3 or [2, 3, 3]. */
  readonly sizes?: CellSizes;
}

/** The influence of one parameter block on the states of its cell. */
export interface TieRow {
  readonly parameter: string;
  /** Its own shape. */
  readonly shape: readonly number[];
  /** Numbers of the influence, for one stream. */
  readonly numbers: number;
  /** k·p: states that it reaches times its entries; k·H·W·p in convolutional cells. */
  readonly compressed: number;
  /** Whether the units (or channels) of the states are tied to an axis of the parameter. */
  readonly tied: boolean;
  readonly ties: PlanRow["tied"];
  /** Axes of the parameter that lost their tie, with the op and the source line that broke it. */
  readonly broken: PlanRow["broken"];
}

export interface TieReport {
  readonly cell: string;
  /** What the rows were held against; of `dense` nothing is claimed. */
  readonly locality: Locality;
  /** What the recurrence does, found by following entries of the states through `next`. */
  readonly found: Locality;
  readonly rows: readonly TieRow[];
  /** Numbers of all blocks, for one stream. */
  readonly numbers: number;
  /** k·p of all blocks, and what no tie at all would take: k·n·p. */
  readonly compressed: number;
  readonly dense: number;
}

const expecting: Known<ExpectTiedOptions> = { locality: anything, sizes: anything };
const localities: readonly Locality[] = ["unit", "channel", "dense"];

/**
 * Expects the influence of every parameter block to stay compressed, as the locality of the cell promises: units (for
 * convolutional cells: channels) tied to an axis of the parameter, so that it takes k·p numbers. A parameter of one number
 * for all units has no tie to lose: one number per state is the least there is.
 * @throws TieError naming parameter, axis, op and source line, and what it costs; also where the recurrence mixes more
 * than the cell declares
 */
export function expectTied(subject: CellSubject, options: ExpectTiedOptions = {}): TieReport {
  optionsOf("expectTied", options, expecting);
  requireSubject("expectTied", subject);
  const cell = cellFor(subject, options.sizes);
  const spatial = cell.geometry.state.length > 1;
  const locality = options.locality ?? cell.locality ?? (spatial ? "channel" : "unit");
  if (!localities.includes(locality))
    throw new ArgumentError(
      `expectTied: expected a locality of ${localities.join(", ")}, got ${nameOfValue(locality)}`,
    );
  const who = `expectTied: ${cell.name}`;
  requireInit(who, cell);
  const report = reportOf(cell, locality, localityOf(who, cell));
  if (locality === "dense") return report;
  requireTies(who, cell, report.rows);
  if (!isWithin(report.found, locality))
    throw new TieError(
      `${who}: expected a recurrence within each ${locality}, as ${options.locality ? "asked" : "declared"}, got a ${report.found} one: new states depend on old states of other ${report.found === "channel" ? "positions" : "units"}`,
    );
  return report;
}

function cellFor(subject: CellSubject, sizes: CellSizes | undefined): Cell {
  if (!isKind(subject)) return requireCell("expectTied", subject);
  const input = subject.definition?.spatial ? [2, 3, 3] : 3;
  const built = attempt(`expectTied: ${nameOf(subject)}`, () => subject(sizes ?? { input, units: 4 }));
  return requireCell("expectTied", built);
}

function reportOf(cell: Cell, locality: Locality, found: Locality): TieReport {
  const zero = zeroStateOf(`expectTied: ${cell.name}`, cell, 1);
  const { rows } = attempt(`expectTied: ${cell.name}: next`, () => plan(network([cell])));
  const own = rows.map(({ parameter: path, states, tied, broken, bytes }): TieRow => {
    const parameter = path.replace(/^areas\.0\./, "");
    const shape = cell.shapes[parameter];
    // of states of one shape
    const positions = zero[states[0]].shape.slice(2);
    const kept = tied.some(({ state }) => state === 1);
    return {
      parameter,
      shape,
      numbers: bytes / bytesPerElement.float64,
      compressed: states.length * sizeOf(shape) * sizeOf(positions),
      tied: kept,
      ties: tied,
      // the axes of a kernel are summed by its convolution, which costs nothing more
      broken: kept ? [] : broken,
    };
  });
  const total = (of: (row: TieRow) => number): number => own.reduce((sum, row) => sum + of(row), 0);
  return {
    cell: cell.name,
    locality,
    found,
    rows: own,
    numbers: total((row) => row.numbers),
    compressed: total((row) => row.compressed),
    dense: own.reduce((sum, row, i) => sum + row.compressed * (zero[rows[i].states[0]].shape[1] ?? 1), 0),
  };
}

function requireTies(who: string, cell: Cell, rows: readonly TieRow[]): void {
  const zero = Object.values(zeroStateOf(who, cell, 1)).filter((t) => isFloat(t.dtype));
  const states = zero.reduce((n, t) => n + t.size, 0);
  // up to one number per state, or up to what a tie would store, there is nothing to save
  const lost = rows.filter(
    ({ tied, broken, numbers, compressed }) =>
      !tied && broken.length > 0 && numbers > Math.max(states, compressed),
  );
  if (lost.length === 0) return;
  const spatial = cell.geometry.state.length > 1;
  const product = spatial ? "k·H·W·p" : "k·p";
  const lines = lost.map(
    (row) =>
      `  ${row.parameter} ${formatShape(row.shape)}: axis ${causeOf(row).parameter} by ${causeOf(row).by}; ${row.numbers} numbers, ${product} = ${row.compressed}`,
  );
  const [{ parameter, numbers, compressed }] = lost;
  const cause = causeOf(lost[0]);
  throw new TieError(
    `${who}: the influence of ${parameter} must stay tied to the ${spatial ? "channels" : "units"}, got the tie of its axis ${cause.parameter} broken by ${cause.by}: ${numbers} numbers a stream instead of ${product} = ${compressed}\n${lines.join("\n")}`,
  );
}

/** The last tie that was lost is the one that kept the influence small; those before belong to axes that a drive sums. */
function causeOf({ broken }: TieRow): TieRow["broken"][number] {
  return broken[broken.length - 1];
}
