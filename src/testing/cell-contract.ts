import type { Cell, CellParams, CellState } from "../cells/_cell.js";
import { type DType, isFloat } from "../core/dtype.js";
import { key } from "../core/prng.js";
import { formatShape, type Shape, sameShape } from "../core/shape.js";
import { leavesOf, mapTree } from "../core/tree.js";
import type { Supervised } from "../learn/model/network.js";
import { slice } from "../ops/views.js";
import { entries } from "../tensor/read.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { attempt } from "./attempt.js";
import { GradientError } from "./errors.js";
import { shuffled } from "./shuffle.js";

/** What `next` and `output` read. */
export interface CellArgs {
  readonly params: CellParams;
  readonly state: CellState;
  readonly input: Tensor;
}

/** What they answer. */
export interface CellAnswer {
  readonly state: CellState;
  readonly output: Tensor;
}

/** Streams that share a kernel call may be summed in another order; a leak between them is as large as the values. */
const rounding = 1e-9;

/** Runs `next` and `output`, and requires names, shapes and finite numbers of what they give. */
export function answerOf(who: string, cell: Cell, { params, state, input }: CellArgs): CellAnswer {
  const batch = input.shape[0];
  const given = attempt(`${who}: next`, () => cell.next(params, state, input));
  const next = requireStates(`${who}: next`, cell, given, (name) => state[name]);
  const output = attempt(`${who}: output`, () => cell.output(params, next, input));
  requireTensor(`${who}: output`, "an output", output, { shape: [batch, ...cell.outputShape] });
  requireFinite(`${who}: output`, "the output", output);
  return { state: next, output };
}

/** The states after a sequence, from zero; every step is required to answer well. */
export function statesAfter(
  who: string,
  cell: Cell,
  params: CellParams,
  sequence: readonly Supervised[],
): CellState {
  const batch = sequence[0].input.shape[0];
  const zero = zeroStateOf(who, cell, batch);
  return sequence.reduce(
    (state: CellState, { input }) => answerOf(who, cell, { params, state, input }).state,
    zero,
  );
}

/** The states before the first step: for each stream what a stream alone has, of floating-point numbers, int32 or bool. */
export function zeroStateOf(who: string, cell: Cell, batch: number): CellState {
  const at = `${who}: zeroState`;
  const zero = (n: number): CellState => attempt(at, () => cell.zeroState(n, { dtype: "float64" }));
  const one = requireStates(at, cell, zero(1), (_, found) => ({
    shape: [1, ...(found?.shape ?? cell.geometry.state).slice(found ? 1 : 0)],
    dtype: found === undefined || isFloat(found.dtype) ? "float64" : found.dtype,
  }));
  return requireStates(at, cell, zero(batch), (name) => ({
    shape: [batch, ...one[name].shape.slice(1)],
    dtype: one[name].dtype,
  }));
}

/** Requires `init` to give the parameters that are declared, the same from the same key. */
export function requireInit(who: string, cell: Cell): void {
  const drawn = attempt(`${who}: init`, () => cell.init(key(0)));
  requireNames(`${who}: init`, "parameters", Object.keys(cell.shapes), drawn);
  for (const [name, shape] of Object.entries(cell.shapes))
    requireTensor(`${who}: init`, `a parameter ${name}`, drawn[name], { shape });
  const again = attempt(`${who}: init`, () => cell.init(key(0)));
  requireSame(`${who}: init`, "from the same key (no randomness of its own)", drawn, again);
}

/**
 * Requires `next` and `output` to be functions of their arguments alone: neither chance, nor memory of other calls, nor
 * changes of what they are given. Returns what they answer.
 */
export function requirePure(who: string, cell: Cell, args: CellArgs, others: CellArgs): CellAnswer {
  const before = mapTree(args, isTensor, (t: Tensor) => entries(t).slice()) as unknown;
  const kept = leavesOf<Tensor>(args, isTensor);
  const first = answerOf(who, cell, args);
  const after = leavesOf<Tensor>(args, isTensor);
  const added = after.find(({ path }) => !kept.some((old) => old.path === path));
  if (added)
    throw new GradientError(
      `${who}: next and output must leave their arguments alone, got another leaf ${added.path}`,
    );
  const values = leavesOf(before, (node): node is Float64Array => ArrayBuffer.isView(node));
  kept.forEach(({ path, value }, i) => {
    if (after[i]?.value !== value || entries(value).some((v, j) => !Object.is(v, values[i].value[j])))
      throw new GradientError(
        `${who}: next and output must leave their arguments alone, got a changed ${path}`,
      );
  });
  answerOf(who, cell, others);
  requireAgain(who, cell, args, first);
  return first;
}

/** Requires the answer of before, with other calls in between. */
export function requireAgain(who: string, cell: Cell, args: CellArgs, before: CellAnswer): void {
  const word = cell.pure ? "; it says that it is pure" : "";
  const same = `for the same arguments (no randomness, nothing kept from another call${word})`;
  const output = attempt(`${who}: output`, () => cell.output(args.params, before.state, args.input));
  requireSame(`${who}: output`, same, before.output, output);
  requireSame(`${who}: next`, same, before.state, answerOf(who, cell, args).state);
}

/** Requires parameters and states to be read by their names: in another order of keys the answer is the same. */
export function requireNamed(who: string, cell: Cell, args: CellArgs, answer: CellAnswer): void {
  for (const turn of [1, 2]) {
    const other = { ...args, params: shuffled(args.params, turn), state: shuffled(args.state, turn) };
    try {
      requireSame(who, "", answer, answerOf(who, cell, other));
    } catch {
      throw new GradientError(
        `${who}: next and output must read parameters and states by their names, got another answer with their keys in another order`,
      );
    }
  }
}

/** Requires every stream of a batch to go as it goes alone. */
export function requireApart(who: string, cell: Cell, args: CellArgs): void {
  const batch = args.input.shape[0];
  const together = answerOf(who, cell, args);
  for (let b = 0; batch > 1 && b < batch; b++) {
    const only = (tree: unknown): unknown => mapTree(tree, isTensor, (t: Tensor) => slice(t, [[b, b + 1]]));
    const alone = answerOf(who, cell, {
      params: args.params,
      state: only(args.state) as CellState,
      input: only(args.input) as Tensor,
    });
    const wanted = leavesOf<Tensor>(alone, isTensor);
    leavesOf<Tensor>(only(together), isTensor).forEach(({ path, value }, i) => {
      const [got, want] = [entries(value), entries(wanted[i].value)];
      const at = got.findIndex((v, j) => !(Math.abs(v - want[j]) <= rounding * (1 + Math.abs(want[j]))));
      if (at >= 0)
        throw new GradientError(
          `${who}: streams must not influence each other: ${path} of stream ${b} must be ${want[at]} as when it runs alone, got ${got[at]} beside ${batch - 1} more`,
        );
    });
  }
}

/** The blocks of parameters, exchanged one by one for other numbers, whose exchange changes the answer. */
export function readBlocks(who: string, cell: Cell, args: CellArgs, others: CellParams): string[] {
  const first = flat(answerOf(who, cell, args));
  return Object.keys(args.params).filter((name) => {
    const params = { ...args.params, [name]: others[name] };
    const changed = flat(answerOf(who, cell, { ...args, params }));
    return changed.some((v, i) => v !== first[i]);
  });
}

/** All numbers in the order of their paths: of trees with the same names, the same ones stand at the same places. */
export function flat(tree: unknown): number[] {
  const leaves = leavesOf<Tensor>(tree, isTensor);
  leaves.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return leaves.flatMap(({ value }) => Array.from(entries(value)));
}

/** The states in the order in which the cell names them, each of the shape and dtype that is wanted. */
function requireStates(
  who: string,
  cell: Cell,
  found: CellState,
  wanted: (name: string, found: Tensor | undefined) => { readonly shape: Shape; readonly dtype: DType },
): CellState {
  requireNames(who, "states", cell.states, found);
  for (const name of cell.states) {
    const own = isTensor(found[name]) ? found[name] : undefined;
    requireTensor(who, `a state ${name}`, found[name], wanted(name, own));
    requireFinite(who, `state ${name}`, found[name]);
  }
  return Object.fromEntries(cell.states.map((name) => [name, found[name]]));
}

function requireNames(who: string, what: string, names: readonly string[], found: unknown): void {
  const got = Object.keys(Object(found));
  if (names.length !== got.length || !names.every((name) => got.includes(name)))
    throw new GradientError(
      `${who} must give the ${what} ${names.join(", ")}, got ${got.join(", ") || "none"}`,
    );
}

function requireTensor(
  who: string,
  what: string,
  found: unknown,
  { shape, dtype = "float64" }: { readonly shape: Shape; readonly dtype?: DType },
): void {
  if (!isTensor(found))
    throw new GradientError(`${who} must give ${what} of shape ${formatShape(shape)}, got ${typeof found}`);
  if (!sameShape(found.shape, shape))
    throw new GradientError(
      `${who} must give ${what} of shape ${formatShape(shape)}, got ${formatShape(found.shape)}`,
    );
  if (found.dtype !== dtype)
    throw new GradientError(`${who} must give ${what} of ${dtype} from ${dtype}, got ${found.dtype}`);
}

function requireFinite(who: string, what: string, t: Tensor): void {
  const bad = entries(t).find((v) => !Number.isFinite(v));
  if (bad !== undefined)
    throw new GradientError(`${who} must give finite numbers from finite ones, got ${bad} in ${what}`);
}

function requireSame(who: string, when: string, first: unknown, second: unknown): void {
  const [a, b] = [flat(first), flat(second)];
  const at = a.findIndex((v, i) => !Object.is(v, b[i]));
  if (at >= 0)
    throw new GradientError(`${who} must give the same numbers ${when}, got ${a[at]} and ${b[at]}`);
}
