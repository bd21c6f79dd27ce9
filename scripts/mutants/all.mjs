// Every mutant there is, each with its place in the sources. Throws where one has none, or a rule has no mutant.
import { readdirSync, readFileSync } from "node:fs";
import { memberFiles } from "../members.mjs";
import { columns } from "./columns.mjs";
import { acting, derivatives, readings } from "./derivatives.mjs";
import { headMutants } from "./heads.mjs";
import { opMutants } from "./ops.mjs";
import { ownRules } from "./own-rules.mjs";
import { lineOf, placeOf } from "./patch.mjs";
import { rjepaMutants } from "./rjepa.mjs";
import { rules } from "./rules.mjs";
import { derivativeTests, ruleTests, testsOf } from "./tests.mjs";
import { traceStep } from "./trace-step.mjs";

export function allMutants(root) {
  const read = (file) => readFileSync(`${root}/${file}`, "utf8");
  const found = [
    ...opMutants(root),
    ...readings.flatMap((reading) => readingMutants(read(reading.file), reading)),
    ...actingMutants(root, read),
    ...derivatives.map((m) => textual(read(m.file), m)),
    ...[...rules, ...ownRules, ...headMutants, ...rjepaMutants, ...traceStep, ...columns].map((m) =>
      textual(read(m.file), m),
    ),
    ...ruleMutants(root, read),
  ];
  const ids = found.map(({ id }) => id);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) throw new Error(`expected a name for each mutant, got ${twice} twice`);
  for (const { patches } of found) for (const patch of patches) placeOf(read(patch.file), patch);
  return found;
}

function textual(source, { id, file, within, find, put, tests, backend }) {
  const patch = { file, within, find, put };
  const [at] = placeOf(source, patch);
  return { id, what: `${find} → ${put}`, file, line: lineOf(source, at), patches: [patch], tests, backend };
}

/** Every case of a `switch` over the kinds of linear maps: what it returns, times seven. */
function readingMutants(source, { id, file, within, put }) {
  const start = source.indexOf(within);
  const body = source.slice(start, source.indexOf("\n}\n", start));
  const cases = [...body.matchAll(/\n {4}case "(\w+)":([\s\S]*?)(?=\n {4}case |\n {2}\}$)/g)];
  if (cases.length < 8) throw new Error(`${file}: expected the kinds of linear maps, got ${cases.length}`);
  return cases.flatMap((match) => {
    const [, kind, text] = match;
    const returns = [...text.matchAll(/return ([\s\S]*?);(?=\n|$)/g)];
    return returns.map(([statement, value], i) => ({
      ...textual(source, {
        id: `${id} ${kind}${i > 0 ? ` ${i + 1}` : ""}`,
        file,
        within: `${within}`,
        find: statement,
        put: put(value, kind),
        tests: testsOf[id === "tied" ? "tied" : "maps"],
      }),
      what: `${id} reading of ${kind} times 7`,
    }));
  });
}

/** Maps that are given by how they act, there and back. */
function actingMutants(root, read) {
  const counts = new Map();
  const counted = (key) => counts.set(key, (counts.get(key) ?? 0) + 1).get(key);
  return readdirSync(`${root}/src/ops`).flatMap((name) => {
    const file = `src/ops/${name}`;
    const source = read(file);
    return [...source.matchAll(acting)].map((match) => {
      const line = lineOf(source, match.index);
      const [text, head, value] = match;
      // the same words may stand at several places: what comes before tells them apart
      const from = source.lastIndexOf("name: ", match.index);
      const op = /"(\w+)"/.exec(source.slice(from, match.index))[1];
      const patch = unique(source, match.index, text, `${head} times(${value}, 7),`, file);
      return {
        id: `${op} ${head.startsWith("forward") ? "forward" : "transposed"} ${counted(op + head)}`,
        what: `${value} times 7`,
        file,
        line,
        patches: [patch],
        tests: derivativeTests(op),
      };
    });
  });
}

/** A patch at one place, with as many lines before it as it takes to stand there only. */
function unique(source, at, text, put, file) {
  for (let start = at; ; start = source.lastIndexOf("\n", start - 2) + 1) {
    const find = source.slice(start, at + text.length);
    if (source.indexOf(find) === source.lastIndexOf(find))
      return { file, find, put: source.slice(start, at) + put };
  }
}

/** Of every rule, whatever it is made of: its whole gradient a hundredth too large. */
function ruleMutants(root, read) {
  const files = memberFiles(`${root}/src/learn/rules`);
  return files.map((name) => {
    const file = `src/learn/rules/${name}`;
    const source = read(file);
    const rule = /\n {2}name: "(\w+)"/.exec(source)[1];
    const patch = { file, find: "export const rule", put: "export { enlarged as rule };\nconst rule" };
    const enlarged = `
const larger = (tree: unknown): unknown =>
  tree && typeof (tree as { mul?: unknown }).mul === "function" ? times(tree, 1.01)
    : Array.isArray(tree) ? tree.map(larger)
    : Object.fromEntries(Object.entries(tree as object).map(([k, v]) => [k, larger(v)]));
const enlarged = { ...rule, start: (...given: unknown[]) => {
  const learner = (rule.start as (...given: unknown[]) => object)(...given);
  return new Proxy(learner, { get: (of, key) => {
    const value = Reflect.get(of, key, of);
    if (key === "gradient") return () => larger((value as () => unknown).call(of));
    return typeof value === "function" ? value.bind(of) : value;
  }, set: (of, key, value) => Reflect.set(of, key, value, of) });
} };
`;
    const [at] = placeOf(source, patch);
    return {
      id: `rule ${rule}`,
      what: "its gradient times 1.01",
      file,
      line: lineOf(source, at),
      patches: [{ ...patch, append: enlarged }],
      tests: ruleTests(rule),
    };
  });
}
