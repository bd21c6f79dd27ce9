/** Tells two learners to do the same, whatever users do, and compares all that they show on the way. */
import { leavesOf, mapTree } from "../../src/core/tree.js";
import { cast, mul, sub, tensor, zeros } from "../../src/index.js";
import type { Learner, Model, ModelParams } from "../../src/learn/index.js";
import { entries } from "../../src/tensor/read.js";
import { isTensor, type Tensor } from "../../src/tensor/tensor.js";
import { randomParams } from "../../src/testing/index.js";
import {
  caseOf,
  type Drawn,
  type Hearing,
  inWords,
  type NewParams,
  type Refused,
  type Sample,
  type Step,
} from "./operation-cases.js";
import { shuffled } from "./shuffled.js";

/** What a learner showed: numbers under names, or the sentence by which it refused. */
interface Shown {
  readonly numbers: Readonly<Record<string, readonly number[]>>;
  readonly refusal: string | null;
}

/** One learner among those that are compared, with what is held of what it gave. */
class Side {
  /** What it handed out, and the numbers that this held then. */
  private readonly held: { readonly tree: unknown; readonly numbers: readonly number[] }[] = [];
  private outcome: { readonly batch: number; readonly top: Tensor } | null = null;
  private sample: Sample | null = null;

  constructor(
    readonly learner: Learner<Sample>,
    private readonly started: ModelParams,
  ) {}

  /** Runs something and tells what it showed. */
  show(f: () => unknown): Shown {
    try {
      const tree = f();
      const numbers = numbersOf(tree);
      this.held.push({ tree, numbers: Object.values(numbers).flat() });
      return { numbers, refusal: null };
    } catch (error) {
      const { name, message } = error as Error;
      // who refuses is another where rules are compared
      return { numbers: {}, refusal: `${name} ${message.replace(/^\w+: /, "")}` };
    }
  }

  step(sample: Sample, how: Step, heads?: Hearing): Shown {
    const said = this.said(sample, how);
    return this.show(() => {
      const mine = how === "reused" ? { ...said } : said;
      const { loss, losses, moment } = this.learner.step(
        mine,
        optionsOf(heads, (name) => ({ heads: [name] })),
      );
      if (how === "reused") Object.assign(mine, { input: zeros([7]), target: zeros([5]) });
      this.sample = said;
      this.outcome = { batch: sample.input.shape[0], top: moment.outputs[moment.outputs.length - 1] };
      const { state } = this.learner;
      return { loss: [loss, ...Object.values(losses ?? {})].map((v) => tensor(v)), moment, state };
    });
  }

  private said(sample: Sample, how: Step): Sample {
    const { outcome } = this;
    if (how === "gap") return { ...sample, target: null };
    if (how === "again") return this.sample?.input.shape[0] === sample.input.shape[0] ? this.sample : sample;
    if (how === "shuffled") return { target: sample.target, input: sample.input };
    if (outcome === null || outcome.batch !== sample.input.shape[0]) return sample;
    if (how === "fed") return { ...sample, target: outcome.top };
    const fits = how === "looped" && `${outcome.top.shape}` === `${sample.input.shape}`;
    return fits ? { ...sample, input: outcome.top } : sample;
  }

  reset(): void {
    this.learner.reset();
    this.outcome = null;
    this.sample = null;
  }

  gradient(of?: Hearing): Shown {
    return this.show(() => this.learner.gradient(optionsOf(of, (name) => ({ of: name }))));
  }

  inputGradient(of?: Hearing): Shown {
    return this.show(() => this.learner.inputGradient(optionsOf(of, (name) => ({ of: name }))));
  }

  setParams(made: () => ModelParams, seed: number): Shown {
    return this.show(() => {
      const turned = shuffled(made(), isTensor, seed);
      const mine = { readout: { ...turned.readout }, areas: turned.areas.map((a) => ({ ...a })) };
      this.learner.setParams(mine);
      // whoever gave the objects goes on with them
      for (const name of Object.keys(mine.areas[0])) Object.assign(mine.areas[0], { [name]: tensor([9]) });
      return this.learner.params;
    });
  }

  /** New parameters, made of one's own. */
  params(how: NewParams, other: ModelParams): ModelParams {
    const { params } = this.learner;
    switch (how) {
      case "same":
        return params;
      case "copied":
        return mapTree(params, isTensor, (t: Tensor) =>
          tensor(entries(t).slice(), { shape: t.shape, dtype: t.dtype }),
        ) as ModelParams;
      case "started":
        return this.started;
      case "descended": {
        const gradient = new Map(
          leavesOf<Tensor>(this.learner.gradient(), isTensor).map(({ path, value }) => [path, value]),
        );
        return mapTree(params, isTensor, (t: Tensor, path) => {
          const g = gradient.get(path) as Tensor;
          const size = Math.max(1, ...Array.from(entries(g), Math.abs));
          return sub(t, mul(g, 0.05 / size));
        }) as ModelParams;
      }
      case "shared": {
        const known = new Map<string, Tensor>();
        return mapTree(other, isTensor, (t: Tensor) => {
          const first = known.get(`${t.shape}`) ?? t;
          known.set(`${t.shape}`, first);
          return first;
        }) as ModelParams;
      }
      default:
        return other;
    }
  }

  /** Where something that was handed out does not hold the numbers any more that it held; `null` where all do. */
  changed(): string | null {
    const at = this.held.findIndex(({ tree, numbers }) => {
      const now = Object.values(numbersOf(tree)).flat();
      return now.some((v, i) => !Object.is(v, numbers[i]));
    });
    return at < 0 ? null : `what was handed out ${at} operations from the start changed later`;
  }
}

/** Options for one head; none for all. */
const optionsOf = <O>(heads: Hearing | undefined, options: (name: string) => O): O | undefined =>
  heads === undefined || heads === "all" ? undefined : options(heads);

/** The numbers of a tree by path, in the order of paths. */
function numbersOf(tree: unknown): Record<string, readonly number[]> {
  const leaves = leavesOf<Tensor>(tree, isTensor);
  leaves.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return Object.fromEntries(leaves.map(({ path, value }) => [path, Array.from(entries(value))]));
}

/** Two learners, and whether the first may refuse where the second does not. */
export interface Compared {
  readonly start: (model: Model<Sample>, params: ModelParams) => Learner<Sample>;
  readonly reference: (model: Model<Sample>, params: ModelParams) => Learner<Sample>;
  /** Another that gives the same gradient as long as parameters stay. */
  readonly oracle?: (model: Model<Sample>, params: ModelParams) => Learner<Sample>;
  /** By what numbers may differ, relative to the largest shown so far of their kind. */
  readonly tolerance: number;
  /** A refusal that the rule may give alone, after which it is started anew. */
  readonly mayRefuse?: RegExp;
  /** Whether steps are replayed wherever the model lets them. */
  readonly replays: boolean;
  /** Whether both take the same steps together, so that errors of inputs are of the same losses. */
  readonly sameBlocks?: boolean;
  /** Whether both hold as many bytes. */
  readonly sameBytes?: boolean;
}

/** What was found wrong first, and how many steps were compared. */
export interface Found {
  readonly wrong: string | null;
  readonly steps: number;
  readonly refusals: number;
  /** Whether a step was replayed. */
  readonly replayed: boolean;
}

/** Tells both to do the same, and compares whatever they show. */
export function runOperations(drawn: Drawn, compared: Compared): Found {
  const one = caseOf(drawn);
  const { model, params, operations } = one;
  const own = (): ModelParams => mapTree(params, isTensor, (t: Tensor) => t) as ModelParams;
  const [subject, reference, oracle] = [compared.start, compared.reference, compared.oracle].map(
    (start) => start && new Side(start(model, own()), own()),
  ) as [Side, Side, Side | undefined];
  const sides = [subject, reference, ...(oracle ? [oracle] : [])];
  const largest = { step: 1e-3, gradient: 1e-3, loss: 1e-3 };
  let [t, steps, refusals, batch] = [0, 0, 0, 2];
  let isChanged = false;
  let isOracle = oracle !== undefined;
  let replayed = false;
  const heard = (heads: Hearing): Hearing | undefined => (one.hasHeads ? heads : undefined);
  let wrong: string | null = null;
  let isOver = false;
  const restart = (): void => {
    for (const side of sides) side.reset();
    if (oracle && !isOracle) oracle.learner.setParams(reference.learner.params);
    t = 0;
    isChanged = false;
    isOracle = oracle !== undefined;
  };
  // `ask` is how to hear once more what was refused
  const compare = (
    kind: "step" | "gradient",
    at: string,
    tolerance: number,
    f: (side: Side) => Shown,
    ask: (side: Side) => Shown = (side) => side.gradient(),
  ): boolean => {
    const all = sides.map((side) => (side === oracle && !isOracle ? null : f(side)));
    const [got, want, third] = all;
    if (got === null || want === null) return false;
    if (got.refusal !== want.refusal) {
      const isAllowed =
        got.refusal !== null &&
        ((isChanged && /second pass ends in other states/.test(got.refusal)) ||
          compared.mayRefuse?.test(got.refusal));
      if (!isAllowed) {
        wrong = `${at}: got ${got.refusal ?? "no refusal"}, wanted ${want.refusal ?? "none"}`;
        return false;
      }
      refusals++;
      // what a learner found out holds until it starts anew
      const again = ask(subject);
      if (again.refusal !== got.refusal)
        wrong = `${at}: refused (${got.refusal}) and then gave ${again.refusal ?? "a gradient"}`;
      restart();
      const shown = sides.map((side) => side.setParams(() => one.params, 0));
      if (shown.some(({ refusal }) => refusal !== null)) wrong ??= `${at}: ${shown[0].refusal}`;
      return false;
    }
    if (got.refusal !== null) return false;
    for (const [name, numbers] of Object.entries(want.numbers))
      for (const v of numbers) {
        if (!Number.isFinite(v)) {
          isOver = true;
          return false;
        }
        // a loss goes with the square of states: it says nothing of what these may differ by, nor they of it
        const of = name.startsWith("loss.") ? "loss" : kind;
        if (Math.abs(v) > largest[of]) largest[of] = Math.abs(v);
      }
    const within =
      (share: number) =>
      (name: string): number =>
        share * (name.startsWith("loss.") ? Math.max(largest.loss, largest.step) : largest[kind]);
    const words = differenceOf(got, want, within(tolerance));
    if (words !== null) wrong = `${at}: ${words}`;
    else if (third) {
      const far = differenceOf(third, want, within(Math.max(1e-9, compared.tolerance)));
      if (far !== null) wrong = `${at}: bptt is another: ${far}`;
    }
    return true;
  };
  const gradientOf = (at: string, of?: Hearing): void => {
    const ask = (side: Side): Shown => side.gradient(of);
    compare("gradient", at, compared.tolerance, ask, ask);
  };
  try {
    for (let i = 0; i < operations.length && wrong === null && !isOver; i++) {
      const operation = operations[i];
      const at = `operation ${i + 1} (${inWords(operation)})`;
      const { tolerance } = compared;
      switch (operation.does) {
        case "step": {
          const samples = one.samples(batch);
          for (let k = 0; k < operation.times && wrong === null && !isOver; k++) {
            if (operation.how !== "again") t++;
            if (
              !compare("step", `${at}, step ${k + 1}`, tolerance, (side) =>
                side.step(samples[t % samples.length], operation.how, heard(operation.heads)),
              )
            )
              break;
            steps++;
            replayed ||= subject.learner.opByOp === null && steps > 2;
          }
          break;
        }
        case "gradient":
          if (reference.learner.state) gradientOf(at, heard(operation.of));
          break;
        case "inputs":
          if (compared.sameBlocks && reference.learner.state)
            compare("gradient", at, tolerance, (side) => side.inputGradient(heard(operation.of)));
          break;
        case "clear":
          for (const { learner } of sides) learner.clearGradient();
          break;
        case "reset":
          restart();
          break;
        case "change":
          if (one.change && reference.learner.state) isChanged = true;
          one.change?.();
          break;
        case "memory": {
          const [a, b] = sides.map(({ learner }) => learner.memory());
          if (compared.sameBytes && a.bytes !== b.bytes)
            wrong = `${at}: got ${a.bytes} bytes, wanted ${b.bytes}`;
          break;
        }
        case "batch":
          if (operation.resets) {
            restart();
            batch = operation.batch;
          } else if (reference.learner.state && operation.batch !== batch) {
            const [sample] = one.samples(operation.batch);
            if (compare("step", at, tolerance, (side) => side.step(sample, "plain")) && wrong === null)
              wrong = `${at}: was not refused`;
          }
          break;
        case "params": {
          if (operation.how === "descended" && !reference.learner.state) break;
          const made = randomParams(model, operation.seed);
          if (operation.how === "reset") restart();
          const done = compare("gradient", at, compared.tolerance, (side) =>
            side.setParams(() => side.params(operation.how, made), operation.seed),
          );
          if (done && operation.how !== "reset" && reference.learner.state) isOracle = false;
          break;
        }
        case "refused":
          refuse(operation.what, at);
          break;
      }
    }
    if (wrong === null && !isOver && reference.learner.state) gradientOf("at the end");
    wrong ??= isOver ? null : subject.changed();
  } finally {
    one.restore();
  }
  return { wrong, steps, refusals, replayed };

  function refuse(what: Refused, at: string): void {
    const [sample] = one.samples(batch);
    const isNarrow = what === "dtype" || what === "narrow";
    if (isNarrow && !reference.learner.state) return;
    const shown = (side: Side): Shown => {
      if (what === "dtype") return side.step({ ...sample, input: cast(sample.input, "float32") }, "plain");
      if (what === "target") return side.step({ ...sample, target: "none" as unknown as Tensor }, "plain");
      return side.setParams(() => spoilt(side.learner.params, what), 1);
    };
    if (compare("step", at, compared.tolerance, shown) && wrong === null) wrong = `${at}: was not refused`;
  }
}

/** Parameters with one thing wrong. */
function spoilt(params: ModelParams, what: Exclude<Refused, "dtype" | "target">): ModelParams {
  const [lowest, ...rest] = params.areas;
  const [name] = Object.keys(lowest).sort();
  const { [name]: first, ...others } = lowest;
  const changed = {
    shape: { ...others, [name]: zeros([...first.shape, 2]) },
    missing: others,
    extra: { ...lowest, extra: first },
    narrow: { ...others, [name]: cast(first, "float32") },
  }[what];
  return { ...params, areas: [changed, ...rest] };
}

/** In words where numbers are further apart than allowed; `null` where they are not. */
function differenceOf(got: Shown, want: Shown, allowedOf: (name: string) => number): string | null {
  const names = Object.keys(want.numbers);
  if (Object.keys(got.numbers).join() !== names.join())
    return `got the names ${Object.keys(got.numbers).join(", ")}, wanted ${names.join(", ")}`;
  for (const name of names) {
    const [a, b] = [got.numbers[name], want.numbers[name]];
    const allowed = allowedOf(name);
    if (a.length !== b.length) return `${name}: got ${a.length} numbers, wanted ${b.length}`;
    for (let i = 0; i < a.length; i++)
      if (!(Math.abs(a[i] - b[i]) <= allowed))
        return `${name}[${i}]: got ${a[i]}, wanted ${b[i]}, which is ${Math.abs(a[i] - b[i])} apart where ${allowed} is allowed`;
  }
  return null;
}
