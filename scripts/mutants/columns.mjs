// Mutants of how the influence lies in memory, and of what is counted of it.
import { testsOf } from "./tests.mjs";

const laid = (file, mutant) => ({
  file: `src/learn/influence/${file}`,
  tests: ["test/learn/columns.test.ts", ...testsOf.steps],
  ...mutant,
});
const counted = (file, mutant) => ({
  file: `src/learn/influence/${file}`,
  tests: ["test/learn/plan.test.ts"],
  ...mutant,
});

export const columns = [
  laid("columns.ts", {
    id: "columns: any order of axes is a matrix",
    find: "a !== layout[i] || ",
    put: "",
  }),
  laid("columns.ts", {
    id: "columns: a tie is forgotten where they are one",
    find: " || block.axes.includes(a))) return false",
    put: ")) return false",
  }),
  laid("columns.ts", {
    id: "columns: members lie on each other",
    find: "offset: trace.offset + at * trace.strides[place]",
    put: "offset: trace.offset",
  }),
  laid("columns.ts", {
    id: "columns: gradients of members lie on each other",
    find: "begin: family.begin + at * sizeOf(sizesOf(order))",
    put: "begin: family.begin",
  }),
  laid("lay.ts", {
    id: "columns: families lie on each other",
    find: "offset: isMatrix ? rows.begin(family) : 0",
    put: "offset: 0",
  }),
  laid("store.ts", {
    id: "columns: parameters enter in their own area only",
    find: "family.area === area || indices.some((k) => reads[area].blocks.has(k))",
    put: "family.area === area",
  }),
  laid("advance.ts", {
    id: "columns: an error's axes lie first",
    find: "rowAxes.map((a) => strides[axes.indexOf(a)] ?? 0)",
    put: "rowAxes.map((_, i) => strides[i] ?? 0)",
    tests: ["test/learn/columns.test.ts"],
  }),
  laid("advance.ts", {
    id: "columns: a term's axes lie first",
    find: "term.axes[trace.axes.indexOf(axis)] ?? axis",
    put: "term.axes[i] ?? axis",
    tests: ["test/learn/columns.test.ts"],
  }),
  counted("cost.ts", {
    id: "counts: what is summed",
    find: " * product(new Set(bound))",
    put: "",
  }),
  counted("cost.ts", {
    id: "counts: errors",
    find: "sum(reads.values()) + entries",
    put: "sum(reads.values())",
  }),
  counted("cost.ts", {
    id: "counts: inputs of all steps",
    find: "total += (steps + 1) * cost.entries",
    put: "total += 2 * cost.entries",
  }),
  counted("block/pays.ts", {
    id: "counts: a deep stack crosses",
    find: "isBoundByArithmetic(structure) ? 0.5 : 0.7",
    put: "0.7",
  }),
];
