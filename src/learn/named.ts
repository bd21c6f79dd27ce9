import { ArgumentError } from "../core/errors.js";
import { rules } from "./registry.js";
import type { Rule } from "./rule.js";

/** A learning rule by name. @throws ArgumentError for an unknown name */
export function ruleNamed(name: string): Rule {
  const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
  if (!rule) throw new ArgumentError(`rule: expected one of ${Object.keys(rules).join(", ")}, got "${name}"`);
  return rule;
}
