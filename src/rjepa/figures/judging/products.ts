import { contract } from "../../../ops/contract.js";
import { fromData } from "../../../tensor/apply.js";
import { entries } from "../../../tensor/read.js";

// Products over tens of thousands of rows, through tensors: these are quick where the addon is built.

const product = (
  a: Float64Array,
  aSize: readonly [number, number],
  aLabels: string,
  b: Float64Array,
  bSize: readonly [number, number],
  bLabels: string,
): Float64Array =>
  entries(
    contract(
      fromData(a, aSize, "float64"),
      fromData(b, bSize, "float64"),
      [...aLabels],
      [...bLabels],
      ["i", "j"],
    ),
  ) as Float64Array;

/** Aᵀ B of rows A [n, p] and B [n, m]: [p, m]. */
export const crossOf = (a: Float64Array, p: number, b: Float64Array, m: number): Float64Array =>
  product(a, [a.length / p, p], "ki", b, [b.length / m, m], "kj");

/** A B of rows A [n, p] and B [p, m]: [n, m]. */
export const timesOf = (a: Float64Array, p: number, b: Float64Array, m: number): Float64Array =>
  product(a, [a.length / p, p], "ik", b, [p, m], "kj");

/** A Bᵀ of rows A [n, p] and B [m, p]: [n, m]. */
export const innerOf = (a: Float64Array, b: Float64Array, p: number): Float64Array =>
  product(a, [a.length / p, p], "ik", b, [b.length / p, p], "jk");
