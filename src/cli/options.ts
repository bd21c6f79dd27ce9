import type { Command as Program } from "commander";
import { ArgumentError } from "../core/errors.js";
import type { RuleOptions } from "../learn/rules/_rule.js";

/** `exact` or `local`. */
export function creditOf(text: string): NonNullable<RuleOptions["credit"]> {
  if (text !== "exact" && text !== "local")
    throw new ArgumentError(`--credit: expected exact or local, got "${text}"`);
  return text;
}

/** What a computer can count to within a run: sizes beyond it are slips of the hand. */
const mostCounted = 2 ** 31 - 1;

/** A whole number in decimal digits of at least `least`, from an option's text. */
export function countOf(option: string, text: string, least = 1, most = mostCounted): number {
  const n = Number(text);
  if (!/^-?\d+$/.test(text) || n < least)
    throw new ArgumentError(`${option}: expected a whole number of at least ${least}, got "${text}"`);
  if (n > most)
    throw new ArgumentError(`${option}: expected a whole number of at most ${most}, got "${text}"`);
  return n;
}

/** Whole numbers between separators. */
export const countsOf = (option: string, text: string, separator: string | RegExp = ","): number[] =>
  text.split(separator).map((part) => countOf(option, part));

/** A positive number, from an option's text. */
export function positiveOf(option: string, text: string): number {
  const x = Number(text);
  if (!/^\+?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) || !Number.isFinite(x) || x <= 0)
    throw new ArgumentError(`${option}: expected a positive number, got "${text}"`);
  return x;
}

/** How commander calls an option: `testShare` for `test-share`. */
const camelCase = (name: string): string => name.replace(/-(.)/g, (_, next: string) => next.toUpperCase());

/** Options that were given where they have no effect are refused, since they were meant to have one. */
export function refuseGiven(program: Program, names: readonly string[], because: string): void {
  for (const name of names)
    if (program.getOptionValueSource(camelCase(name)) === "cli")
      throw new ArgumentError(`--${name}: expected ${because}, got --${name} without effect`);
}
