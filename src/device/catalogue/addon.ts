import { binary, others, type Single, unary } from "./pointwise.js";
import { structural } from "./structural.js";

/** Pointwise kernels that the addon alone has. */
const own: Readonly<Record<string, { readonly operands: 1 | 2; readonly single: Single }>> = {
  // what moves entries: reshape, concat, and cast, to bool the second
  copy: { operands: 1, single: "exact" },
  castBool: { operands: 1, single: "double" },
  // a contraction that sums nothing
  product: { operands: 2, single: "exact" },
};

const ofOne = Object.entries(unary).map(([name, { single }]) => ({ name, operands: 1, single }));
const ofTwo = Object.entries(binary).map(([name, { single }]) => ({ name, operands: 2, single }));
const plain = [...ofOne, ...ofTwo, ...Object.entries(own).map(([name, row]) => ({ name, ...row }))];

const namesOf = (operands: number, single: Single): string[] =>
  plain.filter((row) => row.operands === operands && row.single === single).map(({ name }) => name);
const withAttributes = (operands: number): string[] =>
  Object.entries(others).flatMap(([name, row]) => (row.operands === operands ? [name] : []));

/** The kernels of the addon as C++ tells them apart; their order is their number in an instruction. */
export const addonKernels = {
  exact1: namesOf(1, "exact"),
  narrow1: namesOf(1, "narrow"),
  double1: namesOf(1, "double"),
  exact2: namesOf(2, "exact"),
  double2: namesOf(2, "double"),
  attrs1: withAttributes(1),
  attrs3: withAttributes(3),
  rest: Object.entries(structural).flatMap(([name, { copies }]) => (copies ? [] : [name])),
} as const;
