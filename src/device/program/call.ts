import type { BackendCall, Operand } from "../backend.js";
import { Storage } from "../storage.js";
import type { Strided } from "../trace-step.js";

/** A look at whether all numbers are finite, or the like, and how it came out. */
export interface Checked {
  readonly operand: Operand;
  readonly outcome: boolean;
  again(): boolean;
}

/** One call of a backend, or a look at numbers that decided what came next. */
export type Call = BackendCall | { readonly kind: "check"; readonly checked: Checked };

/** Something that points at numbers, and may be pointed at others. */
export type Pointer = { data: Storage; offset: number };

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

/** The place of the last call that reads a storage, by storage. */
export function lastReads(calls: readonly Call[]): Map<Storage, number> {
  const last = new Map<Storage, number>();
  calls.forEach((call, i) => {
    for (const { data } of pointersOf(call)) last.set(data, i);
  });
  return last;
}

/** What a call changes in place. */
export function changedBy(call: Call): Storage[] {
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

/** Numbers: storage, or the array in an attribute. */
export type Numbers = Storage | ArrayBufferView;

/** A value in words that only an equal one has; numbers go by `name`. */
export function inWords(value: unknown, name: (data: Numbers) => string): string {
  let words = "";
  spell(value, name, (word) => {
    words += word;
  });
  return words;
}

/** The same, word by word. */
export function spell(value: unknown, name: (data: Numbers) => string, say: (word: string) => void): void {
  if (typeof value === "string") say(JSON.stringify(value));
  else if (typeof value !== "object" || value === null) say(Object.is(value, -0) ? "-0" : `${value}`);
  else if (value instanceof Storage || ArrayBuffer.isView(value)) say(name(value));
  else if (Array.isArray(value)) {
    say("[");
    for (const entry of value) {
      spell(entry, name, say);
      say(",");
    }
    say("]");
  } else {
    say("{");
    for (const key in value) {
      say(key);
      say(":");
      spell(value[key as never], name, say);
      say(",");
    }
    say("}");
  }
}
