import { ArgumentError } from "../core/errors.js";
import type { RuleOptions } from "../learn/rule.js";

/** `exact` or `local`. */
export function creditOf(text: string): NonNullable<RuleOptions["credit"]> {
  if (text !== "exact" && text !== "local")
    throw new ArgumentError(`--credit: expected exact or local, got "${text}"`);
  return text;
}

/** A whole number of at least `least`, from an option's text. */
export function countOf(option: string, text: string, least = 1): number {
  const n = Number(text);
  if (!Number.isSafeInteger(n) || n < least || text.trim() === "")
    throw new ArgumentError(`${option}: expected a whole number of at least ${least}, got "${text}"`);
  return n;
}

/** A positive number, from an option's text. */
export function positiveOf(option: string, text: string): number {
  const x = Number(text);
  if (!Number.isFinite(x) || x <= 0)
    throw new ArgumentError(`${option}: expected a positive number, got "${text}"`);
  return x;
}
