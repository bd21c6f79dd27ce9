// Mutants of learning rules: coefficients of their own, and of the machinery that they share. The factor is close to 1 where a
// rule is biased or random, so that bias and chance cannot hide it.
import { testsOf } from "./tests.mjs";

const { steps, blocks, backward, credit, fptt, unbiased, kernels } = testsOf;
const uoro = (mutant) => ({ file: "src/learn/rules/uoro.ts", tests: unbiased("uoro"), ...mutant });
const kfRtrl = (mutant) => ({
  file: "src/learn/rules/kf-rtrl/kf-rtrl.ts",
  tests: unbiased("kfRtrl"),
  ...mutant,
});
const step = (file, mutant) => ({ file: `src/learn/${file}`, tests: steps, ...mutant });
const back = (file, mutant) => ({ file: `src/learn/${file}`, tests: backward, ...mutant });
const block = (file, mutant) => ({ file: `src/learn/influence/block/${file}`, tests: blocks, ...mutant });
const inverse = (file, mutant) => ({ file: `src/learn/${file}`, tests: fptt, ...mutant });
const kernel = (mutant) => ({
  file: "src/backends/js/trace-step.ts",
  backend: "js",
  tests: kernels,
  ...mutant,
});

/** Every file of rules has mutants here, or is a setting of machinery that has. */
export const rules = [
  // one step forward
  step("step/linear-step.ts", {
    id: "error of the loss",
    within: "export function lossCotangents",
    find: "onesLike(lossValue)",
    put: "times(onesLike(lossValue), 1.01)",
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
    find: "at.direct.add(k, ct)",
    put: "at.direct.add(k, times(ct, 1.01))",
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
  step("influence/compose.ts", {
    id: "coefficients of a trace",
    find: "asDType(rename(term.coefficient, names), dtype)",
    put: "asDType(rename({ ...term.coefficient, tensor: times(term.coefficient.tensor, 1.01) }, names), dtype)",
  }),
  step("influence/compose.ts", {
    id: "bases of a trace",
    find: "base: base && asDType(base, dtype)",
    put: 'base: base && asDType(source.kind === "block" ? { ...base, tensor: times(base.tensor, 1.01) } : base, dtype)',
  }),
  step("influence/compose.ts", {
    id: "a base that is moved once it is known",
    find: "const factor = rename(settled, back)",
    put: "const factor = rename({ ...settled, tensor: times(settled.tensor, 1.01) }, back)",
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
    find: "onesLike(this.tape.primal(this.total))",
    put: "times(onesLike(this.tape.primal(this.total)), 1.01)",
  }),
  back("learners/backward-learner.ts", {
    id: "sum of losses",
    find: "add(this.total, loss)",
    put: "add(this.total, times(loss, 1.01))",
  }),
  back("learners/backward-learner.ts", {
    id: "sum over windows",
    find: "add(this.earlier[k], now)",
    put: "add(this.earlier[k], times(now, 1.01))",
    tests: [
      "test/learn/streams.test.ts",
      { file: "test/learn/rules.test.ts", name: "bptt on a stream|tbptt on a stream" },
      ...blocks,
    ],
  }),
  back("learners/backward-learner.ts", {
    id: "a window one step too long, op by op",
    find: "this.samples.length === this.options.window",
    put: "this.samples.length > this.options.window",
    tests: [...backward, ...blocks],
  }),
  back("learners/window-learner.ts", {
    id: "a window one step too long",
    find: "forgotten.length + counted.length === this.options.window",
    put: "forgotten.length + counted.length > this.options.window",
  }),
  back("learners/window-learner.ts", {
    id: "what a block says of parameters",
    find: "into.add(k, ct)",
    put: "into.add(k, times(ct, 1.01))",
  }),
  back("learners/crossings.ts", {
    id: "error of the loss of a window",
    find: "onesLike(tape.primal(total))",
    put: "times(onesLike(tape.primal(total)), 1.01)",
  }),
  back("learners/crossings.ts", {
    id: "sum of losses of a window",
    find: "add(total, last.loss)",
    put: "add(total, times(last.loss, 1.01))",
  }),
  back("learners/crossings.ts", {
    id: "one loss too many is forgotten",
    find: "t++ >= forgotten.length",
    put: "t++ > forgotten.length",
  }),
  // blocks of steps
  block("errors.ts", {
    id: "λ of the step after",
    find: "plus(cotangents.get(node) ?? null, carried[b][i])",
    put: "plus(cotangents.get(node) ?? null, times(carried[b][i], 1.01))",
  }),
  block("errors.ts", {
    id: "what losses of a block say of parameters",
    find: "plus(cotangents.get(node) ?? null, direct[k])",
    put: "plus(cotangents.get(node) ?? null, times(direct[k], 1.01))",
  }),
  block("errors.ts", {
    id: "λ before a step, local",
    find: "plus(cotangents.get(node) ?? null, down.get(node) ?? null)",
    put: "plus(cotangents.get(node) ?? null, times(down.get(node) ?? null, 1.01))",
  }),
  block("errors.ts", {
    id: "λ before a step",
    find: "before[b] = previous.map((node) => cotangents.get(node) ?? null)",
    put: "before[b] = previous.map((node) => times(cotangents.get(node) ?? null, 1.01))",
  }),
  block("advance-block.ts", {
    id: "λ meets what a step adds",
    find: "tensor: error }",
    put: "tensor: times(error, 1.01) }",
  }),
  block("advance-block.ts", {
    id: "λ(0) meets the influence",
    within: "function meet(",
    find: "before: errors,",
    put: "before: errors.map((e) => times(e, 1.01)),",
  }),
  block("advance-block.ts", {
    id: "λ(0) meets an influence that crosses at once",
    within: "function atOnce(",
    find: "before: before[b],",
    put: "before: before[b].map((e) => times(e, 1.01)),",
  }),
  block("advance-block.ts", {
    id: "λ(0) meets an influence that goes step by step",
    find: "s === 0 ? errors : none",
    put: "s === 0 ? errors.map((e) => times(e, 1.01)) : none",
  }),
  block("advance-block.ts", {
    id: "the product of Jacobians over a block",
    within: "function across(",
    find: "{ into: state, axes, coefficient, base:",
    put: "{ into: state, axes, coefficient: coefficient && { ...coefficient, tensor: times(coefficient.tensor, 1.01) }, base:",
  }),
  block("part.ts", {
    id: "a part written out",
    find: "const right = moved(inner.coefficient)",
    put: "const right = moved(inner.coefficient && { ...inner.coefficient, tensor: times(inner.coefficient.tensor, 1.01) })",
  }),
  block("part.ts", {
    id: "a sum over what nothing varies along",
    find: "tensor: scalar(count, dtype)",
    put: "tensor: scalar(1.01 * count, dtype)",
  }),
  block("part.ts", {
    id: "parts that are added",
    find: "coefficient: plus(known.coefficient, coefficient && rename(coefficient, names), this.block.dtype)",
    put: "coefficient: plus(known.coefficient, known.coefficient, this.block.dtype)",
  }),
  block("stack.ts", {
    id: "parts that are one each",
    find: "tensor: scalar(group.length, dtype)",
    put: "tensor: scalar(1.01 * group.length, dtype)",
  }),
  block("stack.ts", {
    id: "parts of coefficients alone",
    find: "coefficient: product(coefficient, null, [steps])",
    put: "coefficient: product({ ...coefficient, tensor: times(coefficient.tensor, 1.01) }, null, [steps])",
  }),
  block("stack.ts", {
    id: "parts of bases alone",
    find: "base: product(base, null, [steps])",
    put: "base: product({ ...base, tensor: times(base.tensor, 1.01) }, null, [steps])",
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
    file: "src/learn/influence/compose.ts",
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
    find: 'credit: "local"',
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
    find: 'credit: "local"',
    put: 'credit: "exact"',
    tests: [{ file: "test/learn/rules.test.ts", name: "biased rules" }, "test/learn/rflo.test.ts"],
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
  // random rules
  uoro({ id: "uoro: old states' scale", find: "scaled(s, fromOld)", put: "scaled(s, 1.01 * fromOld)" }),
  uoro({
    id: "uoro: new states' scale",
    find: "scaled(signs[b][k], fromNew)",
    put: "scaled(signs[b][k], 1.01 * fromNew)",
  }),
  uoro({
    id: "uoro: old parameters' scale",
    find: "scaled(old, 1 / fromOld)",
    put: "scaled(old, 1.01 / fromOld)",
  }),
  uoro({
    id: "uoro: new parameters' scale",
    find: "scaled(immediate[k], 1 / fromNew)",
    put: "scaled(immediate[k], 1.01 / fromNew)",
  }),
  uoro({
    id: "uoro: error along the states",
    find: "this.sum.add(k, mul(p, along))",
    put: "this.sum.add(k, mul(p, 1.01 * along))",
  }),
  uoro({ id: "uoro: balance", find: "Math.sqrt(parameters / states)", put: "parameters / states" }),
  uoro({ id: "uoro: signs that lean", find: "u < 0.5 ? -1 : 1", put: "u < 0.2 ? -1 : 1" }),
  kfRtrl({
    id: "kfRtrl: rows of the past",
    find: "own[b] && matmul(own[b], rows)",
    put: "own[b] && times(matmul(own[b], rows), 1.01)",
  }),
  kfRtrl({
    id: "kfRtrl: rows from below",
    find: "map && lower && matmul(map, lower)",
    put: "map && lower && times(matmul(map, lower), 1.01)",
  }),
  kfRtrl({ id: "kfRtrl: scale of rows", find: "part[s] / p", put: "(1.01 * part[s]) / p" }),
  kfRtrl({ id: "kfRtrl: scale of columns", find: "part[s] * p", put: "1.01 * part[s] * p" }),
  kfRtrl({ id: "kfRtrl: balance", find: "Math.sqrt(r / column[s])", put: "r / column[s]" }),
  kfRtrl({
    id: "kfRtrl: error along the rows",
    find: 'einsum("bz,bzr->br", e, rows)',
    put: 'times(einsum("bz,bzr->br", e, rows), 1.01)',
  }),
  kfRtrl({
    id: "kfRtrl: areas that are added",
    find: "add(along, part)",
    put: "add(along, times(part, 1.01))",
  }),
  kfRtrl({ id: "kfRtrl: signs that lean", find: "u < 0.5 ? -1 : 1", put: "u < 0.2 ? -1 : 1" }),
  kfRtrl({
    id: "kfRtrl: column of an outer product",
    file: "src/learn/rules/kf-rtrl/outer-product.ts",
    find: "column: column ?? empty",
    put: "column: times(column ?? empty, 1.01)",
  }),
  // the inverse
  inverse("rules/fptt/fptt.ts", {
    id: "fptt: what was said of old states",
    find: "area.lambda[of].map((v, i) => v - area.said[of][i] - before[of][i])",
    put: "area.lambda[of].map((v, i) => v - 1.01 * area.said[of][i] - before[of][i])",
  }),
  inverse("rules/fptt/fptt.ts", {
    id: "fptt: what a loss says of the step before",
    find: "area.lambda[of].map((v, i) => v - area.said[of][i] - before[of][i])",
    put: "area.lambda[of].map((v, i) => v - area.said[of][i] - 1.01 * before[of][i])",
  }),
  inverse("rules/fptt/fptt.ts", {
    id: "fptt: the inverse",
    find: 'transposeApply(back, rest("value"))',
    put: 'transposeApply(back, rest("value").map((v) => 1.01 * v))',
  }),
  inverse("rules/fptt/fptt.ts", {
    id: "fptt: what areas above say of parameters",
    find: "[loss.get(node), down.get(node)]",
    put: "[loss.get(node), times(down.get(node), 1.01)]",
  }),
  inverse("rules/fptt/fptt.ts", {
    id: "fptt: errors before a step, first pass",
    find: "product.collect(said.before, unit)",
    put: "product.collect({ ...said.before, value: said.before.value.map((v) => 1.01 * v) }, unit)",
  }),
  inverse("rules/fptt/fptt.ts", {
    id: "fptt: errors after a step, first pass",
    find: "product.collect(said.after, unit)",
    put: "product.collect({ ...said.after, value: said.after.value.map((v) => 1.01 * v) }, unit)",
  }),
  inverse("rules/fptt/fptt.ts", {
    id: "fptt: promised digits",
    find: "const tolerance = 1e-6",
    put: "const tolerance = 1e-2",
  }),
  inverse("rules/fptt/fptt.ts", {
    id: "fptt: refuses all but the best",
    find: "const safety = 10",
    put: "const safety = 1e6",
  }),
  inverse("rules/fptt/running-errors.ts", {
    id: "fptt: errors from above",
    find: "own.map((v, i) => v + above[i])",
    put: "own.map((v, i) => v + 1.01 * above[i])",
  }),
  inverse("rules/fptt/running-errors.ts", {
    id: "fptt: rounding taken for larger",
    find: "precision(visit, b) * Math.max(1, p[g] * q[g])",
    put: "1e4 * precision(visit, b) * Math.max(1, p[g] * q[g])",
  }),
  inverse("rules/fptt/jacobian-product.ts", {
    id: "fptt: product of Jacobians",
    find: "this.whole = multiply(jacobian, this.whole)",
    put: "this.whole = multiply({ ...jacobian, data: jacobian.data.map((v) => 1.01 * v) }, this.whole)",
  }),
  inverse("rules/fptt/jacobian-product.ts", {
    id: "fptt: condition number",
    find: "v * this.shrunk[g]",
    put: "Math.sqrt(v * this.shrunk[g])",
  }),
  inverse("influence/jacobians.ts", {
    id: "fptt: Jacobian where all ties survive",
    find: "data[(g * size + i) * size + j] = values[g]",
    put: "data[(g * size + i) * size + j] = 1.01 * values[g]",
  }),
  inverse("influence/jacobians.ts", {
    id: "Jacobian of a step, dense",
    within: "private dense(",
    find: "pair ? reshape(pair.dense()",
    put: "pair ? reshape(times(pair.dense(), 1.01)",
    tests: [...fptt, ...unbiased("kfRtrl")],
  }),
  // the hot loop of the js backend
  kernel({
    id: "trace step: old traces",
    find: "+= coefficientAt(t, at[2 * i]);",
    put: "+= 1.01 * coefficientAt(t, at[2 * i]);",
  }),
  kernel({
    id: "trace step: one",
    find: "if (base === null) add(out, start, inner, c)",
    put: "if (base === null) add(out, start, inner, 1.01 * c)",
  }),
  kernel({
    id: "trace step: a base that is constant along a row",
    find: "base.data[from] === 0 ? 0 : c * base.data[from]",
    put: "base.data[from] === 0 ? 0 : 1.01 * c * base.data[from]",
  }),
  kernel({
    id: "trace step: a base",
    find: "else put(out, start, inner, c, base.data, from)",
    put: "else put(out, start, inner, 1.01 * c, base.data, from)",
  }),
  kernel({
    id: "trace step: several states",
    find: "if (c !== 0) put(t, at, n, c, old[l], 0)",
    put: "if (c !== 0) put(t, at, n, 1.01 * c, old[l], 0)",
  }),
  kernel({
    id: "trace step: products",
    find: "? 1 : coefficient.data[coefficient.offset + at[0] + cRowAt[i] + cBoundAt[k]]",
    put: "? 1 : 1.01 * coefficient.data[coefficient.offset + at[0] + cRowAt[i] + cBoundAt[k]]",
  }),
  kernel({
    id: "trace step: products with what is constant along a row",
    find: "out[outRow[i] + j] += sum",
    put: "out[outRow[i] + j] += 1.01 * sum",
  }),
  kernel({
    id: "trace step: errors",
    find: "put(gradient, at[1], inner, e, traces[k], start)",
    put: "put(gradient, at[1], inner, 1.01 * e, traces[k], start)",
  }),
  kernel({
    id: "products: sums",
    file: "src/backends/js/products.ts",
    find: "+= strongDot(",
    put: "+= 1.01 * strongDot(",
  }),
  kernel({
    id: "products: rows",
    file: "src/backends/js/products.ts",
    find: "out[o + j * so] += x * y",
    put: "out[o + j * so] += 1.01 * x * y",
  }),
];
