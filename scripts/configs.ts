/** Writes configs/*.json: the configurations of the figures that docs/rjepa.md publishes, whole, so that no later default changes them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { assembled } from "../src/rjepa/run/assemble.js";
import type { Control } from "../src/rjepa/run/recipe.js";

const folder = new URL("../configs/", import.meta.url);
const source = { kind: "folder", images: "osie/images", scanpaths: "osie/scanpaths.json" };

const published: readonly (readonly [recipe: string, control: Control])[] = [
  ["content", "none"],
  ["content", "shuffle"],
  ["content", "collapse"],
  ["content", "feedforward"],
  ["memory", "none"],
  ["online", "none"],
  ["tiny", "none"],
];

mkdirSync(folder, { recursive: true });
for (const [recipe, control] of published) {
  const config = assembled("configs", { recipe, content: { control, source, labeled: "cifar" } });
  const name = control === "none" ? recipe : `${recipe}-${control}`;
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify(config, null, 1)}\n`);
}
