// Runs tests on one mutant after the other, as its parent sends them; sources are changed on their way through vite only.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createVitest } from "vitest/node";
import { patched } from "./patch.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
let mutant = null;

const mutate = {
  name: "mutate",
  enforce: "pre",
  load(id) {
    const patches = mutant?.patches.filter(({ file }) => `${root}/${file}` === id) ?? [];
    return patches.length > 0 ? patched(readFileSync(id, "utf8"), patches, root) : null;
  },
};

const vitest = await createVitest(
  "test",
  {
    root,
    config: false,
    watch: false,
    bail: 1,
    maxWorkers: 1,
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: [{}],
  },
  { plugins: [mutate], logLevel: "silent" },
);

/** The first test of a file that fails; `null` where all pass. */
async function firstFailure(test) {
  const { file, name } = typeof test === "string" ? { file: test, name: undefined } : test;
  if (name === undefined) vitest.resetGlobalTestNamePattern();
  else vitest.setGlobalTestNamePattern(new RegExp(name));
  const [project] = vitest.projects;
  // what earlier runs found is no finding of this one
  vitest.state.filesMap.clear();
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications([
    project.createSpecification(`${root}/${file}`),
  ]);
  for (const module of testModules) {
    if (module.moduleId !== `${root}/${file}`)
      throw new Error(`expected a run of ${file}, got ${module.moduleId}`);
    for (const failed of module.children.allTests("failed"))
      return { test: `${file} > ${failed.fullName}`, error: failed.result().errors[0] };
    for (const error of [...module.errors(), ...unhandledErrors]) return { test: file, error, broken: true };
  }
  return null;
}

async function run(next) {
  const files = [...new Set(next.patches.map(({ file }) => `${root}/${file}`))];
  mutant = next;
  process.env.ONWARD_BACKEND = next.backend ?? "native";
  for (const file of files) vitest.invalidateFile(file);
  try {
    for (const test of next.tests) {
      const found = await firstFailure(test);
      if (found === null) continue;
      const { name, message } = found.error ?? {};
      // a mutant computes otherwise; one that does not run shows nothing, even where a property wraps its error
      const missing = /\b(?:ReferenceError|SyntaxError)\b.*/.exec(`${name}: ${message}`);
      const said = missing?.[0] ?? `${name}: ${message}`.split("\n")[0];
      return { killedBy: found.test, broken: found.broken || missing !== null, message: said.slice(0, 160) };
    }
    return { killedBy: null };
  } finally {
    mutant = null;
    for (const file of files) vitest.invalidateFile(file);
  }
}

process.on("message", async (next) => {
  if (next === null) {
    await vitest.close();
    process.exit(0);
  }
  const started = performance.now();
  const result = await run(next);
  process.send({ ...result, seconds: (performance.now() - started) / 1000 });
});
// without a parent there is nobody to work for
process.on("disconnect", () => process.exit(1));
process.send("ready");
