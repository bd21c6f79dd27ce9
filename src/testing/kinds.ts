import { ArgumentError } from "../core/errors.js";
import { callable, having, isArray, type Kind, kindOf, listOf, number, text } from "../core/kinds.js";
import { ruleNamed } from "../learn/named.js";
import type { Rule } from "../learn/rules/_rule.js";

/** Most of what is drawn at once: sizes, steps, streams. */
const most = 10_000;

/** Least and most, both included. */
export const aRange: Kind = (who, what, value) => {
  const [least, largest, ...more] = isArray(value) ? value : [];
  const whole = [least, largest].every(
    (n) => Number.isInteger(n) && (n as number) >= 1 && (n as number) <= most,
  );
  if (whole && (least as number) <= (largest as number) && more.length === 0) return;
  throw new ArgumentError(
    `${who}: expected ${what} as [least, most] of whole numbers from 1 to ${most}, got ${isArray(value) ? `[${value.slice(0, 3).map(kindOf)}]` : kindOf(value)}`,
  );
};

const aRule = having({ name: text, start: callable });

/** A learning rule by name, or as it is. @throws ArgumentError */
export function ruleOf(who: string, rule: string | Rule): Rule {
  if (typeof rule === "string") return ruleNamed(rule);
  aRule(who, "the rule", rule);
  return rule;
}

const blocks = listOf(number);

/** Numbers in an array or a typed array. */
export const someNumbers: Kind = (who, what, value) => {
  if (ArrayBuffer.isView(value) && !(value instanceof DataView) && !isBig(value)) return;
  blocks(who, what, value);
};
const isBig = (value: unknown): boolean => value instanceof BigInt64Array || value instanceof BigUint64Array;
