import type { TypedArray } from "../../core/dtype.js";
import type { BackendCall } from "../backend.js";
import type { Checked } from "../recording.js";
import type { Strided } from "../trace-step.js";

/** One call of a backend, or a look at numbers that decided what came next. */
export type Call = BackendCall | { readonly kind: "check"; readonly checked: Checked };

/** Something that points at numbers, and may be pointed at others. */
export type Pointer = { data: TypedArray; offset: number };

/** Everything by which a call reads. */
export function pointersOf(call: Call): Pointer[] {
  const own = (s: Strided | null): Pointer[] => (s ? [s as Pointer] : []);
  if (call.kind === "kernel") return call.inputs as unknown as Pointer[];
  if (call.kind === "check") return [call.checked.operand as Pointer];
  const { terms, before, after } = call.step;
  return [
    ...terms.flatMap(({ coefficient, base }) => [...own(coefficient), ...own(base)]),
    ...[before, after].flatMap((c) => c?.vectors.flatMap(own) ?? []),
  ];
}

/** Arrays that a call changes in place. */
export function changedBy(call: Call): TypedArray[] {
  if (call.kind !== "trace") return [];
  const { traces, gradient } = call.step;
  return gradient ? [...traces, gradient] : [...traces];
}

const identities = new WeakMap<object, number>();
let identified = 0;

/** A number for an object, the same as long as it lives. */
export function identityOf(object: object): number {
  const found = identities.get(object) ?? ++identified;
  identities.set(object, found);
  return found;
}

/** A value in words that only an equal one has; arrays of numbers go by `name`. JSON that leaves out what it may is slower. */
export function inWords(value: unknown, name: (data: TypedArray) => string): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : `${value}`;
  if (ArrayBuffer.isView(value)) return name(value as TypedArray);
  let words = "";
  if (Array.isArray(value)) {
    for (const entry of value) words += `${inWords(entry, name)},`;
    return `[${words}]`;
  }
  for (const key in value) words += `${key}:${inWords(value[key as never], name)},`;
  return `{${words}}`;
}
