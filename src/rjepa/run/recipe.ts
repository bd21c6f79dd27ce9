import { ArgumentError } from "../../core/errors.js";
import { having, nameOf, oneOf, someObject, text } from "../../core/kinds.js";
import type { RuleOptions } from "../../learn/rules/_rule.js";
import { type Preset, presets } from "../parts/preset.js";
import { requirePreset } from "../parts/require.js";

/** A model and how it learns: with data and a seed, all that decides a run. */
export interface Recipe {
  readonly name: string;
  readonly preset: Preset;
  /** Fixations of a sequence, T. */
  readonly steps: number;
  /** Streams in parallel, B. */
  readonly batch: number;
  readonly updates: number;
  /** Peak rate of Adam; the predictors learn ten times faster. */
  readonly rate: number;
  /** Weight η of the L2 decay inside the loss. */
  readonly decay: number;
  /** Weight of the newest batch in what standardizes the head. */
  readonly momentum: number;
  /** Learning rule with its setting, such as `rfp(8)`. */
  readonly rule: string;
  readonly credit: NonNullable<RuleOptions["credit"]>;
  /** Learns from B endless streams in which sequences follow each other, by an update every k fixations; absent: from sequences. */
  readonly stream?: { readonly every: number | "sequence" };
}

/** Fixations of an update: k of a stream, else all of a sequence. */
export const fixationsOfUpdate = ({ steps, stream }: Pick<Recipe, "steps" | "stream">): number =>
  stream === undefined || stream.every === "sequence" ? steps : stream.every;

/** What must fail: see `controlled`. */
export const controls = ["none", "shuffle", "collapse", "feedforward"] as const;
export type Control = (typeof controls)[number];

const steps = 8;
const common = {
  steps,
  rate: 1e-3,
  decay: 1e-4,
  // a sequence is one block: exact, and all of its steps are made at once
  rule: `rfp(${steps})`,
  credit: "exact",
} satisfies Partial<Recipe>;

/** How the first versions learned: one sequence at a time, step by step, with a mean that moves slowly. */
const first = { batch: 1, updates: 2000, rate: 2e-4, momentum: 0.05, rule: "rfp" } satisfies Partial<Recipe>;

const recipes: Readonly<Record<string, Recipe>> = {
  content: { name: "content", preset: presets.content, batch: 64, updates: 2000, momentum: 0.5, ...common },
  memory: { name: "memory", preset: presets.memory, batch: 64, updates: 2000, momentum: 0.5, ...common },
  online: { name: "online", preset: presets.online, batch: 8, updates: 945, momentum: 0.3, ...common },
  tiny: { name: "tiny", preset: presets.tiny, batch: 48, updates: 1200, momentum: 0.5, ...common },
  "nano-v1": { name: "nano-v1", preset: presets["nano-v1"], ...common, ...first },
  "tiny-v1": { name: "tiny-v1", preset: presets["tiny-v1"], ...common, ...first },
};

/** Names of the recipes. */
export const recipeNames = Object.keys(recipes);

/** A recipe by name. @throws ArgumentError for an unknown name */
export function recipeNamed(name: string): Recipe {
  if (typeof name === "string" && Object.hasOwn(recipes, name)) return recipes[name];
  throw new ArgumentError(`recipe: expected one of ${recipeNames.join(", ")}, got ${nameOf(name)}`);
}

/**
 * A recipe with something taken away that learning needs: `shuffle` lets every patch come from another sequence, `collapse` lets
 * the gradient reach the target, so that nothing keeps embeddings apart, and `feedforward` forgets after every fixation.
 */
export function controlled(recipe: Recipe, control: Control): Recipe {
  having({ name: text, preset: someObject })("controlled", "the recipe", recipe);
  requirePreset("controlled", recipe.preset);
  oneOf(...controls)("controlled", "the control", control);
  const name = control === "none" ? recipe.name : `${recipe.name}, ${control}`;
  const { preset } = recipe;
  if (control === "collapse") return { ...recipe, name, preset: { ...preset, target: "gradient" } };
  if (control === "feedforward")
    return {
      ...recipe,
      name,
      preset: { ...preset, recurrent: false, areas: preset.areas.map((area) => ({ ...area, keep: 0.12 })) },
    };
  return { ...recipe, name };
}
