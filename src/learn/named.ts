import { ArgumentError } from "../core/errors.js";
import { fieldOf, plainObject, quote, text } from "../core/kinds.js";
import { rules } from "./registry.js";
import type { Rule } from "./rules/_rule.js";

/** A learning rule by name, such as `rfp` or `tbptt(50)`. @throws ArgumentError for an unknown name or number */
export function ruleNamed(name: string): Rule {
  text("rule", "its name", name);
  const [, bare, number] = /^([^()]*)(?:\(([^()]*)\))?$/.exec(name) ?? [name, name];
  const named: Readonly<Record<string, Rule>> = rules;
  const rule = Object.hasOwn(named, bare) ? named[bare] : undefined;
  if (!rule || (number !== undefined && !rule.setting)) {
    const known = Object.values(named).map((r) => (r.setting ? `${r.name}(${r.setting.option})` : r.name));
    throw new ArgumentError(`rule: expected one of ${known.join(", ")}, got ${quote(name)}`);
  }
  if (number === undefined || !rule.setting) return rule;
  const { option } = rule.setting;
  const value = Number(number);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new ArgumentError(
      `rule: expected a whole number >= 1 as ${option} of ${bare}, got ${quote(number)}`,
    );
  return {
    ...rule,
    name,
    // it is set
    setting: undefined,
    start(model, params, options = {}) {
      plainObject(name, "options", options);
      if (fieldOf(name, "options", options, option) !== undefined)
        throw new ArgumentError(`${name}: expected no option ${option}, which its name says`);
      return rule.start(model, params, { ...options, [option]: value });
    },
  };
}
