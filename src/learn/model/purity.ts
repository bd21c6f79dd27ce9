import type { Model } from "./model.js";

/** Why the steps of a model are not replayed; `null` where they are. `compile` is what the caller asked for. */
export function whyByOps<S>(model: Model<S>, compile: boolean | undefined): string | null {
  if (compile === true || (compile === undefined && model.pure)) return null;
  if (compile === false) return "compile: false was asked for";
  const at = model.areas.findIndex((area) => area.pure !== true);
  if (at >= 0)
    return `area ${at + 1} (${model.areas[at].name}) does not say pure: true, the word that next and output depend on their arguments alone`;
  return "the model does not say pure: true, the word that its loss and input depend on their arguments alone";
}
