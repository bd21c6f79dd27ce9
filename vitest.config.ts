import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// A new cell, rule or command is found without any list being edited, also when tests are run directly.
execFileSync(process.execPath, [fileURLToPath(new URL("scripts/registry.mjs", import.meta.url))], {
  stdio: "inherit",
});

export default defineConfig({
  test: {
    environment: "node",
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/setup.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
