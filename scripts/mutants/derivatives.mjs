// Mutants of what reads linear maps: forward, transposed and tied, and of maps that are given by how they act.
import { testsOf } from "./tests.mjs";

const linear = "src/ops/linear.ts";
const tied = "src/forward/tied.ts";

/** Every case of a reading, found in its source: a new kind of map is covered by standing there. */
export const readings = [
  { id: "forward", file: linear, within: "export function applyMap(", put: (x) => `return times(${x}, 7);` },
  {
    id: "transposed",
    file: linear,
    within: "export function transposeMap(",
    put: (x) => `return times(${x}, 7);`,
  },
  {
    id: "tied",
    file: tied,
    within: "export function applyToTerm(",
    put: (x, kind) => `return scaleTerm(${x}, scalar(7, ${kind === "cast" ? "map.to" : "context.dtype"}));`,
  },
];

/** Maps that are given by how they act, in every file of ops. */
export const acting = /\b(forward: \(t\) =>|transpose: \((?:ct|c)\) =>) (apply\(.*\)),$/gm;

const { maps, custom, edges } = testsOf;
export const derivatives = [
  {
    id: "paths forward",
    file: linear,
    find: "reduce((a, b) => add(a, b))",
    put: "reduce((a) => a)",
    tests: custom,
  },
  { id: "paths transposed", file: linear, find: "add(known[from], part)", put: "known[from]", tests: custom },
  {
    id: "sum over what was broadcast",
    file: linear,
    find: "axes.length ? sum(ct, axes) : ct",
    put: "axes.length ? times(sum(ct, axes), 7) : ct",
    tests: maps,
  },
  {
    id: "two uses, forward",
    file: "src/forward/dual.ts",
    find: "this.algebra.add(total, term)",
    put: "total",
    tests: maps,
  },
  {
    id: "two uses, reverse",
    file: "src/reverse/tape.ts",
    find: "add(known, term)",
    put: "add(known, times(term, 7))",
    tests: maps,
  },
  {
    id: "two uses of a result",
    file: "src/reverse/vjp.ts",
    find: "add(before, other)",
    put: "before",
    tests: ["test/reverse/transforms.test.ts", "test/reverse/trees.test.ts", "test/reverse/nesting.test.ts"],
  },
  {
    id: "two uses, tied",
    file: "src/forward/term.ts",
    find: "plus(into.coefficient, other, a.dtype)",
    put: "plus(into.coefficient, into.coefficient, a.dtype)",
  },
  {
    id: "paths, tied",
    file: tied,
    within: "function alongPaths",
    find: "addTangents(a, b)",
    put: "a",
    tests: custom,
  },
  {
    id: "a sum of what is constant, tied",
    file: tied,
    find: "scalar(axis.size, dtype)",
    put: "scalar(7 * axis.size, dtype)",
  },
  {
    id: "a contraction with one, tied",
    file: tied,
    find: "dense(sumOver(by, over))",
    put: "dense({ ...sumOver(by, over), tensor: times(sumOver(by, over).tensor, 7) })",
  },
  {
    id: "a contraction, tied",
    file: tied,
    find: "product(term.coefficient, by, over)",
    put: "product(term.coefficient, { ...by, tensor: times(by.tensor, 7) }, over)",
  },
  {
    id: "product of factors",
    file: "src/forward/factor.ts",
    find: "tensor: scale(align(f, axes), align(g, axes))",
    put: "tensor: times(scale(align(f, axes), align(g, axes)), 7)",
  },
  {
    id: "product of factors, all axes summed",
    file: "src/forward/factor.ts",
    find: "tensor: scale(left.tensor, align(right, left.axes))",
    put: "tensor: times(scale(left.tensor, align(right, left.axes)), 7)",
  },
  {
    id: "product of factors, contracted",
    file: "src/forward/factor.ts",
    find: "tensor: contract(f.tensor,",
    put: "tensor: contract(times(f.tensor, 7),",
  },
  {
    id: "sum over axes of a factor",
    file: "src/forward/factor.ts",
    find: "tensor: sum(f.tensor, at)",
    put: "tensor: times(sum(f.tensor, at), 7)",
  },
  {
    id: "two factors added",
    file: "src/forward/factor.ts",
    find: "tensor: add(align(a, axes), align(b, axes))",
    put: "tensor: add(align(a, axes), times(align(b, axes), 7))",
  },
  {
    id: "one of a sum of factors",
    file: "src/forward/factor.ts",
    find: "const a = f ?? { axes: [], tensor: scalar(1, dtype) }",
    put: "const a = f ?? { axes: [], tensor: scalar(7, dtype) }",
  },
  {
    id: "diagonal of a factor",
    file: "src/forward/factor.ts",
    find: "(at === j ? strides[i] : 0)",
    put: "(at === j ? 0 : 0)",
    tests: [{ file: "test/learn/rules.test.ts", name: "biased rules" }, ...testsOf.blocks],
  },
  {
    id: "settling of a term",
    file: "src/forward/expand.ts",
    within: "export function settleTerm",
    find: "base, bound)",
    put: "base && { ...base, tensor: times(base.tensor, 7) }, bound)",
  },
  {
    id: "diagonal of an expanded tie",
    file: "src/forward/expand.ts",
    find: "at[i * n + i] = i;",
    put: "at[i * n + i] = (i + 1) % n;",
  },
  {
    id: "a map entry by entry",
    file: "src/forward/expand.ts",
    find: "applyMap(map, select(flat, 0, i))",
    put: "times(applyMap(map, select(flat, 0, i)), 7)",
  },
  {
    id: "the first entry of a map",
    file: "src/forward/expand.ts",
    find: "count > 0 ? select(flat, 0, 0)",
    put: "count > 0 ? times(select(flat, 0, 0), 7)",
  },
  {
    id: "terms added on settling",
    file: "src/forward/settle.ts",
    find: "add(total, part)",
    put: "add(total, times(part, 7))",
  },
  {
    id: "settled numbers",
    file: "src/forward/settle.ts",
    find: "cast(total, dtype)",
    put: "times(cast(total, dtype), 7)",
  },
  {
    id: "entries taken where nothing varies",
    file: "src/forward/reindex-term.ts",
    find: "product(term.coefficient, mask)",
    put: "product(term.coefficient, mask && { ...mask, tensor: times(mask.tensor, 7) })",
  },
  {
    id: "entries taken of a tie",
    file: "src/forward/reindex-term.ts",
    find: "tensor: selector(index, size, context.dtype)",
    put: "tensor: times(selector(index, size, context.dtype), 7)",
  },
  {
    id: "entries taken of a factor",
    file: "src/forward/reindex-term.ts",
    find: "tensor: takeIndex(f.tensor, i, index)",
    put: "tensor: times(takeIndex(f.tensor, i, index), 7)",
  },
  {
    id: "what a custom function reads besides",
    file: "src/reverse/custom-jvp.ts",
    find: "if (i === count) return [];",
    put: "if (i === count) return null;",
    tests: custom,
  },
  {
    id: "tie of a maximum of two",
    file: "src/ops/pointwise.ts",
    find: "cast(equal(a, b), a.dtype), 0.5)",
    put: "cast(equal(a, b), a.dtype), 0.25)",
    tests: edges,
  },
  {
    id: "ties of a maximum over axes",
    file: "src/ops/reduce.ts",
    find: "div(winners, sum(winners, axes, { keepDims: true }))",
    put: "winners",
    tests: edges,
  },
  {
    id: "chain of a running sum",
    file: "src/ops/reduce.ts",
    find: "(attrs.reverse ? j >= i : j <= i)",
    put: "(attrs.reverse ? j > i : j < i)",
  },
  {
    id: "a surrogate's own derivative",
    file: "src/cells/alif.ts",
    find: "mul(relu(sub(1, abs(v))), dampening)",
    put: "mul(relu(sub(1, abs(v))), 7 * dampening)",
    tests: testsOf.cells,
  },
  {
    id: "transposed convolution by its input, js",
    file: "src/backends/js/conv.ts",
    find: "+= patches[patch + j];",
    put: "+= 7 * patches[patch + j];",
    backend: "js",
    tests: maps,
  },
  {
    id: "transposed convolution by its kernel, js",
    file: "src/backends/js/conv.ts",
    find: "+= sum[j];",
    put: "+= 7 * sum[j];",
    backend: "js",
    tests: maps,
  },
].map((mutant) => ({ tests: testsOf.tied, ...mutant }));
