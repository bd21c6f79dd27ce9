import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { grad, jacfwd, logSoftmax, logsumexp, norm, softmax, type Tensor, tensor } from "../../src/index.js";
import * as pointwise from "../../src/ops/pointwise.js";
import { scale } from "../../src/ops/scale.js";
import { type Elementwise, first, type Readings, second } from "../support/readings.js";

type Written = number | "inf" | "-inf" | "nan";
type Rows = readonly (readonly Written[])[];

/** Made by scripts/oracles/tails.py, which says what a row holds. */
const read = (file: string) =>
  JSON.parse(readFileSync(new URL(`../oracles/${file}`, import.meta.url), "utf8"));
const oracles = readdirSync(new URL("../oracles/tails", import.meta.url)).map((file): [string, Rows] => [
  file.replace(/\.json$/, ""),
  read(`tails/${file}`),
]);
const [unary, binary] = [4, 8].map((columns) => oracles.filter(([, rows]) => rows[0].length === columns));
const vectors: Readonly<Record<"softmax" | "norm", readonly (readonly (Written | readonly Written[])[])[]>> =
  read("vectors.json");

/** Stated for the whole range of float64; exp(-x²) alone loses 8e-14 at its far end, where x² is 745. */
const relative = 1e-12;
/**
 * Below the normal numbers float64 is a grid of 2^-1074: a sum of two such terms may be off by a step each, and
 * so may each of the two roundings of a product.
 */
const steps = 4;
const smallestNormal = 2 ** -1022;

const numberOf = (v: Written): number =>
  typeof v === "number"
    ? v
    : { inf: Number.POSITIVE_INFINITY, "-inf": Number.NEGATIVE_INFINITY, nan: Number.NaN }[v];

function close(got: number, want: number): boolean {
  if (Object.is(got, want) || got === want) return true;
  const error = Math.abs(got - want);
  return (
    error <= relative * Math.abs(want) || (Math.abs(want) < smallestNormal && error <= steps * 2 ** -1074)
  );
}

const functions: Readonly<Record<string, unknown>> = { ...pointwise, scale };

/** Every reading of one column of the table, and each entry that is off. */
function misses(
  rows: readonly (readonly Written[])[],
  what: string,
  column: number,
  readings: Readings,
): string[] {
  return Object.entries(readings).flatMap(([reading, values]) => {
    const got = values.toTypedArray();
    return rows.flatMap((row, i) => {
      const want = numberOf(row[column]);
      const args = row.slice(0, what === "" ? 1 : undefined);
      return close(got[i], want)
        ? []
        : [`${what} ${reading} at ${JSON.stringify(args)}: ${got[i]}, not ${want}`];
    });
  });
}

const columnOf = (rows: readonly (readonly Written[])[], i: number): Tensor =>
  tensor(Float64Array.from(rows, (row) => numberOf(row[i])));

describe("over the whole range of float64", () => {
  it.each(unary)("%s keeps its digits, with both derivatives", (name, rows) => {
    const f = functions[name] as Elementwise;
    const x = columnOf(rows, 0);
    expect([
      ...misses(rows, "value", 1, { eager: f(x) }),
      ...misses(rows, "first", 2, first(f, [x], 0)),
      ...misses(rows, "second", 3, second(f, [x], 0, 0)),
    ]).toEqual([]);
  });

  it.each(binary)("%s keeps its digits, with all derivatives", (name, rows) => {
    const f = functions[name] as Elementwise;
    const xs = [columnOf(rows, 0), columnOf(rows, 1)];
    expect([
      ...misses(rows, "value", 2, { eager: f(...xs) }),
      ...misses(rows, "by a", 3, first(f, xs, 0)),
      ...misses(rows, "by b", 4, first(f, xs, 1)),
      ...misses(rows, "by a, a", 5, second(f, xs, 0, 0)),
      ...misses(rows, "by a, b", 6, second(f, xs, 0, 1)),
      ...misses(rows, "by b, a", 6, second(f, xs, 1, 0)),
      ...misses(rows, "by b, b", 7, second(f, xs, 1, 1)),
    ]).toEqual([]);
  });

  it("holds every pointwise op", () => {
    const found = [...unary, ...binary].map(([name, rows]) => {
      expect(rows.length, name).toBeGreaterThan(5);
      return name;
    });
    // clip has bounds besides its argument: see the edge values
    expect(["clip", ...found].sort()).toEqual(Object.keys(functions).sort());
  });
});

/** Numbers of a row that are not what the table says. */
function differing(row: string, got: Tensor, want: Written | readonly Written[]): string[] {
  const wanted = [want].flat().map(numberOf);
  const values = Array.from(got.toTypedArray());
  expect(values.length).toBe(wanted.length);
  return values.flatMap((v, i) => (close(v, wanted[i]) ? [] : [`${row} entry ${i}: ${v}, not ${wanted[i]}`]));
}

describe("reductions keep their digits where exponentials and squares overflow", () => {
  const vector = (x: unknown): Tensor => tensor(Float64Array.from(x as number[]));

  it.each(vectors.softmax.map((row) => [JSON.stringify(row[0]), row] as const))("softmax of %s", (_, row) => {
    const x = vector(row[0]);
    expect([
      ...differing("logsumexp", logsumexp(x), row[1]),
      ...differing("logsumexp forward", jacfwd((v) => logsumexp(v))(x), row[2]),
      ...differing("logsumexp reverse", grad((v: Tensor) => logsumexp(v))(x), row[2]),
      ...differing("softmax", softmax(x), row[2]),
      ...differing("logSoftmax", logSoftmax(x), row[3]),
    ]).toEqual([]);
  });

  it.each(vectors.norm.map((row) => [JSON.stringify(row[0]), row] as const))("norm of %s", (_, row) => {
    const x = vector(row[0]);
    expect([
      ...differing("norm", norm(x), row[1]),
      ...differing("norm forward", jacfwd((v) => norm(v))(x), row[2]),
      ...differing("norm reverse", grad((v: Tensor) => norm(v))(x), row[2]),
    ]).toEqual([]);
  });
});
