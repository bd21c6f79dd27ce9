import type { Estimate } from "./estimate.js";

/** Digits after the point that an interval supports: its half width is known to one digit, or two where that is a 1. */
export function digitsOf({ value, interval }: Estimate): number {
  const half = interval === null ? 0 : (interval[1] - interval[0]) / 2;
  // without an interval three significant digits are shown
  const size = half > 0 ? half : Math.abs(value) / 100;
  if (!(size > 0) || !Number.isFinite(size)) return 2;
  const digits = -Math.floor(Math.log10(size));
  return Math.min(6, Math.max(0, half > 0 && size * 10 ** digits < 2 ? digits + 1 : digits));
}

/** `0.75`, or `+0.04` where signs matter: also that of a number that rounds to 0. */
export function plain(value: number, digits: number, signed = false): string {
  if (!Number.isFinite(value)) return value > 0 ? "∞" : value < 0 ? "−∞" : "none";
  const text = Math.abs(value).toFixed(digits);
  if (value === 0 || (Number(text) === 0 && !signed)) return text;
  return `${value < 0 ? "−" : signed ? "+" : ""}${text}`;
}

/** `0.75 [0.72, 0.78]`, with the digits that the interval supports. */
export function withInterval(estimate: Estimate, signed = false): string {
  const { value, interval } = estimate;
  const digits = digitsOf(estimate);
  const ends = interval === null ? "" : ` [${interval.map((v) => plain(v, digits, signed)).join(", ")}]`;
  return `${plain(value, digits, signed)}${ends}`;
}
