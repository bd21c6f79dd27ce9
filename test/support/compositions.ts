import fc from "fast-check";
import { broadcastTo, einsum, mul, random, type Tensor } from "../../src/index.js";
import * as pointwise from "../../src/ops/pointwise.js";
import * as reduce from "../../src/ops/reduce.js";
import { type OpCase, opCases } from "./ops.js";

/** The shape that every step takes and gives. */
export const shape = [2, 3, 2] as const;
const draw = (seed: number, s: readonly number[]): Tensor => random.normal(random.key(seed), s);

interface Step {
  readonly name: string;
  readonly f: (x: Tensor) => Tensor;
}

/** Any numbers, smoothly moved into a range where an op is defined, smooth and of moderate size. */
function into([low, high]: readonly [number, number], x: Tensor): Tensor {
  return x
    .sigmoid()
    .mul(high - low)
    .add(low);
}

/** Every pointwise op of the table of ops, as a step; a second argument is the first one turned round. */
const pointwiseSteps = opCases.filter(isPointwise).map(
  ({ name, f, domain = [-2, 2], shapes }): Step => ({
    name,
    f: (x) => {
      const a = into(domain, x);
      return shapes.length === 1 ? f(a) : f(a, into(domain, x.flip(1)));
    },
  }),
);

function isPointwise({ name, shapes }: OpCase): boolean {
  const alike = shapes.every((s) => JSON.stringify(s) === JSON.stringify(shapes[0]));
  return (name in pointwise || name === "scale") && alike && !["maximum", "minimum"].includes(name);
}

/** Every reduction of the table of ops that is smooth, over one axis and back. */
const reductionSteps = [...new Set(opCases.map((c) => c.name))].flatMap((name): Step[] => {
  const f = (reduce as Readonly<Record<string, unknown>>)[name] as typeof reduce.sum | undefined;
  if (!f || ["max", "min", "softmax", "logSoftmax", "cumsum", "unsum"].includes(name)) return [];
  return [{ name, f: (x) => f(into([0.3, 2], x), 1, { keepDims: true }).mul(x) }];
});

const others: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  "mul constant": (x) => x.mul(draw(30, shape)),
  "add constant": (x) => x.add(draw(31, [3, 1])).sigmoid(),
  permute: (x) => x.permute([2, 1, 0]),
  reshape: (x) => x.reshape([3, 4]).reshape(shape),
  "tanh flat": (x) => x.reshape([6, 2]).tanh().reshape(shape),
  flip: (x) => x.flip(1),
  gather: (x) => x.gather([1, 0], 0),
  "slice and pad": (x) =>
    x.slice([null, [1, 3]]).pad([
      [0, 0],
      [1, 0],
    ]),
  cumsum: (x) => x.cumsum(1),
  "einsum with a constant": (x) => einsum("abc,cd->abd", x, draw(32, [2, 2])),
  "einsum, turned": (x) => einsum("abc,dbe->ade", x, draw(33, [3, 3, 2])).mul(0.3),
  "einsum with itself": (x) => einsum("abc,abd,adc->abc", x.tanh(), x.tanh(), draw(34, [2, 2, 2])),
  "select and broadcast": (x) => broadcastTo(x.select(1, 1).expandDims(1), shape),
  softmax: (x) => x.softmax(1),
  logSoftmax: (x) => x.logSoftmax(2),
  // one entry leads by far, so that the maximum has no kink nearby
  max: (x) => mul(x.tanh().add(draw(35, shape).mul(9)).max(2, { keepDims: true }), x),
};

export const steps: readonly Step[] = [
  ...pointwiseSteps,
  ...reductionSteps,
  ...Object.entries(others).map(([name, f]) => ({ name, f })),
];

/** A smooth function of a tensor of `shape`, and a point. Fast-check prints the names of its steps. */
export interface Composition {
  readonly names: string;
  readonly f: (x: Tensor) => Tensor;
  readonly seed: number;
  readonly x: Tensor;
}

export const compositions = (most: number): fc.Arbitrary<Composition> =>
  fc
    .tuple(fc.array(fc.constantFrom(...steps), { minLength: 1, maxLength: most }), fc.nat(1000))
    .map(([chosen, seed]) => ({
      names: chosen.map((s) => s.name).join(" > "),
      f: (x) => chosen.reduce((v, s) => s.f(v), x),
      seed,
      x: draw(seed + 100, shape),
    }));
