import { isRowMajor, sameShape } from "../../core/shape.js";
import type { ContractAttrs } from "../attributes.js";
import type { KernelCall } from "../backend.js";
import { type Call, inWords, pointersOf } from "./call.js";
import { besideEachOther } from "./side-by-side.js";

/** Shorter sums stay as they are. */
const fewest = 4;

/**
 * A sum of products of one form, such as the outer products of many time steps that make up a gradient, becomes one product
 * with all factors side by side: each entry of the result is written once. Not of what lies in `mutable` memory, which may have changed
 * by the time of the sum.
 */
export function sumProducts(
  calls: readonly Call[],
  kept: ReadonlySet<object>,
  mutable: ReadonlySet<object>,
): Call[] {
  const makers = new Map<object, KernelCall>();
  const reads = new Map<object, number>();
  for (const call of calls) {
    if (call.kind === "kernel") makers.set(call.out.data.memory, call);
    for (const { data } of pointersOf(call)) reads.set(data.memory, (reads.get(data.memory) ?? 0) + 1);
  }
  /** The call that made an operand, for this reader alone, who reads all of it as it lies. */
  const makerOf = (sum: KernelCall, i: number): KernelCall | null => {
    const { data, offset, shape, strides } = sum.inputs[i];
    const maker = makers.get(data.memory);
    const isOwn = maker && reads.get(data.memory) === 1 && !kept.has(data.memory);
    const isWhole = offset === 0 && sameShape(shape, maker?.out.shape ?? []) && isRowMajor(strides, shape);
    return isOwn && isWhole ? maker : null;
  };
  const isSum = ({ name, inputs, out }: KernelCall): boolean =>
    name === "add" && inputs.every(({ shape }) => `${shape}` === `${out.shape}`);
  const inner = new Set<Call>();
  const instead = new Map<Call, KernelCall[]>();
  for (const call of [...calls].reverse()) {
    if (call.kind !== "kernel" || !isSum(call) || inner.has(call)) continue;
    const products: KernelCall[] = [];
    const sums: KernelCall[] = [];
    let form: string | null = null;
    const gather = (sum: KernelCall): boolean => {
      sums.push(sum);
      return sum.inputs.every((_, i) => {
        const maker = makerOf(sum, i);
        if (maker === null) return false;
        if (isSum(maker)) return gather(maker);
        if (maker.name !== "contract" || maker.inputs.some((x) => mutable.has(x.data.memory))) return false;
        form ??= formOf(maker);
        products.push(maker);
        return form === formOf(maker);
      });
    };
    if (!gather(call) || products.length < fewest) continue;
    for (const one of [...sums, ...products]) inner.add(one);
    instead.set(call, asOne(call, products));
  }
  return calls.flatMap((call) => instead.get(call) ?? (inner.has(call) ? [] : [call]));
}

const formOf = ({ attrs, inputs, out }: KernelCall): string =>
  inWords([attrs, inputs.map(({ shape }) => shape), out.shape], () => "");

function asOne({ out }: KernelCall, products: readonly KernelCall[]): KernelCall[] {
  const [{ name, attrs }] = products;
  const { aLabels, bLabels, outLabels } = attrs as ContractAttrs;
  const [a, b] = [0, 1].map((i) => besideEachOther(products.map(({ inputs }) => inputs[i])));
  const label = "side by side";
  const product: KernelCall = {
    kind: "kernel",
    name,
    inputs: [a.whole, b.whole],
    attrs: { aLabels: [label, ...aLabels], bLabels: [label, ...bLabels], outLabels },
    out,
  };
  return [a.call, b.call, product];
}
