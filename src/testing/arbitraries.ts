/** Arbitrary sequences, cells and stacks for property tests with fast-check. */
import fc from "fast-check";
import type { Cell, CellKind, CellParams } from "../cells/_cell.js";
import { cells } from "../cells/registry.js";
import { ArgumentError } from "../core/errors.js";
import { flag, type Kind, type Known, kind, listOf, nameIn, options as optionsOf } from "../core/kinds.js";
import { checkShape, type Shape } from "../core/shape.js";
import type { Model, ModelParams } from "../learn/model/model.js";
import { network, type Supervised } from "../learn/model/network.js";
import { aRange } from "./kinds.js";
import { type Objective, objectives } from "./objectives.js";
import { randomParams, randomSequence } from "./random-case.js";

const aKind: Kind = kind("a kind of cell", (v) => typeof v === "function" && "definition" in v);
const shaped: Kind = (who, _, value) => {
  checkShape(who, value as Shape);
};

/** Both included. */
export type Range = readonly [least: number, most: number];
export const integer = ([min, max]: Range): fc.Arbitrary<number> => fc.integer({ min, max });
const seeds = fc.integer({ min: 0, max: 2 ** 30 });

export interface SequenceOptions {
  /** Shapes without the batch axis. */
  readonly input: Shape;
  readonly target: Shape;
  /** Time steps T; default 1 to 8. */
  readonly steps?: Range;
  /** Streams B; default 1 to 3. */
  readonly batch?: Range;
}

/** Sequences of normal inputs [B, ...input] and targets [B, ...target]. */
const sequences: Known<SequenceOptions> = { input: shaped, target: shaped, steps: aRange, batch: aRange };

export function arbitrarySequence(options: SequenceOptions): fc.Arbitrary<Supervised[]> {
  optionsOf("arbitrarySequence", options, sequences, ["input", "target"]);
  const { input, target } = options;
  return fc
    .tuple(integer(options.steps ?? [1, 8]), integer(options.batch ?? [1, 3]), seeds)
    .map(([steps, batch, seed]) => randomSequence(seed, { input, target, steps, batch }));
}

export interface CellOptions {
  /** Kinds to draw from; default: every cell of the library. */
  readonly kinds?: readonly CellKind[];
  /** Units, or channels of convolutional cells; default 1 to 4. */
  readonly units?: Range;
  /** Sizes of input vectors, or of each of [C, H, W]; default 1 to 4. */
  readonly inputs?: Range;
}

/** A cell with parameters. */
export interface CellCase {
  readonly cell: Cell;
  readonly params: CellParams;
}

const drawing: Known<CellOptions> = { kinds: listOf(aKind, 1), units: aRange, inputs: aRange };

/** Cells of random sizes (1 included), strides and activations, with random parameters, some gates nearly open or shut. */
export function arbitraryCell(options: CellOptions = {}): fc.Arbitrary<CellCase> {
  optionsOf("arbitraryCell", options, drawing);
  return arbitraryStack({ ...options, areas: [1, 1] }).map(({ model, params, label }) =>
    printed({ cell: model.areas[0], params: params.areas[0] }, label),
  );
}

export interface StackCaseOptions extends CellOptions {
  /** Number of areas; default 2 to 4. */
  readonly areas?: Range;
  /** Time steps T; default 1 to 8. */
  readonly steps?: Range;
  /** Streams B; default 1 to 3. */
  readonly batch?: Range;
  /** Losses to draw from; default all. */
  readonly objectives?: readonly Objective[];
  readonly detached?: boolean;
}

/** A model with parameters and a sequence: what `checkLearner(rule, model, { params, samples })` takes. */
export interface StackCase {
  readonly model: Model<Supervised>;
  readonly params: ModelParams;
  readonly samples: readonly Supervised[];
  /** In words, such as `rgcPointwise [2,3,3]>2/2 elu > mingru [2,2,2]>3, slow, T=4 B=2, seed 17, saturation 5`. */
  readonly label: string;
}

/** Stacks of random cells, convolutional ones below vector ones, with parameters and a sequence. */
export function arbitraryStack(options: StackCaseOptions = {}): fc.Arbitrary<StackCase> {
  const stacking: Known<StackCaseOptions> = {
    ...drawing,
    areas: aRange,
    steps: aRange,
    batch: aRange,
    objectives: listOf(nameIn(objectives), 1),
    detached: flag,
  };
  const {
    kinds = Object.values(cells),
    areas = [2, 4],
    detached,
  } = optionsOf("arbitraryStack", options, stacking);
  if (kinds.length === 0)
    throw new ArgumentError("arbitraryStack: expected at least one kind of cell, got none");
  const size = integer(options.inputs ?? [1, 4]);
  const area = fc.record({
    kind: fc.constantFrom(...kinds),
    units: integer(options.units ?? [1, 4]),
    stride: fc.constantFrom(1, 2),
    activation: fc.constantFrom("elu" as const, "tanh" as const),
  });
  return fc
    .record({
      areas: fc.array(area, { minLength: areas[0], maxLength: areas[1] }),
      input: fc.tuple(size, size, size),
      objective: fc.constantFrom(...(options.objectives ?? (Object.keys(objectives) as Objective[]))),
      steps: integer(options.steps ?? [1, 8]),
      batch: integer(options.batch ?? [1, 3]),
      seed: seeds,
      saturation: fc.constantFrom(0, 0, 2, 5),
    })
    .map(({ areas: drawn, input, objective, steps, batch, seed, saturation }) => {
      const built = build(drawn, input);
      const top = built[built.length - 1];
      const model = network<Supervised>(built, { loss: objectives[objective], detached });
      const label = `${built.map(describe).join(" > ")}, ${objective}, T=${steps} B=${batch}, seed ${seed}, saturation ${saturation}`;
      return printed(
        {
          model,
          params: randomParams(model, seed, saturation),
          samples: randomSequence(seed, {
            input: built[0].geometry.input,
            target: top.outputShape,
            steps,
            batch,
          }),
          label,
        },
        label,
      );
    });
}

interface Drawn {
  readonly kind: CellKind;
  readonly units: number;
  readonly stride: number;
  readonly activation: "elu" | "tanh";
}

/** Cells on top of each other: convolutional kinds first, since they cannot read vectors. */
function build(drawn: readonly Drawn[], [m, height, width]: readonly [number, number, number]): Cell[] {
  const spatial = ({ kind }: Drawn): boolean => kind.definition.spatial ?? false;
  const order = [...drawn.filter(spatial), ...drawn.filter((d) => !spatial(d))];
  let input: Shape = spatial(order[0]) ? [m, height, width] : [m];
  return order.map((d) => {
    const { activation, spatial: takesStride } = d.kind.definition;
    const cell = d.kind({
      input,
      units: d.units,
      ...(takesStride ? { stride: d.stride } : {}),
      ...(activation ? { activation: d.activation } : {}),
    });
    input = cell.outputShape;
    return cell;
  });
}

/** Such as `rgcPointwise [2,3,3]>2/2 elu`. */
export function describe({ name, geometry: { input, units, stride, activation } }: Cell): string {
  return `${name} [${input}]>${units}${stride > 1 ? `/${stride}` : ""} ${activation}`;
}

/** The object with words for fast-check's reports of counterexamples. */
function printed<T extends object>(value: T, label: string): T {
  return Object.defineProperty(value, fc.toStringMethod, { value: () => label });
}
