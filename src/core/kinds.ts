/**
 * What an argument must be: one gate per kind, shared by all public functions. A gate is called with who asks, what the
 * argument is called, and what came; it throws one sentence.
 */
import { ArgumentError } from "./errors.js";

/** Requires a kind of value. @throws ArgumentError */
export type Kind = (who: string, what: string, value: unknown) => void;

const longest = 32;

/** A string as it would be typed, on one line; a long one by its length. */
export function quote(text: string): string {
  if (text.length > longest) return `a string of ${text.length} characters`;
  // what JSON leaves alone but a terminal does not
  return JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029]/g, "?");
}

/** A value by its kind, never by its content: `a string`, `an array`, `null`, `a Map`, `a float64 tensor [2,3]`. */
export function kindOf(value: unknown): string {
  switch (typeof value) {
    case "undefined":
    case "number":
    case "boolean":
      return `${value}`;
    case "object":
      return value === null ? "null" : kindOfObject(value);
    default:
      return `a ${typeof value}`;
  }
}

/** The same, but a string as it was typed: where names were expected. */
export const nameOf = (value: unknown): string => (typeof value === "string" ? quote(value) : kindOf(value));

/** The mark of a tensor, of any copy of the package. */
export const tensorBrand = Symbol.for("onward.tensor");
/** What the mark of this copy's tensors holds: levels of two copies know nothing of each other. */
export const ownBrand = Object.freeze({ copy: "this one" });

function kindOfObject(value: object): string {
  // a proxy may throw at any touch
  try {
    if (Array.isArray(value)) return "an array";
    if (tensorBrand in value) return "a tensor";
    const proto = Object.getPrototypeOf(value) as { constructor?: { name?: unknown } } | null;
    if (isPlainPrototype(proto)) return "a plain object";
    const name = proto?.constructor?.name;
    if (typeof name !== "string" || !/^[A-Za-z_$][\w$]{0,40}$/.test(name)) return "an object";
    return `${/^[AEIOU]/.test(name) ? "an" : "a"} ${name}`;
  } catch {
    return "an object that cannot be looked at";
  }
}

const isPlainPrototype = (proto: object | null): boolean =>
  proto === null || proto === Object.prototype || Object.getPrototypeOf(proto) === null;

/** Whether a value is an object as literals make it, of whichever realm. */
export function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  // a proxy may throw at any touch
  try {
    return isPlainPrototype(Object.getPrototypeOf(value)) && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** Whether a value is an array, also where asking throws. */
export function isArray(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

/** Whether a value is of a class, also where asking throws. */
export function isA<T>(type: new (...args: never[]) => T, value: unknown): value is T {
  try {
    return value instanceof type;
  } catch {
    return false;
  }
}

/** A kind by a test and its words, and how what came is told. */
export const kind =
  (words: string, test: (value: unknown) => boolean, tell = kindOf): Kind =>
  (who, what, value) => {
    if (!test(value)) throw new ArgumentError(`${who}: expected ${what} to be ${words}, got ${tell(value)}`);
  };

export const anything: Kind = () => {};
export const number = kind("a number", (v) => typeof v === "number");
export const finite = kind("a finite number", Number.isFinite);
export const notNegative = kind(
  "a finite number of at least 0",
  (v) => Number.isFinite(v) && (v as number) >= 0,
);
/** A limit in bytes; Infinity is none. */
export const bytes = kind("a number of bytes of at least 0", (v) => typeof v === "number" && v >= 0);
export const flag = kind("true or false", (v) => typeof v === "boolean");
export const text = kind("a string", (v) => typeof v === "string");
export const callable = kind("a function", (v) => typeof v === "function");
export const plainObject = kind("a plain object", isPlain);
export const someObject = kind("an object", (v) => typeof v === "object" && v !== null);
/** An instance of a class. */
export const instanceOf = (type: new (...args: never[]) => unknown): Kind =>
  kind(`a ${type.name}`, (v) => isA(type, v));
/** A whole number within bounds, both included. */
export const count = (least: number, most = Number.MAX_SAFE_INTEGER): Kind =>
  kind(
    `a whole number ${most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`}`,
    (v) => Number.isSafeInteger(v) && (v as number) >= least && (v as number) <= most,
  );
export const oneOf = (...values: readonly unknown[]): Kind =>
  kind(`one of ${values.join(", ")}`, (v) => values.includes(v), nameOf);
/** One of the names of an object. */
export const nameIn = (names: object): Kind =>
  kind(
    `one of ${Object.keys(names).join(", ")}`,
    (v) => typeof v === "string" && Object.hasOwn(names, v),
    nameOf,
  );
export const either = (words: string, ...kinds: readonly Kind[]): Kind =>
  kind(words, (v) =>
    kinds.some((k) => {
      try {
        k("", "", v);
        return true;
      } catch {
        return false;
      }
    }),
  );
/** A whole number of at least 1, or one of these words. */
export const countOr = (words: readonly string[]): Kind =>
  words.length === 0
    ? count(1)
    : either(`a whole number of at least 1 or ${words.join(", ")}`, count(1), oneOf(...words));
const anArray: (who: string, what: string, value: unknown) => asserts value is readonly unknown[] = kind(
  "an array",
  isArray,
);
/** An array whose entries are all of a kind. */
export const listOf =
  (entry: Kind = anything, least = 0): Kind =>
  (who, what, value) => {
    anArray(who, what, value);
    if (value.length < least)
      throw new ArgumentError(`${who}: expected at least ${least} in ${what}, got ${value.length}`);
    for (let i = 0; i < value.length; i++) entry(who, `${what}[${i}]`, fieldOf(who, what, value, `${i}`));
  };
/** The same, or nothing. */
export const maybe =
  (inner: Kind): Kind =>
  (who, what, value) => {
    if (value !== undefined) inner(who, what, value);
  };
/** The same, or null. */
export const orNull =
  (inner: Kind): Kind =>
  (who, what, value) => {
    if (value !== null) inner(who, what, value);
  };
/** A property, whose getter may throw. @throws ArgumentError */
export function fieldOf(who: string, what: string, value: unknown, name: string): unknown {
  try {
    return (value as Record<string, unknown>)[name];
  } catch {
    throw new ArgumentError(`${who}: expected ${what}.${name} to be readable, got a property that throws`);
  }
}

/** A plain object whose fields are all of a kind. */
export const eachOf =
  (inner: Kind): Kind =>
  (who, what, value) => {
    plainObject(who, what, value);
    for (const name of Object.keys(value as object))
      inner(who, `${what}.${name}`, fieldOf(who, what, value, name));
  };

/** An object with these fields, and perhaps others. */
export const having =
  (fields: Readonly<Record<string, Kind>>): Kind =>
  (who, what, value) => {
    someObject(who, what, value);
    for (const name in fields) fields[name](who, `${what}.${name}`, fieldOf(who, what, value, name));
  };

/** A kind for each option of O: a missing one does not compile. */
export type Known<O> = { readonly [N in keyof O]-?: Kind };

/** A plain object with these fields, each of its kind, and no others; those that are not required may be left out. */
export const exactly =
  <O extends object>(known: Known<O>, required: readonly (keyof O & string)[] = []): Kind =>
  (who, what, value) => {
    plainObject(who, what, value);
    const strange = Object.keys(value as object).find((name) => !Object.hasOwn(known, name));
    if (strange !== undefined)
      throw new ArgumentError(
        `${who}: expected ${what} with fields among ${namesOf(known)}, got ${quote(strange)}`,
      );
    for (const name of Object.keys(known) as (keyof O & string)[]) {
      const field = fieldOf(who, what, value, name);
      if (field !== undefined || required.includes(name)) known[name](who, `${what}.${name}`, field);
    }
  };

const none = Object.freeze({});

/**
 * Options as they were given, each of its kind; `undefined` leaves one out. Unknown names are refused, with the known ones
 * listed. @throws ArgumentError
 */
export function options<O extends object>(
  who: string,
  given: O | undefined,
  known: Known<O>,
  required: readonly (keyof O & string)[] = [],
): O {
  if (given === undefined && required.length === 0) return none as O;
  const found: unknown = given === undefined ? none : given;
  if (!isPlain(found))
    throw new ArgumentError(
      `${who}: expected options as an object with ${namesOf(known)}, got ${kindOf(given)}`,
    );
  for (const name in found) {
    if (!Object.hasOwn(known, name))
      throw new ArgumentError(`${who}: expected options among ${namesOf(known)}, got ${quote(name)}`);
    const value = fieldOf(who, "options", found, name);
    if (value !== undefined) known[name as keyof O](who, name, value);
  }
  for (const name of required) known[name](who, name, fieldOf(who, "options", found, name));
  return found as O;
}

const namesOf = (known: object): string => Object.keys(known).join(", ");
