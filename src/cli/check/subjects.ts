import type { Cell, CellKind } from "../../cells/index.js";
import type { Model } from "../../learn/index.js";

/** What a module exports that can be checked, and what it calls it. */
export type Subject =
  | { readonly name: string; readonly kind: "cell"; readonly value: CellKind | Cell }
  | { readonly name: string; readonly kind: "model"; readonly value: Model<unknown> };

/** Members of exported lists and objects count too; what is exported twice is checked once, by its own name. */
export function subjectsOf(exported: Readonly<Record<string, unknown>>): Subject[] {
  const found = new Map<unknown, Subject>();
  const visit = (name: string, value: unknown, depth: number): void => {
    const subject = subjectOf(name, value);
    if (subject) {
      const known = found.get(value);
      if (!known || known.name === "default") found.set(value, subject);
    } else if (depth === 0 && typeof value === "object" && value !== null)
      for (const [key, member] of Object.entries(value)) visit(`${name}.${key}`, member, 1);
  };
  for (const [name, value] of Object.entries(exported)) visit(name, value, 0);
  return [...found.values()].map((subject) =>
    subject.name === "default" && subject.kind === "cell"
      ? { ...subject, name: subject.value.name }
      : subject,
  );
}

function subjectOf(name: string, value: unknown): Subject | null {
  const has = (...methods: string[]): boolean =>
    methods.every((method) => typeof Reflect.get(Object(value), method) === "function");
  if (typeof value === "function")
    return typeof Reflect.get(value, "definition") === "object"
      ? { name, kind: "cell", value: value as CellKind }
      : null;
  if (has("init", "next", "output")) return { name, kind: "cell", value: value as Cell };
  if (has("init", "input", "loss") && Array.isArray(Reflect.get(Object(value), "areas")))
    return { name, kind: "model", value: value as Model<unknown> };
  return null;
}
