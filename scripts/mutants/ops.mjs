// One mutant per op and input: its linearization with a wrong factor behind it, whatever reads it.
import { readdirSync, readFileSync } from "node:fs";
import { lineOf } from "./patch.mjs";
import { derivativeTests } from "./tests.mjs";

const applied = "src/tensor/apply.ts";
const factor = 7;

/** A name as it stands in a source of ops: how many inputs it has, and whether a derivative. */
const spellings = [
  { pattern: /\bunary\(\s*"(\w+)",\s*(null)?/g, inputs: () => 1 },
  { pattern: /\bbinary\(\s*"(\w+)"()/g, inputs: () => 2 },
  {
    // up to the end of the object; one without derivative says so
    pattern: /: Op<[^=]*= \{\s*name: "(\w+)",([\s\S]*?)\n\};/g,
    inputs: (body) => Math.max(...[...destructured(body), /linearize: \([^()]*, i\) =>/.test(body) ? 2 : 1]),
  },
];

/** How many inputs the rules of an op name. */
const destructured = (body) =>
  [...body.matchAll(/(?:inputs: |infer: \()\[([\w, ]*)\]/g)].map(([, names]) => names.split(",").length);

const hasNone = /^null$|linearize: null|linearize: \(\) => null/;

/** Every differentiable op of the sources, by name: where it stands, and how many inputs it has. */
export function opsOf(root) {
  const files = readdirSync(`${root}/src/ops`).filter((name) => name.endsWith(".ts"));
  return files.flatMap((name) => {
    const file = `src/ops/${name}`;
    const source = readFileSync(`${root}/${file}`, "utf8");
    const found = spellings.flatMap(({ pattern, inputs }) =>
      [...source.matchAll(pattern)].map((match) => ({
        name: match[1],
        file,
        line: lineOf(source, match.index),
        inputs: hasNone.test(match[2] ?? "") ? 0 : inputs(match[2] ?? ""),
      })),
    );
    requireAll(file, source);
    return found;
  });
}

/** A way of stating ops that is not known here would hide them. */
function requireAll(file, source) {
  const count = (pattern) => [...source.matchAll(pattern)].length;
  const [named, read] = [count(/\bname: "\w+",\n\s+(infer|linearize)/g), count(spellings[2].pattern)];
  if (named !== read) throw new Error(`${file}: expected ${named} ops with a name, read ${read}`);
  for (const [, maker] of source.matchAll(
    /function (\w+)\([^{]*\{(?:\s+const op: Op<\w+> =|\s+return) \{\s+name,/g,
  ))
    if (!["unary", "binary", "comparison", "logic"].includes(maker))
      throw new Error(`${file}: expected ops by a maker that is known, got ${maker}`);
}

/** Inputs that no derivative passes: conditions. */
const constant = new Set(["where 0"]);

export function opMutants(root) {
  return opsOf(root).flatMap(({ name, file, line, inputs }) =>
    Array.from({ length: inputs }, (_, i) => i)
      .filter((i) => !constant.has(`${name} ${i}`))
      .map((i) => ({
        id: `op ${name} ${i}`,
        what: `derivative by input ${i} times ${factor}`,
        file,
        line,
        patches: scaling(name, i),
        tests: derivativeTests(name),
      })),
  );
}

function scaling(name, input) {
  return [
    {
      file: applied,
      find: "export function apply<A>(op: Op<A>,",
      put: `const mutants = new WeakMap<object, unknown>();
const factor = (dtype: DType): Tensor => fromData(hostZeros(dtype, 1).host().fill(${factor}), [], dtype);
function mutated<A>(op: Op<A>): Op<A> {
  if (op.name !== "${name}" || !op.linearize) return op;
  const known = mutants.get(op);
  if (known) return known as Op<A>;
  const linearize: Op<A>["linearize"] = (site, i) => {
    const maps = op.linearize?.(site, i) ?? null;
    return maps && i === ${input} ? [...maps, { kind: "scale", by: factor(site.output.dtype) }] : maps;
  };
  const mutant = { ...op, linearize };
  mutants.set(op, mutant);
  mutants.set(mutant, mutant);
  return mutant;
}
export function apply<A>(given: Op<A>,`,
    },
    {
      file: applied,
      find: "let top: Level | null = null;",
      put: "const op = mutated(given);\n  let top: Level | null = null;",
    },
  ];
}
