// Mutants of R-JEPA's parts: each lets a derivative through that must stop, or has a run go on from something else.
const of = (source, tests, mutant) => ({ file: `src/rjepa/${source}`, tests, ...mutant });
const model = ["test/rjepa/parts/model.test.ts"];

export const rjepaMutants = [
  of("parts/target.ts", model, {
    id: "rjepa: the gradient reaches a recurrent target",
    find: "stopGradient(embed(of(now.outputs, a), Wh, head.recurrent))",
    put: "embed(of(now.outputs, a), Wh, head.recurrent)",
  }),
  of("parts/target.ts", model, {
    id: "rjepa: the gradient reaches W_h of a fresh target",
    find: "embed(of(fresh, a), stopGradient(Wh), head.fresh)",
    put: "embed(of(fresh, a), Wh, head.fresh)",
  }),
  of("parts/target.ts", model, {
    id: "rjepa: the gradient reaches the areas of a fresh target",
    find: "(t: Tensor) => stopGradient(t)",
    put: "(t: Tensor) => t",
  }),
  of("parts/head.ts", model, {
    id: "rjepa: half of a batch's mean is left",
    find: "by.mean ?? mean(r, 0, { keepDims: true })",
    put: "mul(by.mean ?? mean(r, 0, { keepDims: true }), 0.5)",
  }),
  of("parts/compose.ts", model, {
    id: "rjepa: areas learn from those above",
    find: 'detached: preset.objective === "areas"',
    put: "detached: false",
  }),
  of("parts/train.ts", ["test/rjepa/parts/train.test.ts"], {
    id: "rjepa: the optimizer starts anew where a run goes on",
    find: "[params, state, slow]",
    put: "[params, this.state, slow]",
  }),
  of("parts/train.ts", ["test/rjepa/parts/train.test.ts"], {
    id: "rjepa: statistics start anew where a run goes on",
    find: "[learner, running]",
    put: "[learner, this.running]",
  }),
];
