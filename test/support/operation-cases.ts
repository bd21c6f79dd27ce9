/** Random models, and random sequences of what users do with their learners. */
import fc from "fast-check";
import { type Cell, type CellKind, cells, defineCell, drive, learnedStart } from "../../src/cells/index.js";
import type { Shape } from "../../src/core/shape.js";
import { add, mul, scalar, square, sub, sum, type Tensor, tanh, tensor } from "../../src/index.js";
import {
  type LossContext,
  type Model,
  type ModelParams,
  type StepLoss,
  type Supervised,
  squaredError,
  stack,
} from "../../src/learn/index.js";
import { isTensor } from "../../src/tensor/tensor.js";
import { objectives, randomParams, randomSequence } from "../../src/testing/index.js";
import * as odd from "./odd-cells.js";
import { arbitraryProgram, type FormName, formNames, mixedCell, type Program } from "./random-cells.js";
import { shuffled } from "./shuffled.js";

/** Where the target is missing, the step has no loss. */
export type Sample = Omit<Supervised, "target"> & { readonly target: Tensor | null };

/** What users do with a learner. Each is skipped where it makes no sense. */
export type Operation =
  | { readonly does: "step"; readonly times: number; readonly how: Step; readonly heads: Hearing }
  | { readonly does: "gradient" | "inputs"; readonly of: Hearing }
  | { readonly does: "clear" | "reset" | "memory" | "change" }
  | { readonly does: "batch"; readonly batch: number; readonly resets: boolean }
  | { readonly does: "params"; readonly how: NewParams; readonly seed: number }
  | { readonly does: "refused"; readonly what: Refused };

/** The next sample; the one before; in objects that are changed afterwards; with a target, an input and both from outcomes; without a target. */
const steps = ["plain", "again", "reused", "shuffled", "fed", "looped", "gap"] as const;
export type Step = (typeof steps)[number];
/** All heads of the loss, where it has any, or one of them. */
const hearings = ["all", "fit", "rest"] as const;
export type Hearing = (typeof hearings)[number];
const newParams = ["other", "same", "copied", "started", "descended", "shared", "reset"] as const;
export type NewParams = (typeof newParams)[number];
const refusals = ["dtype", "target", "shape", "missing", "extra", "narrow"] as const;
export type Refused = (typeof refusals)[number];

interface Area {
  readonly kind: "library" | "odd" | "mixed" | "changing";
  readonly pick: number;
  readonly units: number;
  readonly program: Program;
  readonly names: readonly FormName[];
}

/** A model, as what it is drawn from. */
export interface Drawn {
  readonly areas: readonly Area[];
  readonly input: number;
  readonly spatial: boolean;
  readonly loss: (typeof losses)[number];
  readonly detached: boolean;
  /** Whether states start from parameters. */
  readonly starts: boolean;
  readonly seed: number;
  readonly turn: number;
  readonly operations: readonly Operation[];
}

/** A model, samples for it, and what is done with a learner of it. */
export interface OperationsCase {
  readonly model: Model<Sample>;
  readonly params: ModelParams;
  /** Samples for so many streams. */
  readonly samples: (batch: number) => readonly Sample[];
  /** Changes what a cell of the model reads beside its arguments; `null` where none does. */
  readonly change: (() => void) | null;
  readonly restore: () => void;
  readonly seed: number;
  /** Whether the loss has heads. */
  readonly hasHeads: boolean;
  readonly operations: readonly Operation[];
}

const vector = Object.values(cells).filter((kind) => !kind.definition.spatial);
const spatialKinds = Object.values(cells).filter((kind) => kind.definition.spatial);
const oddKinds = Object.values(odd);

/** A cell that reads a variable. */
const changing = (own: { gain: number }): CellKind =>
  defineCell({
    name: "changing",
    equations: "h' = tanh(gain·(W x) + u⊙h)",
    locality: "unit",
    states: ["h"],
    shapes: ({ input, units }) => ({ W: [units, ...input], u: [units] }),
    next: (p, { h }, x) => ({ h: tanh(add(mul(drive(x, p.W), own.gain), mul(p.u, h))) }),
    output: (_, { h }) => h,
  });

const losses = ["squared", "slow", "readout", "pulled", "heads"] as const;
type Loss = (context: LossContext<Supervised>) => StepLoss;

/** Losses of the step, of the step before, by parameters of its own, and with a pull to where parameters started. */
const lossBy = (name: Drawn["loss"], start: () => ModelParams): Loss => {
  if (name === "squared" || name === "slow") return objectives[name];
  if (name === "heads")
    return (context) => ({ rest: pulled(context, start()), fit: objectives.slow(context) });
  if (name === "readout")
    return (context) => {
      const { now, params, sample } = context;
      const top = now.outputs[now.outputs.length - 1];
      return mul(sum(square(sub(mul(top, params.readout.scale), sample.target))), 0.5);
    };
  return (context) => add(squaredError(context), pulled(context, start()));
};

/** The squared distance of one parameter from where it started, and a view of the lowest area. */
function pulled({ params, now }: LossContext<Supervised>, { areas }: ModelParams): Tensor {
  const [name] = Object.keys(params.areas[0]).sort();
  return add(sum(square(sub(params.areas[0][name], areas[0][name]))), mul(sum(tanh(now.outputs[0])), 0.3));
}

function build({ areas, input, spatial }: Drawn, own: { gain: number }): Cell[] {
  let below: Shape = spatial ? [1, 2, input] : [input];
  return areas.map(({ kind, pick, units, program, names }, i) => {
    const kinds = i === 0 && spatial ? spatialKinds : vector;
    const isLibrary = kind === "library" || (spatial && i < 2);
    const made = isLibrary
      ? kinds[pick % kinds.length]
      : kind === "odd"
        ? oddKinds[pick % oddKinds.length]
        : kind === "mixed"
          ? mixedCell(program, names, pick % 4)
          : changing(own);
    const cell = made({ input: below, units });
    below = cell.outputShape;
    return cell;
  });
}

/** The case that was drawn, which prints itself in words. */
export function caseOf(drawn: Drawn): OperationsCase {
  const own = { gain: 1 };
  const made = build(drawn, own);
  const areas = drawn.starts ? made.map((area) => learnedStart(area)) : made;
  const base: { params: ModelParams | null } = { params: null };
  const loss = lossBy(drawn.loss, () => base.params as ModelParams);
  const model = stack<Sample>(areas, {
    detached: drawn.detached,
    pure: true,
    loss: (context) =>
      context.sample.target === null
        ? silence(drawn.loss === "heads", scalar(0, context.now.input.dtype))
        : loss(context as unknown as LossContext<Supervised>),
    readout: (): Record<string, Tensor> => (drawn.loss === "readout" ? { scale: tensor([0.7]) } : {}),
  });
  base.params = randomParams(model, drawn.seed);
  const target = areas[areas.length - 1].outputShape;
  const sequences = new Map<number, readonly Sample[]>();
  const words = `${drawn.spatial ? "spatial " : ""}${areas.map(({ name, geometry: { input, units } }) => `${name} [${input}]>${units}`).join(" > ")}, ${drawn.loss}${drawn.detached ? ", detached" : ""}${drawn.starts ? ", starts learned" : ""}, seed ${drawn.seed}, turn ${drawn.turn}: ${drawn.operations.map(inWords).join("; ")}`;
  return {
    model,
    params: shuffled(base.params, isTensor, drawn.turn),
    samples: (batch) => {
      const known =
        sequences.get(batch) ??
        randomSequence(drawn.seed + batch, { input: areas[0].geometry.input, target, steps: 5, batch });
      sequences.set(batch, known);
      return known;
    },
    change: areas.some(({ name }) => name === "changing")
      ? () => {
          own.gain = own.gain === 1 ? 0.5 : 1;
        }
      : null,
    restore: () => {
      own.gain = 1;
    },
    seed: drawn.seed,
    hasHeads: drawn.loss === "heads",
    operations: drawn.operations,
    [fc.toStringMethod]: () => words,
  } as OperationsCase;
}

/** The loss of a step without a target. */
const silence = (hasHeads: boolean, nothing: Tensor): StepLoss =>
  hasHeads ? { fit: nothing, rest: nothing } : nothing;

export const inWords = ({ does, ...rest }: Operation): string =>
  `${does} ${Object.values(rest).join(" ")}`.trim();

const area: fc.Arbitrary<Area> = fc.record({
  kind: fc.oneof(
    { weight: 6, arbitrary: fc.constant<Area["kind"]>("library") },
    { weight: 2, arbitrary: fc.constant<Area["kind"]>("mixed") },
    { weight: 2, arbitrary: fc.constant<Area["kind"]>("odd") },
    { weight: 1, arbitrary: fc.constant<Area["kind"]>("changing") },
  ),
  pick: fc.nat({ max: 59 }),
  units: fc.integer({ min: 1, max: 2 }),
  program: arbitraryProgram.map(({ drive, steps }) => ({ drive, steps: steps.slice(0, 2) })),
  names: fc.array(fc.constantFrom(...formNames), { minLength: 1, maxLength: 2 }),
});

const stepping = (most: number): fc.Arbitrary<Operation> =>
  fc.record({
    does: fc.constant("step" as const),
    times: fc.integer({ min: 1, max: most }),
    how: fc.oneof(
      { weight: 8, arbitrary: fc.constant<Step>("plain") },
      { weight: 5, arbitrary: fc.constantFrom(...steps) },
    ),
    heads: fc.constantFrom(...hearings),
  });
const other: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      does: fc.constantFrom(
        "gradient" as const,
        "gradient" as const,
        "gradient" as const,
        "gradient" as const,
        "inputs" as const,
      ),
      of: fc.constantFrom(...hearings),
    }),
  },
  { weight: 2, arbitrary: fc.constant<Operation>({ does: "clear" }) },
  { weight: 1, arbitrary: fc.constant<Operation>({ does: "reset" }) },
  { weight: 1, arbitrary: fc.constant<Operation>({ does: "memory" }) },
  { weight: 1, arbitrary: fc.constant<Operation>({ does: "change" }) },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant("batch" as const),
      batch: fc.integer({ min: 1, max: 3 }),
      resets: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant("params" as const),
      how: fc.constantFrom(...newParams),
      seed: fc.nat({ max: 99 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant("refused" as const), what: fc.constantFrom(...refusals) }),
  },
);
const operations: fc.Arbitrary<readonly Operation[]> = fc
  .tuple(
    stepping(4),
    fc.array(
      fc.oneof(
        { weight: 4, arbitrary: stepping(3) },
        { weight: 1, arbitrary: stepping(9) },
        { weight: 6, arbitrary: other },
      ),
      { minLength: 1, maxLength: 16, size: "max" },
    ),
  )
  .map(([first, rest]) => [first, ...rest]);

export interface OperationsOptions {
  /** Whether convolutional cells are drawn; default true. */
  readonly spatial?: boolean;
  /** Whether states may start from parameters; default true. */
  readonly starts?: boolean;
}

/** Models of one or two areas, and up to some dozen operations. */
export const arbitraryOperations = ({
  spatial = true,
  starts = true,
}: OperationsOptions = {}): fc.Arbitrary<Drawn> =>
  fc.record({
    areas: fc.oneof(
      { weight: 3, arbitrary: fc.array(area, { minLength: 1, maxLength: 1 }) },
      { weight: 1, arbitrary: fc.array(area, { minLength: 2, maxLength: 2 }) },
    ),
    input: fc.integer({ min: 1, max: 3 }),
    spatial: spatial
      ? fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) })
      : fc.constant(false),
    loss: fc.constantFrom(...losses),
    detached: fc.oneof(
      { weight: 3, arbitrary: fc.constant(false) },
      { weight: 1, arbitrary: fc.constant(true) },
    ),
    starts: starts
      ? fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) })
      : fc.constant(false),
    seed: fc.nat({ max: 2 ** 20 }),
    turn: fc.nat({ max: 5 }),
    operations,
  });
