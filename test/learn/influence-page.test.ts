import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { cells } from "../../src/entry/cells.js";
import { network, rfp } from "../../src/entry/learn.js";
import type { Axis, Factor } from "../../src/forward/factor.js";
import { known, type StateBase, seed, type Term } from "../../src/forward/term.js";
import { tensor, zeros } from "../../src/index.js";
import { advanceArea } from "../../src/learn/influence/advance-area.js";
import type { Column } from "../../src/learn/influence/columns.js";
import { across } from "../../src/learn/influence/compose.js";
import { NamedStep } from "../../src/learn/influence/naming.js";
import { pushStep, type Source } from "../../src/learn/influence/push.js";
import { Reader } from "../../src/learn/influence/read.js";
import { TraceStore } from "../../src/learn/influence/store.js";
import { recordShapes, structureOf } from "../../src/learn/influence/structure.js";
import { type TraceBlock, traceFactor } from "../../src/learn/influence/traces.js";
import type { ModelParams } from "../../src/learn/model/model.js";
import { lossCotangents } from "../../src/learn/step/linear-step.js";
import { type Past, recordStep, type StepRecord } from "../../src/learn/step/step.js";
import type { TapeNode } from "../../src/reverse/tape.js";
import { entries, storageOf } from "../../src/tensor/read.js";
import type { Tensor } from "../../src/tensor/tensor.js";

const folder = fileURLToPath(new URL("../../src/learn/influence/", import.meta.url));
const page = readFileSync(join(folder, "README.md"), "utf8");

/** The rows of each table of the page, without its head, by the word in the head's first cell. */
const tables = new Map(
  [...page.matchAll(/(?:^\|.*\n)+/gm)].map(([text]) => {
    const rows = text
      .trim()
      .split("\n")
      .map((line) => line.slice(1, -1).split("|"))
      .map((cells) => cells.map((cell) => cell.trim()));
    return [rows[0][0], rows.slice(2)] as const;
  }),
);

/** Numbers as the page gives them: `0, ln 3`. */
const read = (cell: string): number[] =>
  cell.split(", ").map((x) => (x.startsWith("ln ") ? Math.log(Number(x.slice(3))) : Number(x)));
const write = (numbers: Iterable<number>): string =>
  [...numbers].map((x) => `${Number(x.toFixed(6))}`).join(", ");
const written = (t: Tensor): string => write(entries(t));

// the cell and what it is shown are read from the page
const given = Object.fromEntries((tables.get("given") ?? []).map(([name, cell]) => [name, read(cell)]));
const model = network([cells.leaky({ input: 1, units: 2 })]);
const area = { W: tensor(given.W.map((w) => [w])), b: tensor(given.b), a: tensor(given.a) };
const params = { areas: [area] as const, readout: {} };
const samples = given.x.map((x) => ({ input: tensor([[x]]), target: tensor([given.target]) }));

const structure = structureOf(recordShapes(model, params as ModelParams, samples[0].input), {
  credit: "exact",
});
const { sources } = structure;
const store = new TraceStore(structure);
const columns = store.columns.map((column) => column as Column);
const names = sources.blocks.map(({ path }) => path.replace("areas.0.", ""));
const sourceName = (s: Source): string => (s.kind === "block" ? names[s.block] : "h");

/** Names of the axes of what is differentiated by: `i` is a unit, `j` an input; that of the batch is not shown. */
const [units] = sources.groups;
const letters = new Map<Axis, string>([
  ...sources.blocks.flatMap(({ axes }) => axes.map((a, k) => [a, "ij"[k]] as const)),
  [units.axes[1], "i"],
]);
const ties = ({ axes }: Term): string => axes.flatMap((a) => letters.get(a) ?? []).join(", ");

/** Whose memory a factor lies in, and its numbers. */
const owners = new Map<unknown, string>([
  ...samples.map(({ input }) => [storageOf(input), "x = "] as const),
  ...columns.map(({ traces }) => [traces[0]?.data[0], "S = "] as const),
]);
const factor = (f: Factor | null): string =>
  f === null ? "1" : (owners.get(storageOf(f.tensor)) ?? "") + written(f.tensor);
const rowOf = (term: Term): string[] => {
  const base = term.base?.kind === "state" ? "h" : factor(known(term.base));
  return [ties(term), factor(term.coefficient), base];
};

/** The tangents of a value, one row for each source and term. */
function tangentsOf(record: StepRecord, node: number): string[][] {
  const [only] = record.areas;
  const upTo = { ...record, areas: [{ ...only, results: [node] }] };
  return pushStep(upTo, sources)[0][0].flatMap(({ source, tangent: { terms } }) =>
    terms.map((term) => [sourceName(source), ...rowOf(term)]),
  );
}

/** The tangents of all sources with respect to themselves. */
function seeds(): string[][] {
  const symbol: StateBase = {
    kind: "state",
    axes: units.axes,
    of: { area: 0, state: 0, group: 0, when: "old" },
  };
  const all = [
    ...sources.blocks.map(({ axes }) => seed(axes, "float64")),
    seed(units.axes, "float64", symbol),
  ];
  return all.flatMap(({ terms }, k) => terms.map((term) => ["seed", "", names[k] ?? "h", ...rowOf(term)]));
}

/** The rows of all tables, found by the functions that the page is about. */
function walk(): Readonly<Record<string, string[][]>> {
  const shown = { step: [] as string[][], op: seeds(), state: [] as string[][] };
  const [terms, traces]: [string[][], string[][]] = [[], []];
  let past: Past = { states: [{ h: zeros([1, 2]) }], input: null };
  samples.forEach((sample, t) => {
    const record = recordStep(model, params as ModelParams, past, sample);
    const [{ start, end, results, current }] = record.areas;
    const error = lossCotangents(record).get(current[0]) as Tensor;
    const [state, { nodes }] = [`h(${t + 1})`, record.tape];
    const [before, now] = [past, record.moment].map(({ states }) => written(states[0].h));
    const tanh = nodes.find(({ op }) => op?.name === "tanh") as TapeNode;
    shown.step.push([`${t + 1}`, before, written(tanh.output), now, written(error)]);
    nodes.slice(start, end).forEach(({ op, output }, i) => {
      if (t === 0 || op === null || start + i === results[0]) return;
      for (const row of tangentsOf(record, start + i)) shown.op.push([op.name, written(output), ...row]);
    });
    for (const row of tangentsOf(record, results[0])) shown.state.push([state, ...row]);
    const contributions = pushStep(record, sources);
    names.forEach((name, k) => {
      const step = new NamedStep(columns[k], contributions);
      const trace = columns[k].traces[0] as TraceBlock;
      const held = (): string => written((traceFactor(trace, 0) as Factor).tensor);
      for (const term of across([step], trace, { area: 0, state: 0, group: 0 })) {
        const { coefficient, base, own } = new Reader(columns[k]).read(term, trace, 0);
        terms.push([state, name, factor(coefficient), factor(base), own === null ? "new" : "own"]);
      }
      const old = held();
      advanceArea(columns[k], 0, [step], {
        before: [null],
        after: [error],
        gradient: store.gradient(columns[k]),
        started: !record.isFirst,
      });
      traces.push([state, name, old, held(), written(store.gradientTensor(k) as Tensor)]);
    });
    past = { states: record.moment.states, input: record.moment.input };
  });
  return { ...shown, "term of": terms, "trace of": traces };
}

describe("the page of the influence", () => {
  const shown = walk();

  it.each(Object.keys(shown))("shows true numbers: %s", (head) => {
    // what an op is here, behind its name, is for the reader
    const rows = tables.get(head)?.map(([first, ...rest]) => [first.replace(/:.*/, ""), ...rest]);
    expect(rows).toEqual(shown[head]);
  });

  it("ends with the gradient that the learner gives", () => {
    const learner = rfp(model, params);
    for (const sample of samples) learner.step(sample);
    const gradient: Readonly<Record<string, Tensor>> = learner.gradient().areas[0];
    names.forEach((name, k) => {
      expect(entries(store.gradientTensor(k) as Tensor)).toEqual(entries(gradient[name]));
    });
  });

  it("shows no number outside of these tables and the diagrams' names", () => {
    const prose = page.replace(/(?:^\|.*\n)+/gm, "").replace(/^ {4}.*$/gm, "");
    expect(prose.match(/-?\d+\.\d+/g)).toBeNull();
  });

  it("names every file of the folder once, each with a line", () => {
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((f) => f.endsWith(".ts"));
    const named = [...page.matchAll(/^\d+\. `([^`]+)`: .+/gm)].map(([, name]) => name);
    expect([...named].sort()).toEqual(files.map((f) => f.replaceAll("\\", "/")).sort());
  });
});
