// Mutants of what keeps the heads of a loss apart: each mixes two of them, loses one, or hears one that does not count.
const file = "test/learn/heads.test.ts";
/** @param name of the tests that see it first */
const heads = (source, name, mutant) => ({
  file: `src/learn/${source}`,
  tests: [{ file, name }, file],
  ...mutant,
});

export const headMutants = [
  heads("step/heads.ts", "each head alone: rfp \\{ window: 1", {
    id: "heads: one that is left out counts",
    find: "known.map((name) => asked.includes(name))",
    put: "known.map(() => true)",
  }),
  heads("step/heads.ts", "each head alone: rfp \\{ window: 1", {
    id: "heads: counted in the order of keys",
    within: "export const headLosses",
    find: ".sort()",
    put: "",
  }),
  heads("step/heads.ts", "each head alone: t?bptt", {
    id: "heads: a loss that does not count is summed",
    find: "counts[h] ? head : null",
    put: "head",
  }),
  heads("learners/forward-learner.ts", "each head alone: rfp \\{ window: 1", {
    id: "heads: errors of one are those of all",
    find: "h === head && counts[h]",
    put: "counts[h]",
  }),
  heads("learners/forward-learner.ts", "each head alone: rfp \\{ window: 1", {
    id: "heads: errors of one that is left out",
    find: "h === head && counts[h]",
    put: "h === head",
  }),
  heads("influence/traced.ts", "each head alone: rfp \\{ window: 1", {
    id: "heads: old errors of further ones are lost",
    find: "if (!record.isFirst) this.meet(",
    put: "if (record.isFirst) this.meet(",
  }),
  heads("influence/traced.ts", "each head alone: rfp \\{ window: 1", {
    id: "heads: new errors of further ones are lost",
    find: "this.meet(othersAfter);",
    put: "",
  }),
  heads("influence/traced.ts", "each head alone: rfp \\{ window: 1", {
    id: "heads: further ones meet the influence of the step before",
    find: "this.meet(othersBefore);",
    put: "this.meet(othersAfter);",
  }),
  heads("influence/traced.ts", "each head alone: rfp \\{ window: 1", {
    id: "heads: the second is gathered with the first",
    find: "of, i + 1)",
    put: "of, i)",
  }),
  heads("influence/block/advance-block.ts", "each head alone: rfp \\{ window: 3", {
    id: "heads: what a block adds is gathered with the first",
    find: "gather(store, named, block, of, head)",
    put: "gather(store, named, block, of, 0)",
  }),
  heads("influence/block/advance-block.ts", "each head alone: rfp \\{ window: 3", {
    id: "heads: only the first meets the influence before a block",
    find: "if (started && (head > 0 || !crosses)) meet",
    put: "if (started && head === 0 && !crosses) meet",
  }),
  heads("influence/block/advance-block.ts", "each head alone: rfp \\{ window: 3", {
    id: "heads: errors of the first run back for all",
    find: "losses.map((of) => of[head])",
    put: "losses.map((of) => of[0])",
  }),
  heads("learners/crossings.ts", "each head alone: rfp \\{ window: 3", {
    id: "heads: one that is left out of a step of a block",
    find: "counts[head] ? node : -1",
    put: "node",
  }),
  heads("learners/backward-learner.ts", "each head alone: t?bptt", {
    id: "heads: earlier windows of one count for all",
    find: "add(earlier[head][k], sum)",
    put: "add(earlier[0][k], sum)",
  }),
  heads("learners/backward-learner.ts", "each head alone: t?bptt", {
    id: "heads: a gradient that was found stands for another",
    find: "const known = this.found.get(",
    put: "const known = [...this.found.values()][0] ?? this.found.get(",
  }),
  heads("learners/stream-state.ts", "each head alone: rfp|holds a gradient", {
    id: "heads: what losses say of parameters is that of the first",
    find: "direct.of(head).get(k)",
    put: "direct.of(0).get(k)",
  }),
  heads("learners/stream-state.ts", "each head alone: rfp|holds a gradient", {
    id: "heads: gradients apart are not counted",
    find: "this.heads.count - 1",
    put: "0",
  }),
  heads("learners/heads.ts", "where they change", {
    id: "heads: others than before",
    find: "!sameHeads(names, this.names)",
    put: "names === this.names",
  }),
  heads("rules/uoro.ts", "each head alone: uoro", {
    id: "heads: uoro gathers all in one",
    within: "advance(record",
    find: "errors.after.forEach((of, head) => void this.gather(of, this.sums.of(head))",
    put: "errors.after.forEach((of, head) => void this.gather(of, this.sums.of(0))",
  }),
  heads("rules/kf-rtrl/kf-rtrl.ts", "each head alone: kfRtrl", {
    id: "heads: kfRtrl gathers all in one",
    within: "advance(record",
    find: "errors.before.forEach((of, head) => void this.gather(states, of, this.sums.of(head))",
    put: "errors.before.forEach((of, head) => void this.gather(states, of, this.sums.of(0))",
  }),
  heads("rules/fptt/fptt.ts", "each head alone: fptt|exchanged", {
    id: "heads: fptt starts one from the errors of all",
    find: "const isWhole = heads.length === this.heads.count;",
    put: "const isWhole = heads.length > 0;",
  }),
  heads("rules/fptt/fptt.ts", "each head alone: fptt|exchanged", {
    id: "heads: fptt has one hear all",
    find: "counts[head] && (heads?.includes(head) ?? true)",
    put: "counts[head]",
  }),
  heads("rules/fptt/fptt.ts", "each head alone: fptt|exchanged", {
    id: "heads: fptt keeps the past of the first",
    find: "this.earlier.of(head).get(k)",
    put: "this.earlier.of(0).get(k)",
  }),
  heads("step/input-gradients.ts", "errors of inputs", {
    id: "heads: errors of inputs by one that is left out",
    find: "if (counts[head]) total",
    put: "total",
  }),
];
