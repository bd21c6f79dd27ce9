/** Results below this many entries (products: multiplications) are computed sooner in TypeScript. */
const [cheap, costly, product] = [1024, 64, 512];

const costs: ReadonlyMap<string, number> = new Map([
  ...[
    "exp",
    "expm1",
    "log",
    "log1p",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "tanh",
  ].map((name): [string, number] => [name, costly]),
  ["contract", product],
  ["conv2d", product],
  ["conv2dInput", product],
  ["conv2dKernel", product],
]);

/** The least work, as `workOf` counts it, that is worth a call of the addon. */
export const crossover = (name: string): number => costs.get(name) ?? cheap;
