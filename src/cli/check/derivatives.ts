import { DataError } from "../../core/errors.js";
import { grad, hessian, item, jvp, scalar, type Tensor } from "../../index.js";
import * as ops from "../../ops/pointwise.js";
import { type CaseResult, type CheckReport, caseResult, reportOf } from "./report.js";

/** A number, or how a file writes what JSON cannot. */
type Written = number | "inf" | "-inf" | "nan" | "-0";

/** One row of a file of derivatives. */
interface DerivativeRow {
  readonly op: string;
  readonly args: readonly Written[];
  readonly value: Written;
  readonly d: readonly Written[];
  readonly dd: Written | null;
  /** `exact`: determined by mathematics; `convention`: fixed by rule, and compared to the last bit. */
  readonly class: "exact" | "convention";
}

const tolerance = 1e-12;

export function isDerivativeFile(content: unknown): content is DerivativeRow[] {
  return (
    Array.isArray(content) &&
    content.length > 0 &&
    content.every((r) => typeof r === "object" && r !== null && "op" in r && "d" in r)
  );
}

/** Compares value, first and second derivatives of every row, each by all modes. */
export function checkDerivatives(rows: readonly DerivativeRow[]): CheckReport {
  return reportOf(rows.map(checkRow), tolerance);
}

type Scalar = (...args: Tensor[]) => Tensor;

const functions: Readonly<Record<string, unknown>> = { ...ops };

function checkRow(row: DerivativeRow): CaseResult {
  const found = Object.hasOwn(functions, row.op) ? functions[row.op] : undefined;
  if (typeof found !== "function")
    throw new DataError(`check: expected the name of a pointwise op, got "${row.op}"`);
  const f = found as Scalar;
  const args = row.args.map((a) => scalar(read(a)));
  const error = row.class === "convention" ? exactError : relativeError(row);
  const errors: Record<string, number> = { value: error(item(f(...args)), read(row.value), 0) };
  row.d.forEach((expected, i) => {
    const along = args.map((_, j) => scalar(i === j ? 1 : 0));
    errors[`d${i} forward`] = error(item(jvp(f, args, along).tangent), read(expected), 1);
    const partial = (x: Tensor): Tensor => f(...args.map((a, j) => (i === j ? x : a)));
    errors[`d${i} reverse`] = error(item(grad(partial)(args[i])), read(expected), 1);
  });
  if (row.dd !== null) {
    const [x, one] = [args[0], scalar(1)];
    const first = (t: Tensor): Tensor => jvp(f, [t], [one]).tangent;
    const second: Record<string, Tensor> = {
      "dd forward over forward": jvp(first, [x], [one]).tangent,
      "dd forward over reverse": hessian(f)(x),
      "dd reverse over forward": grad(first)(x),
      "dd reverse over reverse": grad(grad(f))(x),
    };
    for (const [name, value] of Object.entries(second)) errors[name] = error(item(value), read(row.dd), 2);
  }
  return caseResult(`${row.op}(${row.args.join(", ")})`, errors, tolerance);
}

/** 0 where the numbers are the same, NaN included; signs of zero do not count. */
function exactError(a: number, b: number): number {
  return a === b || (Number.isNaN(a) && Number.isNaN(b)) ? 0 : Number.POSITIVE_INFINITY;
}

/**
 * |a − b| / |b|, above the file's own rounding: its n-th derivatives are central differences at 400 digits with steps
 * of 1e-80 |x|, so a true zero appears there as up to 1e-400 |f| / (1e-80 |x|)^n, with a factor for the stencil.
 */
function relativeError(row: DerivativeRow): (a: number, b: number, order: number) => number {
  return (a, b, order) => {
    if (exactError(a, b) === 0) return 0;
    const x = Math.min(...row.args.map((v) => Math.abs(read(v)) || 1));
    const size = Math.max(Math.abs(read(row.value)), Math.abs(b), Math.abs(a), Number.MIN_VALUE);
    const logNoise = Math.log10(size) - 400 + order * 80 - order * Math.log10(x) + 3;
    const difference = Math.abs(a - b);
    if (difference > 0 && Math.log10(difference) < logNoise) return 0;
    return difference / Math.abs(b);
  };
}

function read(v: Written): number {
  switch (v) {
    case "inf":
      return Number.POSITIVE_INFINITY;
    case "-inf":
      return Number.NEGATIVE_INFINITY;
    case "nan":
      return Number.NaN;
    case "-0":
      return -0;
    default:
      return v;
  }
}
