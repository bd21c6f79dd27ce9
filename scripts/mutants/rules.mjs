// Mutants of the machinery that learning rules share, and of rules that are settings of it. The factor is close to 1 where a rule
// is biased, so that bias cannot hide it.
import { testsOf } from "./tests.mjs";

const { steps, blocks, backward, credit, fptt, unbiased } = testsOf;
const step = (file, mutant) => ({ file: `src/learn/${file}`, tests: steps, ...mutant });
const back = (file, mutant) => ({ file: `src/learn/${file}`, tests: backward, ...mutant });
const block = (file, mutant) => ({ file: `src/learn/influence/${file}`, tests: blocks, ...mutant });
const started = (file, mutant) => ({
  file: `src/learn/${file}`,
  tests: ["test/learn/start.test.ts"],
  ...mutant,
});
const saved = (file, mutant) => ({ file, tests: ["test/learn/saved.test.ts"], ...mutant });

/** Every file of rules has mutants here or in own-rules.mjs, or is a setting of machinery that has. */
export const rules = [
  // one step forward
  step("step/linear-step.ts", {
    id: "error of the loss",
    find: "cotangentsOf(tape, ...losses.filter((_, head) => counts(head)))",
    put: "new Map([...cotangentsOf(tape, ...losses.filter((_, head) => counts(head)))].map(([n, ct]) => [n, times(ct, 1.01)]))",
  }),
  back("step/linear-step.ts", {
    id: "error of a number on a tape",
    find: "onesLike(tape.nodes[node].output)",
    put: "times(onesLike(tape.nodes[node].output), 1.01)",
  }),
  step("step/linear-step.ts", {
    id: "error through an area",
    find: "accumulate(cotangents, node, ct)",
    put: "accumulate(cotangents, node, times(ct, 1.01))",
    tests: [...credit, ...blocks, ...unbiased("uoro"), ...fptt],
  }),
  step("step/linear-step.ts", {
    id: "local credit counts parameters twice",
    find: "new Set([...record.parameters, ...record.areas[b].previous])",
    put: "new Set([...record.areas[b].previous])",
    tests: credit,
  }),
  step("step/linear-step.ts", {
    id: "local credit goes back in time",
    find: "new Set([...record.parameters, ...record.areas[b].previous])",
    put: "new Set([...record.parameters])",
    tests: credit,
  }),
  step("step/linear-step.ts", {
    id: "local credit stops an area too early",
    find: "b >= 1; b--",
    put: "b >= 2; b--",
    tests: credit,
  }),
  step("step/linear-step.ts", {
    id: "tangents of new states",
    find: "tangents.set(area.current[k], t)",
    put: "tangents.set(area.current[k], times(t, 1.01))",
    tests: unbiased("uoro"),
  }),
  step("learners/forward-learner.ts", {
    id: "what the loss says of parameters",
    find: "at.direct.add(direct)",
    put: "at.direct.add(direct.map((of) => of.map((ct) => times(ct, 1.01))))",
  }),
  step("step/gradient-sum.ts", {
    id: "sums of gradients",
    find: "(a && b ? add(a, b)",
    put: "(a && b ? add(a, times(b, 1.01))",
  }),
  step("influence/advance.ts", {
    id: "error meets the old influence",
    find: "contraction(job.before)",
    put: "contraction(job.before.map((e) => times(e, 1.01)))",
  }),
  step("influence/advance.ts", {
    id: "error meets the new influence",
    find: "contraction(job.after)",
    put: "contraction(job.after.map((e) => times(e, 1.01)))",
  }),
  step("influence/advance.ts", {
    id: "a sum that is taken first",
    find: "base: strongProduct(coefficient, base, bound)",
    put: "base: strongProduct(coefficient, { ...base, tensor: times(base.tensor, 1.01) }, bound)",
  }),
  step("influence/naming.ts", {
    id: "coefficients of a trace",
    find: "asDType(rename(coefficient, names), dtype)",
    put: "asDType(rename({ ...coefficient, tensor: times(coefficient.tensor, 1.01) }, names), dtype)",
  }),
  step("influence/naming.ts", {
    id: "bases of a trace",
    find: "dense(asDType(base, this.column.block.dtype))",
    put: "dense(asDType({ ...base, tensor: times(base.tensor, 1.01) }, this.column.block.dtype))",
  }),
  step("influence/read.ts", {
    id: "a base that is moved once it is known",
    find: "return rename(settled, ",
    put: "return rename({ ...settled, tensor: times(settled.tensor, 1.01) }, ",
  }),
  step("influence/advance-area.ts", {
    id: "a later group reads what an earlier one has written",
    tests: ["test/learn/states.test.ts", "test/learn/trees.test.ts"],
    find: "if (base === null || !traces.some((trace) => overlaps(base, trace))) return term;",
    put: "return term;",
  }),
  step("step/step.ts", {
    id: "a detached stack takes its input as it is, forward",
    within: "export function recordStep",
    find: "stopGradient(y)",
    put: "y",
  }),
  step("step/step.ts", {
    id: "a detached stack takes its past input as it is",
    within: "export function momentOf",
    find: "stopGradient(y)",
    put: "y",
    tests: [...steps, "test/learn/bptt.test.ts"],
  }),
  // back in time
  back("step/unroll.ts", {
    id: "a detached stack takes its input as it is, backward",
    find: "stopGradient(y)",
    put: "y",
  }),
  back("learners/backward-learner.ts", {
    id: "error of the loss, backward",
    find: "known.get(this.leaves[k]) ?? zerosLike(value)",
    put: "times(known.get(this.leaves[k]) ?? zerosLike(value), 1.01)",
  }),
  back("step/heads.ts", {
    id: "sum of losses",
    find: "counts[h] ? head : null",
    put: "counts[h] ? times(head, totals[h] ? 1.01 : 1) : null",
  }),
  back("learners/backward-learner.ts", {
    id: "sum over windows",
    find: "add(earlier[head][k], sum)",
    put: "add(earlier[head][k], times(sum, 1.01))",
    tests: [
      "test/learn/streams.test.ts",
      { file: "test/learn/rules.test.ts", name: "bptt on a stream|tbptt on a stream" },
      ...blocks,
    ],
  }),
  back("learners/backward-learner.ts", {
    id: "a window one step too long, op by op",
    find: "this.steps.length === this.options.window",
    put: "this.steps.length > this.options.window",
    tests: [...backward, ...blocks],
  }),
  back("learners/window-learner.ts", {
    id: "a window one step too long",
    find: "forgotten.length + counted.length === this.options.window",
    put: "forgotten.length + counted.length > this.options.window",
  }),
  back("learners/window-learner.ts", {
    id: "what a block says of parameters",
    find: "into.add(direct)",
    put: "into.add(direct.map((of) => of.map((ct) => times(ct, 1.01))))",
  }),
  back("learners/crossings.ts", {
    id: "error of the loss of a window",
    find: "known.get(node) ?? null",
    put: "((ct) => ct && times(ct, 1.01))(known.get(node) ?? null)",
  }),
  back("learners/crossings.ts", {
    id: "one loss too many is forgotten",
    find: "t++ < forgotten.length",
    put: "t++ <= forgotten.length",
  }),
  // blocks of steps
  block("block/errors.ts", {
    id: "λ of the step after",
    find: "plus(cotangents.get(node) ?? null, carried[b][i])",
    put: "plus(cotangents.get(node) ?? null, times(carried[b][i], 1.01))",
  }),
  block("block/errors.ts", {
    id: "what losses of a block say of parameters",
    find: "plus(cotangents.get(node) ?? null, direct[k])",
    put: "plus(cotangents.get(node) ?? null, times(direct[k], 1.01))",
  }),
  block("block/errors.ts", {
    id: "λ before a step, local",
    find: "plus(cotangents.get(node) ?? null, down.get(node) ?? null)",
    put: "plus(cotangents.get(node) ?? null, times(down.get(node) ?? null, 1.01))",
  }),
  block("block/errors.ts", {
    id: "λ before a step",
    find: "before[b] = previous.map((node) => cotangents.get(node) ?? null)",
    put: "before[b] = previous.map((node) => times(cotangents.get(node) ?? null, 1.01))",
  }),
  block("block/pays.ts", {
    id: "a single step is crossed at once",
    find: "if (steps === 1) return false;",
    put: "if (steps === 0) return false;",
  }),
  {
    id: "what single steps say of parameters is lost where blocks go on",
    file: "src/learn/learners/stream-state.ts",
    find: "this.direct = other.direct;",
    put: "this.direct = new HeadSums();",
    tests: [{ file: "test/learn/operations.test.ts", name: "single steps, then" }],
  },
  {
    id: "blocks that move step by step start anew in each",
    file: "src/learn/learners/window-learner.ts",
    find: "past = { states: outcome.moment.states, input: outcome.moment.input };",
    put: "",
    tests: blocks,
  },
  block("block/advance-block.ts", {
    id: "λ meets what a step adds",
    find: "tensor: error }",
    put: "tensor: times(error, 1.01) }",
  }),
  step("influence/meet.ts", {
    id: "λ(0) meets the influence",
    find: "      before,\n",
    put: "      before: before.map((e) => times(e, 1.01)),\n",
    tests: blocks,
  }),
  block("block/advance-block.ts", {
    id: "λ(0) meets an influence that crosses at once",
    within: "function atOnce(",
    find: "before: before[b],",
    put: "before: before[b].map((e) => times(e, 1.01)),",
  }),
  block("block/advance-block.ts", {
    id: "λ(0) meets an influence that goes step by step",
    find: "s === 0 ? before : none",
    put: "s === 0 ? before.map((area) => area.map((e) => times(e, 1.01))) : none",
  }),
  block("compose.ts", {
    id: "the product of Jacobians over a block",
    find: "for (const term of open) waiting[term.base.of.area].add(term);",
    put: "for (const term of open) waiting[term.base.of.area].add({ ...term, coefficient: term.coefficient && { ...term.coefficient, tensor: times(term.coefficient.tensor, 1.01) } });",
  }),
  block("compose.ts", {
    id: "a term written out",
    find: "= moved(inner.coefficient)",
    put: "= moved(inner.coefficient && { ...inner.coefficient, tensor: times(inner.coefficient.tensor, 1.01) })",
  }),
  block("compose.ts", {
    id: "a sum over what nothing varies along",
    find: "tensor: scalar(count, dtype)",
    put: "tensor: scalar(1.01 * count, dtype)",
  }),
  block("compose.ts", {
    id: "terms that are added",
    find: "coefficient: plus(known.coefficient, coefficient && rename(coefficient, names), this.block.dtype)",
    put: "coefficient: plus(known.coefficient, known.coefficient, this.block.dtype)",
  }),
  block("stack.ts", {
    id: "terms that are one each",
    find: "tensor: scalar(group.length, dtype)",
    put: "tensor: scalar(1.01 * group.length, dtype)",
  }),
  block("stack.ts", {
    id: "terms of coefficients alone",
    find: "product(coefficient, null, [steps])",
    put: "product({ ...coefficient, tensor: times(coefficient.tensor, 1.01) }, null, [steps])",
  }),
  block("stack.ts", {
    id: "terms of bases alone",
    find: "dense(product(base, null, [steps])",
    put: "dense(product({ ...base, tensor: times(base.tensor, 1.01) }, null, [steps])",
  }),
  // approximations
  {
    id: "snap keeps an order more",
    file: "src/learn/influence/pattern.ts",
    find: "step < (options.order ?? Number.POSITIVE_INFINITY)",
    put: "step <= (options.order ?? Number.POSITIVE_INFINITY)",
    tests: [{ file: "test/learn/rules.test.ts", name: "biased rules" }],
  },
  {
    id: "snap keeps an order less",
    file: "src/learn/influence/pattern.ts",
    find: "step < (options.order ?? Number.POSITIVE_INFINITY)",
    put: "step + 1 < (options.order ?? Number.POSITIVE_INFINITY)",
    tests: [{ file: "test/learn/rules.test.ts", name: "biased rules" }],
  },
  {
    id: "snap's mask keeps what lies off the diagonal",
    file: "src/learn/influence/read.ts",
    within: "function within(",
    find: "coefficient: coefficient && diagonalOf(coefficient, own, tie)",
    put: "coefficient",
    tests: [{ file: "test/learn/rules.test.ts", name: "biased rules" }],
  },
  {
    id: "eprop goes through other units",
    file: "src/learn/influence/paths.ts",
    find: "axes.every((a, i) => a === base.axes[i])",
    put: "axes.length > 0",
    tests: [{ file: "test/learn/rules.test.ts", name: "biased rules" }, "test/learn/rflo.test.ts"],
  },
  {
    id: "eprop's paths",
    file: "src/learn/rules/eprop.ts",
    find: 'paths: "within"',
    put: 'paths: "all"',
    tests: [{ file: "test/learn/rules.test.ts", name: "biased rules" }, "test/learn/rflo.test.ts"],
  },
  {
    id: "eprop's credit",
    file: "src/learn/rules/eprop.ts",
    find: 'credit: "own"',
    put: 'credit: "exact"',
    tests: [{ file: "test/learn/rules.test.ts", name: "biased rules" }, "test/learn/rflo.test.ts"],
  },
  {
    id: "rflo keeps what bends",
    file: "src/learn/influence/carriers.ts",
    find: "return !bent[place].by[i].has(nameOf(area, state))",
    put: "return true",
    tests: [{ file: "test/learn/rules.test.ts", name: "biased rules" }, "test/learn/rflo.test.ts"],
  },
  {
    id: "rflo's credit",
    file: "src/learn/rules/rflo.ts",
    find: 'credit: "own"',
    put: 'credit: "exact"',
    tests: [{ file: "test/learn/rules.test.ts", name: "biased rules" }, "test/learn/rflo.test.ts"],
  },
  {
    id: "local credit of rules on traces is exact",
    file: "src/learn/rules/rfp.ts",
    find: 'credit === "own" ? "local" : "exact"',
    put: '"exact"',
    tests: [...credit, { file: "test/learn/rules.test.ts", name: "biased rules" }],
  },
  {
    id: "local credit of rfp is exact",
    file: "src/learn/rules/rfp.ts",
    find: 'credit === "local" ? "own" : "exact"',
    put: '"exact"',
    tests: credit,
  },
  {
    id: "local credit of snap is exact",
    file: "src/learn/rules/snap.ts",
    find: 'credit: credit === "local" ? "own" : "exact"',
    put: 'credit: "exact"',
    tests: credit,
  },
  // where the influence starts
  started("influence/influence.ts", {
    id: "an influence that starts at zero",
    find: "influence.advance(record, { before: [none], after: [none] })",
    put: "void none",
  }),
  started("step/step.ts", {
    id: "a first step that meets no influence",
    find: "past.input === null && !hasStart(model)",
    put: "past.input === null",
  }),
  started("influence/structure.ts", {
    id: "a structure without the start",
    find: "const all = first ?",
    put: "const all = first && !first ?",
  }),
  started("learners/crossings.ts", {
    id: "a start that is constant, backward",
    find: "start.input === null ? null : start",
    put: "start",
  }),
  started("step/input-gradients.ts", {
    id: "error of an input",
    find: "known.get(tape.indexOf(leaf)) ??",
    put: "((ct) => ct && times(ct, 1.01))(known.get(tape.indexOf(leaf))) ??",
    tests: ["test/learn/input-gradient.test.ts"],
  }),
  // what a learner saves
  saved("src/tensor/compile/replayer.ts", {
    id: "saved: steps that were replayed are begun anew",
    find: 'known === "eager" ? known : { recordings: known }',
    put: '"eager"',
  }),
  saved("src/learn/influence/store.ts", {
    id: "saved: the first trace is left behind",
    within: "resume(saved",
    find: "places.forEach(({ data, shape, strides, offset }, i) => {",
    put: "places.forEach(({ data, shape, strides, offset }, i) => { if (i === 0) return;",
  }),
  saved("src/learn/learners/window-learner.ts", {
    id: "saved: the block that the influence has not crossed",
    find: 'this.behind = saved.at("behind").maybe(read);',
    put: "this.behind = null;",
  }),
  saved("src/learn/learners/backward-learner.ts", {
    id: "saved: losses that were forgotten",
    find: "if (this.steps.length <= forgotten) this.clearGradient();",
    put: "void forgotten;",
  }),
  saved("src/learn/rules/uoro.ts", {
    id: "saved: numbers that were drawn",
    find: 'this.steps = saved.at("drawn").count();',
    put: 'saved.at("drawn").count();',
  }),
];
