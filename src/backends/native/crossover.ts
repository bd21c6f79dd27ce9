/**
 * Work below which an op is computed sooner in TypeScript, as measured: a call of the addon takes about half a microsecond,
 * in which V8 adds up some 250 pairs of numbers, or takes 25 exponentials. Its strided copies and sums over matrices have
 * more to prepare, and its products of matrices most.
 */
const [cheap, strided, root, costly, product] = [320, 96, 64, 32, 16];

const costs: ReadonlyMap<string, number> = new Map(
  Object.entries({
    [strided]: "reshape take put concat cumsum argmax",
    [root]: "sqrt rsqrt div reciprocal floor",
    [costly]: `exp expm1 log log1p cbrt sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh sigmoid softplus silu
      siluSlope gelu geluSlope erf erfc elu sechSquare bell pow atan2 hypot direction overSquare logPow timesPow`,
    [product]: "contract conv2d conv2dInput conv2dKernel",
  }).flatMap(([least, names]) => names.split(/\s+/).map((name): [string, number] => [name, Number(least)])),
);

/** The least work, as `workOf` counts it, that is worth a call of the addon. */
export const crossover = (name: string): number => costs.get(name) ?? cheap;
