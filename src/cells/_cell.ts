import { aDType, type DType, requireFloat } from "../core/dtype.js";
import { ArgumentError, ShapeError } from "../core/errors.js";
import {
  callable,
  count,
  eachOf,
  either,
  flag,
  isArray,
  type Kind,
  type Known,
  listOf,
  number,
  oneOf,
  options as optionsOf,
  plainObject,
  text,
} from "../core/kinds.js";
import { foldIn, type Key, normal, requireKey } from "../core/prng.js";
import { formatShape, type Shape, sizeOf } from "../core/shape.js";
import { tensor, zeros } from "../ops/create.js";
import { requireTensor, type Tensor } from "../tensor/tensor.js";
import { requireTensors } from "./_kinds.js";

/** Parameters of one cell, by name. */
export type CellParams<P extends string = string> = Readonly<Record<P, Tensor>>;
/** States of one cell, by name: [B, n], or [B, C, H, W] for convolutional cells. */
export type CellState<S extends string = string> = Readonly<Record<S, Tensor>>;

/** Which entries of a state its recurrence mixes. */
export type Locality = "unit" | "channel" | "dense";

export interface CellSizes {
  /** Size of the input without its batch axis: m, [m] or [C, H, W]. */
  readonly input: number | Shape;
  /** Units n, or channels of a convolutional cell. */
  readonly units: number;
  /** Stride of a convolutional drive, in pixels. */
  readonly stride?: number;
  /** Squashing of cells that offer a choice. */
  readonly activation?: "elu" | "tanh";
}

/** Sizes with nothing left open. */
export interface Geometry {
  readonly input: Shape;
  readonly units: number;
  readonly stride: number;
  readonly activation: "elu" | "tanh";
  /** Shape of a state without its batch axis, where nothing else is said of it. */
  readonly state: Shape;
}

/**
 * A recurrent cell of given sizes. It knows no learning rule. `next` and `output` are functions of their arguments alone:
 * rules compute them again, play inputs again, and replay recorded steps. P and S are the names of its parameters and of its
 * states; a cell whose names are not known before it runs is a plain `Cell`.
 */
export interface Cell<P extends string = string, S extends string = string> {
  readonly name: string;
  /**
   * Whether `next` and `output` give the same from the same arguments in every call, whatever happens outside of them: then
   * rules may record a step and replay it; default false.
   */
  readonly pure?: boolean;
  /** Whether a derivative of `next` or `output` is one of its own, as of a spike, which differences of values cannot confirm. */
  readonly surrogate?: boolean;
  readonly locality: Locality;
  readonly geometry: Geometry;
  /** Names of the states. `zeroState` says what each of them is: shapes and dtypes may differ. */
  readonly states: readonly S[];
  readonly shapes: Readonly<Record<P, Shape>>;
  /** Shape of the output without its batch axis. */
  readonly outputShape: Shape;
  init(key: Key, options?: { readonly dtype?: DType }): CellParams<P>;
  /**
   * States before the first step, each [B, ...]. Those of floating-point numbers have the dtype asked for (default float64);
   * integers and booleans carry no derivative and no influence, but advance.
   */
  zeroState(batch: number, options?: { readonly dtype?: DType }): CellState<S>;
  /**
   * States before the first step as a function of parameters, of the shapes and dtypes of `zeroState`: their derivative is where
   * the influence starts, M(0) = dz(0)/dθ. Default: `zeroState`. See `learnedStart`.
   */
  start?(params: CellParams<P>, batch: number, options: { readonly dtype: DType }): CellState<S>;
  /** The new states: the names of the old ones, in any order, each with its shape and dtype. */
  next(params: CellParams<P>, state: CellState<S>, input: Tensor): CellState<S>;
  output(params: CellParams<P>, state: CellState<S>, input: Tensor): Tensor;
}

/** What a state is, where it is not `geometry.state` of the input's dtype. */
export interface StateDefinition {
  /** Without the batch axis: [] is one number per stream. */
  readonly shape?: Shape | ((g: Geometry) => Shape);
  /** Integers, such as a count of steps, or booleans, such as a mask; no derivative passes through them. */
  readonly dtype?: "int32" | "bool";
}

/**
 * What a cell file states; everything else follows. The names of parameters P are those that `shapes` gives and the names of
 * states S those of `states`; written before `next` and `output`, they are all that these may read.
 */
export interface CellDefinition<P extends string = string, S extends string = string> {
  readonly name: string;
  /** The equations, for people. */
  readonly equations: string;
  /**
   * Your word that `next` and `output` depend on their arguments alone: no variable that changes, no chance. Then learners
   * record a step and replay it, which is faster; default false.
   */
  readonly pure?: boolean;
  /**
   * That `next` or `output` replaces a derivative on purpose, by `customJvp` or `stopGradient`: then tests hold the forward
   * against the reverse derivative, in place of differences of values; default false.
   */
  readonly surrogate?: boolean;
  readonly locality: Locality;
  /**
   * Names of the states, all of shape [units] (spatial: [C', H', W']); or what each is by name, such as
   * `{ h: {}, pace: { shape: [1] }, count: { shape: [], dtype: "int32" } }`.
   */
  readonly states: readonly S[] | Readonly<Record<S, StateDefinition>>;
  /** Spatial cells take [C, H, W] inputs and keep states [C', H', W']. */
  readonly spatial?: boolean;
  /** Shape of a state without its batch axis, where it is neither [units] nor that of a convolution with the stride. */
  readonly stateShape?: (g: Omit<Geometry, "state">) => Shape;
  readonly activation?: "elu" | "tanh";
  shapes(g: Geometry): Readonly<Record<P, Shape>>;
  /** Initial values that differ from the default: N(0, 1/fan-in) for matrices and kernels, zero for vectors. */
  readonly initial?: Readonly<Partial<Record<NoInfer<P>, (key: Key, n: number) => Float64Array>>>;
  next(p: CellParams<NoInfer<P>>, s: CellState<NoInfer<S>>, x: Tensor, g: Geometry): CellState<NoInfer<S>>;
  output(p: CellParams<NoInfer<P>>, s: CellState<NoInfer<S>>, x: Tensor, g: Geometry): Tensor;
}

/** A kind of cell: call it with sizes. */
export interface CellKind<P extends string = string, S extends string = string> {
  (sizes: CellSizes): Cell<P, S>;
  readonly definition: CellDefinition<P, S>;
}

/** A kind of cell from its equations. @throws ArgumentError where the definition is none */
export function defineCell<P extends string, S extends string>(
  definition: CellDefinition<P, S>,
): CellKind<P, S>;
export function defineCell(definition: CellDefinition): CellKind {
  optionsOf("defineCell", definition, defining as Known<CellDefinition>, [
    "name",
    "locality",
    "states",
    "shapes",
    "next",
    "output",
  ]);
  const build = (sizes: CellSizes): Cell => {
    const g = resolve(definition, sizes);
    const shapes = shapesOf(definition, g);
    const states = statesOf(definition, g);
    const names = states.map(({ name }) => name);
    return {
      name: definition.name,
      pure: definition.pure ?? false,
      surrogate: definition.surrogate ?? false,
      locality: definition.locality,
      geometry: g,
      states: names,
      shapes,
      outputShape: g.state,
      init(key, given) {
        const options = optionsOf(definition.name, given, withDType);
        requireKey(definition.name, key);
        const dtype = requireFloat(definition.name, options.dtype ?? "float64");
        return Object.fromEntries(
          Object.entries(shapes).map(([name, shape]) => {
            const values = initialValues(definition, name, shape, foldIn(key, name));
            return [name, tensor(values, { shape, dtype })];
          }),
        );
      },
      zeroState: (batch, given) => {
        const options = optionsOf(definition.name, given, withDType);
        return Object.fromEntries(
          states.map(({ name, shape, dtype = options.dtype }) => [name, zeros([batch, ...shape], { dtype })]),
        );
      },
      next(params, state, input) {
        requireTensors(definition.name, "the parameters", Object.keys(shapes), params);
        requireTensors(definition.name, "the states", names, state);
        checkInput(definition.name, g, input);
        return definition.next(params, state, input, g);
      },
      output(params, state, input) {
        requireTensors(definition.name, "the parameters", Object.keys(shapes), params);
        requireTensors(definition.name, "the states", names, state);
        requireTensor(definition.name, input);
        return definition.output(params, state, input, g);
      },
    };
  };
  Object.defineProperty(build, "name", { value: definition.name });
  return Object.assign(build, { definition });
}

const named: Kind = (who, what, value) => {
  text(who, what, value);
  if (value === "") throw new ArgumentError(`${who}: expected ${what} to be a name, got none`);
};

const defining: Known<CellDefinition> = {
  name: named,
  equations: text,
  pure: flag,
  surrogate: flag,
  locality: oneOf("unit", "channel", "dense"),
  states: either(
    "a list of names, or an object of states by name, one at least",
    listOf(named, 1),
    someNames,
  ),
  spatial: flag,
  stateShape: callable,
  activation: oneOf("elu", "tanh"),
  shapes: callable,
  initial: plainObject,
  next: callable,
  output: callable,
};

function someNames(who: string, what: string, value: unknown): void {
  plainObject(who, what, value);
  if (Object.keys(value as object).length === 0)
    throw new ArgumentError(`${who}: expected names in ${what}, got none`);
}

/** Shapes of the parameters, as the definition gives them. @throws ArgumentError where one is none */
function shapesOf({ name: cell, shapes }: CellDefinition, g: Geometry): Readonly<Record<string, Shape>> {
  const found = shapes(g);
  eachOf(listOf(count(0)))(cell, "shapes", found);
  return found;
}

interface NamedState {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: StateDefinition["dtype"];
}

function statesOf({ name: cell, states }: CellDefinition, g: Geometry): NamedState[] {
  const named = isList(states) ? states.map((name) => [name, {}] as const) : Object.entries(states);
  const names = named.map(([name]) => name);
  if (new Set(names).size < names.length)
    throw new ArgumentError(`${cell}: expected states of different names, got ${names.join(", ")}`);
  return named.map(([name, { shape = g.state, dtype }]: readonly [string, StateDefinition]) => ({
    name,
    shape: typeof shape === "function" ? shape(g) : shape,
    dtype,
  }));
}

const isList = (states: CellDefinition["states"]): states is readonly string[] => isArray(states);

const sizing: Known<CellSizes> = {
  input: either("a number or a shape", number, listOf(number, 1)),
  units: number,
  stride: number,
  activation: oneOf("elu", "tanh"),
};
const withDType: Known<{ readonly dtype?: DType }> = { dtype: aDType };

function resolve(definition: CellDefinition, sizes: CellSizes): Geometry {
  const { name, spatial } = definition;
  optionsOf(name, sizes, sizing, ["input", "units"]);
  const input = typeof sizes.input === "number" ? [sizes.input] : sizes.input;
  const stride = sizes.stride ?? 1;
  if (![...input, sizes.units, stride].every((n) => Number.isInteger(n) && n >= 1))
    throw new ArgumentError(
      `${name}: sizes must be integers >= 1, got input ${formatShape(input)}, units ${sizes.units}, stride ${stride}`,
    );
  if (spatial && input.length !== 3)
    throw new ShapeError(`${name}: expected an input of shape [C,H,W], got ${formatShape(input)}`);
  const given = {
    input,
    units: sizes.units,
    stride,
    activation: sizes.activation ?? definition.activation ?? "tanh",
  };
  const pixels = spatial ? input.slice(1).map((n) => Math.ceil(n / stride)) : [];
  if (definition.stateShape === undefined) return { ...given, state: [sizes.units, ...pixels] };
  const state = definition.stateShape(given);
  listOf(count(1))(name, "stateShape", state);
  return { ...given, state };
}

function checkInput(name: string, g: Geometry, input: Tensor): void {
  const got = requireTensor(name, input).shape.slice(1);
  if (got.length !== g.input.length || got.some((n, i) => n !== g.input[i]))
    throw new ShapeError(
      `${name}: expected an input of shape [B,${g.input}], got ${formatShape(input.shape)}`,
    );
}

function initialValues(definition: CellDefinition, name: string, shape: Shape, key: Key): Float64Array {
  const n = sizeOf(shape);
  const own = definition.initial?.[name];
  if (own) return own(key, n);
  if (shape.length < 2) return new Float64Array(n);
  const gain = 1 / Math.sqrt(sizeOf(shape.slice(1)));
  return normal(key, n).map((v) => v * gain);
}
