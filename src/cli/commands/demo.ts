import type { Command } from "../command.js";
import { countOf } from "../options.js";
import { runIn } from "../recipe.js";
import { note } from "../terminal.js";

interface Options {
  readonly out: string;
  readonly seed: string;
  readonly updates?: string;
  readonly backend?: string;
}

/** Scenes are half as large as photographs, and so are crops: a third of them is kept for testing. */
const said = {
  "recipe.preset.input.crops": [32, 64, 128],
  source: { kind: "scenes", count: 300, width: 400, height: 300, viewers: 3 },
  testShare: 1 / 3,
};

async function demo({ out, seed, updates, backend }: Options): Promise<void> {
  await import("../../index.js");
  const { assembled } = await import("../../rjepa/run/assemble.js");
  const settings = Object.entries({
    ...said,
    seed: countOf("--seed", seed, 0, Number.MAX_SAFE_INTEGER),
    ...(updates === undefined ? {} : { "recipe.updates": countOf("--updates", updates) }),
  }).map(([path, value]) => ({ path, value, by: "demo" }));
  const asked = assembled("demo", { recipe: "online", settings });
  const { recipe, source } = asked;
  note(
    `An R-JEPA looks at ${source.kind === "scenes" ? source.count : ""} synthetic scenes through small patches, and learns to predict what it will see next:
${recipe.updates} updates by ${recipe.rule}, exact gradients forward in time. Then its figures are computed, beside those of representations
that need no learning. This takes two to three minutes; Ctrl-C saves, and "onward train --resume" goes on.
`,
  );
  await runIn("demo", out, { asked, every: 100, ...(backend === undefined ? {} : { backend }) });
}

export const command: Command = {
  name: "demo",
  summary: "trains a small R-JEPA on synthetic scenes in minutes, and writes a page of what it learned",
  configure(program) {
    program
      .option("--out <folder>", "folder of the run", "runs/demo")
      .option("--seed <n>", "same seed, same bits on one backend and instruction set", "1")
      .option("--updates <n>", "updates in all; default 945")
      .option("--backend <name>", "backend to compute with")
      .action((options: Options) => demo(options));
  },
};
