// Mutants of the hot loop of the js backend.
import { testsOf } from "./tests.mjs";

const kernel = (mutant) => ({
  file: "src/backends/js/trace-step.ts",
  backend: "js",
  tests: testsOf.kernels,
  ...mutant,
});

export const traceStep = [
  kernel({
    id: "trace step: old traces",
    find: "+= coefficientAt(t, at[2 * i]);",
    put: "+= 1.01 * coefficientAt(t, at[2 * i]);",
  }),
  kernel({
    id: "trace step: one",
    find: "        add(out, start, inner, c);\n        continue;",
    put: "        add(out, start, inner, 1.01 * c);\n        continue;",
  }),
  kernel({
    id: "trace step: a base that is constant along a row",
    find: "numbers[from] === 0 ? 0 : c * numbers[from]",
    put: "numbers[from] === 0 ? 0 : 1.01 * c * numbers[from]",
  }),
  kernel({
    id: "trace step: a base",
    find: "else put(out, start, inner, c, numbers, from)",
    put: "else put(out, start, inner, 1.01 * c, numbers, from)",
  }),
  kernel({
    id: "trace step: several states",
    find: "if (c !== 0) put(t, at, n, c, old[l], 0)",
    put: "if (c !== 0) put(t, at, n, 1.01 * c, old[l], 0)",
  }),
  kernel({
    id: "trace step: products",
    find: "factors === null ? 1 : factors[shift + at[0] + cRowAt[i] + cBoundAt[k]]",
    put: "factors === null ? 1 : 1.01 * factors[shift + at[0] + cRowAt[i] + cBoundAt[k]]",
  }),
  kernel({
    id: "trace step: products with what is constant along a row",
    find: "out[outRow[i] + j] += sum",
    put: "out[outRow[i] + j] += 1.01 * sum",
  }),
  kernel({
    id: "trace step: errors",
    find: "put(gradient, gradientOffset + at[1], inner, e, traces[k], start)",
    put: "put(gradient, gradientOffset + at[1], inner, 1.01 * e, traces[k], start)",
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
