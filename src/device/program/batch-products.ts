import { sizeOf } from "../../core/shape.js";
import type { ContractAttrs } from "../attributes.js";
import type { KernelCall, Operand } from "../backend.js";
import { hostZeros } from "../host-storage.js";
import type { Storage } from "../storage.js";
import { type Call, identityOf, inWords, pointersOf } from "./call.js";
import { besideEachOther } from "./side-by-side.js";

/** Fewer products of one matrix stay as they are. */
const fewest = 4;

/**
 * Products of one matrix with many operands that are all there from the start, as the drives of many time steps are, become
 * one product with all of them side by side: the matrix is read once. `given` is the memory that is there, `mutable` that
 * which is changed in place: its numbers depend on when they are read.
 */
export function batchProducts(
  calls: readonly Call[],
  given: ReadonlySet<object>,
  kept: ReadonlySet<object>,
  mutable: ReadonlySet<object>,
): Call[] {
  const late = new Set(mutable);
  for (const call of calls) if (call.kind === "kernel") late.add(call.out.data.memory);
  const groups = new Map<string, { readonly which: 0 | 1; readonly members: KernelCall[] }>();
  for (const call of calls) {
    if (call.kind !== "kernel" || call.name !== "contract" || kept.has(call.out.data.memory)) continue;
    for (const at of [0, 1] as const) {
      const [own, other] = [call.inputs[at], call.inputs[1 - at]];
      if (!given.has(own.data.memory) || late.has(other.data.memory)) continue;
      const key = inWords([at, call.attrs, shapeOf(own), other], (data) => `${identityOf(data)}`);
      const group = groups.get(key) ?? { which: at, members: [] };
      group.members.push(call);
      groups.set(key, group);
    }
  }
  const first = new Map<Call, Call[]>();
  const gone = new Set<Call>();
  const moved = new Map<Storage, { readonly data: Storage; readonly offset: number }>();
  for (const { which, members } of groups.values()) {
    const operands = new Set(members.map((m) => m.inputs[which].data));
    // a matrix with itself again and again is another's group
    if (operands.size < members.length || members.length < fewest || members.some((m) => gone.has(m)))
      continue;
    const { stacked, product } = sideBySide(members, which);
    first.set(members[0], [stacked, product]);
    members.forEach((m, i) => {
      gone.add(m);
      moved.set(m.out.data, { data: product.out.data, offset: i * sizeOf(m.out.shape) });
    });
  }
  if (gone.size === 0) return [...calls];
  return calls.flatMap((call) => {
    if (gone.has(call)) return first.get(call) ?? [];
    for (const pointer of pointersOf(call)) {
      const other = moved.get(pointer.data);
      if (other === undefined) continue;
      pointer.data = other.data;
      pointer.offset += other.offset;
    }
    return [call];
  });
}

const shapeOf = ({ shape, strides, dtype }: Operand): unknown => [shape, strides, dtype];

function sideBySide(
  members: readonly KernelCall[],
  which: 0 | 1,
): { readonly stacked: KernelCall; readonly product: KernelCall } {
  const [{ name, inputs, attrs, out }] = members;
  const { call: stacked, whole } = besideEachOther(members.map((m) => m.inputs[which]));
  const { aLabels, bLabels, outLabels } = attrs as ContractAttrs;
  const label = "side by side";
  const product: KernelCall = {
    kind: "kernel",
    name,
    inputs: which === 0 ? [whole, { ...inputs[1] }] : [{ ...inputs[0] }, whole],
    attrs: {
      aLabels: which === 0 ? [label, ...aLabels] : aLabels,
      bLabels: which === 1 ? [label, ...bLabels] : bLabels,
      outLabels: [label, ...outLabels],
    },
    out: {
      data: hostZeros(out.dtype, members.length * sizeOf(out.shape)),
      shape: [members.length, ...out.shape],
      dtype: out.dtype,
    },
  };
  return { stacked, product };
}
