import { printable } from "../../core/printable.js";

/** Between a number and its unit: a line does not break here. */
const gap = "\u00a0";

/** Text that is safe inside HTML elements and quoted attributes, on one line and written in one direction. */
export function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return printable(text).replace(/[&<>"']/g, (character) => entities[character]!);
}

/** `15912` as `15,912`. */
export function formatCount(n: number): string {
  return Math.round(n)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Bytes as `812 B`, `3.4 KiB`, `19.1 MiB` or `5.4 GiB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? value.toFixed(0) : value.toPrecision(value >= 10 ? 3 : 2)}${gap}${units[power]}`;
}

/** Seconds as `2 h 5 min`, `4 min 12 s` or `38 s`. */
export function formatSeconds(seconds: number): string {
  const s = Math.round(seconds);
  if (s >= 3600) return `${Math.floor(s / 3600)}${gap}h ${Math.floor((s % 3600) / 60)}${gap}min`;
  return s >= 60 ? `${Math.floor(s / 60)}${gap}min ${s % 60}${gap}s` : `${s}${gap}s`;
}

/** A plain decimal with `digits` after the point; a real minus sign; a dash where there is no number. */
export function formatNumber(value: number, digits = 2): string {
  return Number.isFinite(value) ? value.toFixed(digits).replace("-", "\u2212") : "\u2013";
}

/** `3.1e-15` as HTML: 3.1 × 10 to the power of −15. */
export function formatTiny(value: number): string {
  if (value === 0) return "0";
  if (!Number.isFinite(value)) return "\u2013";
  const [mantissa, exponent] = value.toExponential(1).split("e");
  return `${mantissa}&thinsp;×&thinsp;10<sup>${Number(exponent).toString().replace("-", "\u2212")}</sup>`;
}
