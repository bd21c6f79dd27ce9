import fc from "fast-check";
import type { Cell, CellKind, CellParams } from "../cells/_cell.js";
import { aCell } from "../cells/_kinds.js";
import { cells } from "../cells/registry.js";
import { ArgumentError } from "../core/errors.js";
import { anything, having, isArray, maybe, someObject } from "../core/kinds.js";
import { formatShape, type Shape } from "../core/shape.js";
import type { Model, ModelParams } from "../learn/model/model.js";
import { network, type Supervised } from "../learn/model/network.js";
import { describe, integer, type Range } from "./arbitraries.js";
import { attempt } from "./attempt.js";
import { requireInit } from "./cell-contract.js";
import { inWords } from "./check-learner.js";
import { type Objective, objectives } from "./objectives.js";
import { randomParams, randomSequence } from "./random-case.js";

/** A kind of cell, whose sizes are drawn, or a cell of given sizes. */
export type CellSubject = CellKind | Cell;

export interface CellCaseOptions {
  /** Units, or channels of convolutional cells; default 1 to 4, or 1 to 2. */
  readonly units?: Range;
  /** Sizes of input vectors, or of each of [C, H, W]; default 1 to 4, or 1 to 3. */
  readonly inputs?: Range;
  /** Time steps T; default 1 to 6. */
  readonly steps?: Range;
  /** Streams B; default 1 to 3. */
  readonly batch?: Range;
}

/** What is drawn at random, and shrinks: towards a cell alone, of size 1, with one step, one stream and seed 0. */
export interface DrawnCase {
  readonly place: "alone" | "below" | "above";
  readonly neighbor: number;
  readonly neighborUnits: number;
  readonly units: number;
  readonly input: readonly [number, number, number];
  readonly stride: number;
  readonly activation: "elu" | "tanh";
  readonly objective: Objective;
  readonly steps: number;
  readonly batch: number;
  readonly seed: number;
  readonly saturation: number;
  /** Steps that rules take at once, where they can. */
  readonly window: number;
  /** Whether steps are replayed, where all areas say that they are pure. */
  readonly compile: boolean;
  /** Another order of the keys of parameters, states and results. */
  readonly keys: number;
}

/** A cell, alone or in a stack, with parameters and data. */
export interface BuiltCase {
  readonly cell: Cell;
  readonly params: CellParams;
  /** A sequence for the cell on its own. */
  readonly inputs: readonly Supervised[];
  readonly model: Model<Supervised>;
  readonly modelParams: ModelParams;
  readonly samples: readonly Supervised[];
  readonly label: string;
}

export const isKind = (subject: unknown): subject is CellKind => typeof subject === "function";

export const nameOf = (subject: CellSubject): string =>
  isKind(subject) ? (subject.definition?.name ?? subject.name) : subject.name;

const isSpatial = (subject: CellSubject): boolean =>
  isKind(subject) ? (subject.definition?.spatial ?? false) : subject.geometry.input.length === 3;

const spatialOf = (kind: CellKind): boolean => kind.definition.spatial ?? false;
const above = Object.values(cells).filter((kind) => !spatialOf(kind));

export function arbitraryCellCase(subject: CellSubject, options: CellCaseOptions): fc.Arbitrary<DrawnCase> {
  const spatial = isSpatial(subject);
  const size = integer(options.inputs ?? (spatial ? [1, 3] : [1, 4]));
  return fc.record({
    place: fc.constantFrom("alone" as const, "below" as const, "above" as const),
    neighbor: fc.nat({ max: 99 }),
    neighborUnits: fc.integer({ min: 1, max: 3 }),
    units: integer(options.units ?? (spatial ? [1, 2] : [1, 4])),
    input: fc.tuple(size, size, size),
    stride: fc.constantFrom(1, 2),
    activation: fc.constantFrom("tanh" as const, "elu" as const),
    objective: fc.constantFrom(...(Object.keys(objectives) as Objective[])),
    steps: integer(options.steps ?? [1, 6]),
    batch: integer(options.batch ?? [1, 3]),
    seed: fc.nat({ max: 9999 }),
    saturation: fc.constantFrom(0, 2, 5),
    window: fc.constantFrom(1, 3, 8),
    compile: fc.boolean(),
    keys: fc.nat({ max: 3 }),
  });
}

/**
 * The stack that a case is about: the cell alone, below a vector cell of the library, or above a cell of the library
 * whose output it reads.
 */
export function buildCase(who: string, subject: CellSubject, drawn: DrawnCase): BuiltCase {
  const { neighbor, steps, batch, seed, saturation, objective } = drawn;
  const spatial = isSpatial(subject);
  const input = spatial ? drawn.input : [drawn.input[0]];
  const own = (shape: Shape): Cell => cellOf(who, subject, shape, drawn);
  const areas: Cell[] = [];
  if (drawn.place === "above") {
    const units = isKind(subject) ? drawn.neighborUnits : subject.geometry.input[0];
    const below = pick(
      Object.values(cells).filter((kind) => spatialOf(kind) === spatial),
      neighbor,
    );
    const space = isKind(subject) ? input.slice(1) : subject.geometry.input.slice(1);
    areas.push(below({ input: [input[0], ...space], units }));
  }
  const at = areas.length;
  const cell = own(areas[0]?.outputShape ?? input);
  requireInit(`${who}: ${cell.name}`, cell);
  areas.push(cell);
  if (drawn.place === "below")
    areas.push(pick(above, neighbor)({ input: cell.outputShape, units: drawn.neighborUnits }));
  const model = network<Supervised>(areas, { loss: objectives[objective], pure: true });
  const modelParams = attempt(`${who}: ${cell.name}: init`, () => randomParams(model, seed, saturation));
  const [bottom, top] = [areas[0], areas[areas.length - 1]];
  return {
    cell,
    params: modelParams.areas[at],
    inputs: randomSequence(seed, { input: cell.geometry.input, target: [], steps: steps + 1, batch }),
    model,
    modelParams,
    samples: randomSequence(seed, { input: bottom.geometry.input, target: top.outputShape, steps, batch }),
    label: `${areas.map(describe).join(" > ")}, ${dataOf(drawn)}`,
  };
}

const dataOf = ({ objective, steps, batch, seed, saturation, ...way }: DrawnCase): string =>
  `${objective}, T=${steps} B=${batch}, seed ${seed}, saturation ${saturation}${inWords(way)}`;

/** The case of a cell that cannot be built. */
export function roughLabel(subject: CellSubject, drawn: DrawnCase): string {
  const input = isSpatial(subject) ? drawn.input : drawn.input.slice(0, 1);
  return `${nameOf(subject)} [${input}]>${drawn.units} ${drawn.activation}, ${dataOf(drawn)}`;
}

const pick = <T>(members: readonly T[], at: number): T => members[at % members.length];

function cellOf(who: string, subject: CellSubject, input: Shape, drawn: DrawnCase): Cell {
  if (!isKind(subject)) return subject;
  const { spatial, activation } = subject.definition ?? {};
  const sizes = {
    input: input.length === 1 ? input[0] : input,
    units: drawn.units,
    ...(spatial ? { stride: drawn.stride } : {}),
    ...(activation ? { activation: drawn.activation } : {}),
  };
  const what = `${who}: ${nameOf(subject)} of input ${formatShape(input)} and ${drawn.units} units`;
  return requireCell(
    who,
    attempt(what, () => subject(sizes)),
  );
}

/** What is looked at of a cell: it must be readable before it is judged. */
const parts = Object.fromEntries(
  ["name", "init", "zeroState", "next", "output", "shapes", "geometry", "outputShape", "states"].map(
    (name) => [name, anything],
  ),
);

/** Requires a kind of cell or a cell. @throws ArgumentError */
export function requireSubject(who: string, subject: CellSubject): void {
  if (isKind(subject)) {
    maybe(someObject)(who, "the definition of the kind", subject.definition);
    return;
  }
  if (typeof subject === "object" && subject !== null) having(parts)(who, "the cell", subject);
  requireCell(who, subject);
  aCell(who, "the cell", subject);
}

/** Requires what a hand-written cell must have. @throws ArgumentError */
export function requireCell(who: string, found: unknown): Cell {
  const cell = (found ?? {}) as Cell;
  const name = typeof cell.name === "string" ? cell.name : "the cell";
  const missing = [
    ...(["init", "zeroState", "next", "output"] as const).filter((f) => typeof cell[f] !== "function"),
    ...(["shapes", "geometry"] as const).filter((f) => typeof cell[f] !== "object"),
    ...(["outputShape", "states"] as const).filter((f) => !isArray(cell[f])),
    ...(["input", "state"] as const).filter((f) => !isArray(cell.geometry?.[f])).map((f) => `geometry.${f}`),
  ];
  if (missing.length > 0)
    throw new ArgumentError(`${who}: expected ${name} to have ${missing.join(", ")}, got none`);
  if (new Set(cell.states).size < cell.states.length)
    throw new ArgumentError(
      `${who}: expected ${name} to have states of different names, got ${cell.states.join(", ")}`,
    );
  if (cell.states.length === 0)
    throw new ArgumentError(`${who}: expected ${name} to name at least one state, got none`);
  return cell;
}
