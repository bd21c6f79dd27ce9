import { ArgumentError } from "../../core/errors.js";
import { isArray, isPlain, kindOf } from "../../core/kinds.js";
import { presetNamed } from "../parts/preset.js";
import { type Config, configOf } from "./config.js";
import { recipeNamed, recipeNames } from "./recipe.js";

/** One value of a configuration, by its path such as `recipe.preset.areas.5.keep`. */
export interface Setting {
  readonly path: string;
  readonly value: unknown;
  /** The option that says it. */
  readonly by: string;
}

/** What is said of a configuration. */
export interface Said {
  /** Name of the recipe to start from; by default the one of ours that the content names, if it does. */
  readonly recipe?: string;
  /** All of a configuration, or what differs from the recipe. Its recipe may be a name alone, and so may its preset. */
  readonly content?: unknown;
  /** Over both. */
  readonly settings?: readonly Setting[];
}

/** A configuration from a recipe, what a file says over it, and single values over both. @throws ArgumentError */
export function assembled(who: string, { recipe, content = {}, settings = [] }: Said): Config {
  if (!isPlain(content))
    throw new ArgumentError(`${who}: expected a configuration as an object, got ${kindOf(content)}`);
  const given =
    typeof content.recipe === "string" ? { ...content, recipe: { name: content.recipe } } : content;
  const named = isPlain(given.recipe) ? given.recipe.name : undefined;
  const isOurs = recipeNames.some((name) => name === named);
  if (recipe !== undefined && isOurs && named !== recipe)
    throw new ArgumentError(
      `${who}: expected the recipe ${named} that the configuration names, got ${recipe}`,
    );
  const base = recipe ?? (isOurs ? (named as string) : undefined);
  const twice = settings.find(({ path }, i) => settings.findIndex((other) => other.path === path) < i);
  if (twice !== undefined)
    throw new ArgumentError(`${who}: expected ${twice.path} to be said once, got it again from ${twice.by}`);
  let tree = base === undefined ? given : withPreset(merged({ recipe: recipeNamed(base) }, given));
  for (const setting of settings) tree = withPreset(put(who, tree, setting));
  return configOf(who, tree);
}

/** Objects part by part, the second over the first; all else, and objects of different kinds, as a whole. */
function merged(under: unknown, over: unknown): unknown {
  if (!isPlain(under) || !isPlain(over)) return over;
  if (over.kind !== undefined && over.kind !== under.kind) return over;
  const both = Object.keys(over).map((name) => {
    const own = Object.hasOwn(under, name) ? under[name] : undefined;
    return [name, merged(own, over[name])] as const;
  });
  return { ...under, ...Object.fromEntries(both) };
}

/** With the preset that its recipe names in place of the name. */
function withPreset(tree: unknown): unknown {
  if (!isPlain(tree) || !isPlain(tree.recipe) || typeof tree.recipe.preset !== "string") return tree;
  return { ...tree, recipe: { ...tree.recipe, preset: presetNamed(tree.recipe.preset) } };
}

/** A tree with a value at a path; names that nobody knows are left to the schema. */
function put(who: string, tree: unknown, { path, value }: Setting): unknown {
  const names = path.split(".");
  const at = (node: unknown, depth: number): unknown => {
    if (depth === names.length) return value;
    const name = names[depth];
    if (isArray(node)) {
      if (!/^\d+$/.test(name) || Number(name) >= node.length)
        throw new ArgumentError(
          `${who}: ${path}: expected a number from 0 to ${node.length - 1} in place of "${name}"`,
        );
      return node.map((entry, i) => (i === Number(name) ? at(entry, depth + 1) : entry));
    }
    if (node !== undefined && !isPlain(node))
      throw new ArgumentError(
        `${who}: ${path}: expected a path of the configuration, got one below ${names.slice(0, depth).join(".")}, which is ${kindOf(node)}`,
      );
    const own = node !== undefined && Object.hasOwn(node, name) ? node[name] : undefined;
    return { ...node, [name]: at(own, depth + 1) };
  };
  return at(tree, 0);
}
