/** Calls public functions with hostile values and judges what comes of it. */
import { OnwardError } from "../../src/core/errors.js";
import { isPlain } from "../../src/core/kinds.js";
import { isTensor } from "../../src/tensor/tensor.js";
import { rightArguments, type Subject, subjects } from "./subjects.js";
import { anyOf, Hostile, optionsOf, type Random, randomOf } from "./values.js";
import { malformed } from "./wellformed.js";

export interface Outcome {
  readonly calls: number;
  /** Calls that gave a value, that were refused in words, that ended in an error of the caller's own. */
  readonly values: number;
  readonly refused: number;
  readonly own: number;
  /** What must not be, a line for each. */
  readonly foreign: readonly string[];
  readonly malformed: readonly string[];
  readonly slow: readonly string[];
  readonly unsaid: readonly string[];
  /** Calls of each function. */
  readonly functions: number;
}

/** Seconds of computing that no call may take. */
const longest = 1;

/** A class where a function is expected is the caller's own function, and says so itself. */
const isClassCalled = (error: unknown): boolean =>
  error instanceof TypeError && error.message.startsWith("Class constructor Instance ");

/** What takes longer where its arguments are right, and why. */
const long: Readonly<Record<string, string>> = {
  checkCell: "it draws twenty random cases unless it is told otherwise",
  checkLearner:
    "it takes its sequence in many ways, of up to sixteen steps here, before anything is compiled",
};

/** An error message that is one sentence: who, a colon, and no line break, no printed tensor, no coerced object. */
const isSentence = (message: string): boolean =>
  /^[^\n]+: [^\n]+$/.test(message) && message.length < 2000 && !message.includes("[object ");
/** Reports of checks show a table below their sentence. */
const reports = new Set(["GradientError", "TieError", "UnsettledError"]);

function spoil(args: unknown[], r: Random): unknown[] {
  const out = [...args];
  const times = r.below(3);
  for (let k = 0; k < times; k++) {
    const at = r.below(out.length + (r.chance(0.2) ? 1 : 0));
    out[at] = r.chance(0.45) ? inside(out[at], r, 3) : r.chance(0.2) ? optionsOf(r) : anyOf(r);
  }
  if (r.chance(0.05)) out.length = r.below(out.length + 1);
  return out;
}

function argumentsOf(subject: Subject, r: Random): unknown[] {
  const right = rightArguments(subject.name, r);
  // what is hostile may throw at us too
  try {
    if (right && r.chance(0.7)) return spoil(right, r);
  } catch {}
  return Array.from({ length: r.below(5) }, () => anyOf(r));
}

/** The same with one thing inside replaced; a new object along the way. */
function inside(value: unknown, r: Random, depth: number): unknown {
  const isList = Array.isArray(value);
  // what is private to an instance of a class is not given by a caller
  const isBranch = isList || isPlain(value);
  if (!isBranch || depth === 0 || r.chance(0.15)) return anyOf(r);
  const names = Object.keys(value).slice(0, 50);
  if (names.length === 0) return isList ? [anyOf(r)] : optionsOf(r);
  const copy: Record<string, unknown> = isList
    ? ([...value] as never)
    : Object.assign(Object.create(Object.getPrototypeOf(value)), value);
  const name = r.pick(names);
  if (!isList && r.chance(0.1)) delete copy[name];
  else copy[name] = inside(copy[name], r, depth - 1);
  return copy;
}

/** Of a learner: the rest is private to its class. */
const learnerMethods = new Set([
  "step",
  "gradient",
  "clearGradient",
  "reset",
  "setParams",
  "memory",
  "diagnostics",
]);

/** Functions to call next: of results that are functions, and of their methods. */
function further(subject: Subject, result: unknown): Subject[] {
  const { name } = subject;
  // deep enough: numbers would chain for ever
  if (name.split(" > ").length > 2) return [];
  if (typeof result === "function") return [{ name: `${name} > call`, f: result as Subject["f"] }];
  // the engine's own, given back as it was given, is not ours to answer for
  if (result === globalThis || Object.prototype.toString.call(result) !== "[object Object]") return [];
  if (typeof result !== "object" || result === null || isTensor(result) || ArrayBuffer.isView(result))
    return [];
  // what fast-check makes is fast-check's
  if (subject.name.startsWith("arbitrary") || Array.isArray(result)) return [];
  const found: Subject[] = [];
  const isLearner = "gradient" in result && "setParams" in result;
  for (
    let at: object | null = result;
    at !== null && at !== Object.prototype;
    at = Object.getPrototypeOf(at)
  ) {
    if (at instanceof Promise || at instanceof Error) return [];
    for (const method of Object.getOwnPropertyNames(at)) {
      const { value } = Object.getOwnPropertyDescriptor(at, method) ?? {};
      if (isLearner && !learnerMethods.has(method)) continue;
      if (typeof value === "function" && method !== "constructor")
        found.push({
          name: `${name} > .${method}`,
          f: (...args) => (value as Subject["f"]).apply(result, args),
        });
    }
  }
  return found;
}

const told = (subject: Subject, args: readonly unknown[], what: string): string =>
  `${subject.name}(${args.map(shown).join(", ")}): ${what}`;

function shown(value: unknown): string {
  try {
    if (isTensor(value)) return `tensor ${value.dtype} [${value.shape}]`;
    if (typeof value === "function") return "function";
    if (typeof value === "bigint" || typeof value === "symbol") return String(value);
    if (ArrayBuffer.isView(value)) return value.constructor.name;
    let size = 0;
    const text = JSON.stringify(value, (_, v) => {
      if (size++ > 60) return undefined;
      if (isTensor(v)) return `tensor [${v.shape}]`;
      if (ArrayBuffer.isView(v)) return v.constructor.name;
      return typeof v === "function"
        ? "function"
        : typeof v === "bigint" || typeof v === "symbol"
          ? String(v)
          : v;
    });
    return (text ?? String(value)).slice(0, 200);
  } catch {
    return "(cannot be shown)";
  }
}

/** `tell` hears of every call before it is made: the last one is known where the process ends in it. */
export async function fuzz(
  calls: number,
  seed: number,
  only = "",
  tell: (call: () => string) => void = () => {},
): Promise<Outcome> {
  const r = randomOf(seed);
  const roots = only ? subjects.filter(({ name }) => name.includes(only)) : subjects;
  const later: Subject[] = [];
  const [foreign, bad, slow, unsaid]: string[][] = [[], [], [], []];
  const called = new Set<string>();
  let [values, refused, own] = [0, 0, 0];
  for (let i = 0; i < calls; i++) {
    const subject =
      later.length > 0 && r.chance(0.3) ? r.pick(later) : i < roots.length ? roots[i] : r.pick(roots);
    const args = argumentsOf(subject, r);
    called.add(subject.name);
    tell(() => told(subject, args, `call ${i}`));
    const before = process.cpuUsage();
    try {
      let result = subject.f(...(args as never[]));
      if (result instanceof Promise) result = await result;
      values++;
      const fault = malformed(result);
      if (fault) bad.push(told(subject, args, fault));
      const next = further(subject, result);
      if (next.length > 0) {
        later.push(...next);
        if (later.length > 200) later.splice(0, later.length - 200);
      }
    } catch (error) {
      if (error instanceof Hostile || isClassCalled(error)) own++;
      else if (error instanceof OnwardError) {
        refused++;
        if (!isSentence(error.message) && !reports.has(error.name))
          unsaid.push(told(subject, args, error.message.slice(0, 300)));
      } else foreign.push(told(subject, args, whatCame(error)));
    }
    const { user, system } = process.cpuUsage(before);
    if ((user + system) / 1e6 > longest && !Object.hasOwn(long, subject.name))
      slow.push(told(subject, args, `${((user + system) / 1e6).toFixed(1)} s`));
  }
  return { calls, values, refused, own, foreign, malformed: bad, slow, unsaid, functions: called.size };
}

function whatCame(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const frames = (error.stack ?? "").split("\n").filter((line) => line.includes("/src/"));
  return `${error.name}: ${error.message.slice(0, 200)} @ ${frames
    .slice(0, 3)
    .map((l) =>
      l
        .trim()
        .replace(/^at /, "")
        .replace(/ ?\(?\S*\/src\//, " "),
    )
    .join(" < ")}`;
}
