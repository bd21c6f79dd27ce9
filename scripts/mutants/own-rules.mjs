// Mutants of learning rules that have machinery of their own. The factor is close to 1 where a rule is random, so that chance cannot
// hide it.
import { testsOf } from "./tests.mjs";

const { fptt, unbiased } = testsOf;
const uoro = (mutant) => ({ file: "src/learn/rules/uoro.ts", tests: unbiased("uoro"), ...mutant });
const kfRtrl = (mutant) => ({
  file: "src/learn/rules/kf-rtrl/kf-rtrl.ts",
  tests: unbiased("kfRtrl"),
  ...mutant,
});
const inverse = (file, mutant) => ({ file: `src/learn/${file}`, tests: fptt, ...mutant });

export const ownRules = [
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
    find: "sum.add(k, mul(p, along))",
    put: "sum.add(k, mul(p, 1.01 * along))",
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
];
